"""Writing Python: edits, imports, names and layout of new code, statements that go and come. Knows no rule."""

"""Reading Python: the tree, scopes and bindings of a module, what its names stand for. Knows no rule and no edit."""

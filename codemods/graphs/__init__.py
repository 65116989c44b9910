"""Exported graphs: imported, restored from a checkpoint, or live in a session; and the code that serves them."""

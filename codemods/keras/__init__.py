"""Keras models that are exported from a session."""

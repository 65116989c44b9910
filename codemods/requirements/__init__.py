"""Requirement files: what they list and where more may be added."""

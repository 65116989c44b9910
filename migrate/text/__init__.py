"""Texts as people and programs get them: what a terminal may be sent, JSON, paths as they were written."""

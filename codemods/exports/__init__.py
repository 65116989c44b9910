"""Exports of a session: builders and `simple_save`, their signatures and their keys."""

"""The names of what this tool makes in the user's folders while it works."""

from __future__ import annotations

STAGING_PREFIX = ".tf1to2-"
"""Folders of an unfinished rewrap start with it; they are never models."""

"""Writes the `--json FILE|-` product of a command."""

from __future__ import annotations

from typing import Any

from migrate.cli.streams import put
from migrate.text.json_text import json_text


def write_json(value: Any, target: str) -> None:
    """Write `value` as indented JSON to the file `target`, at once or not at all, or to stdout for `-`.

    Raises:
        UnwritableError: the file cannot be written.
    """
    put(target, json_text(value))

"""Writes the `--json FILE|-` product of a command."""

from __future__ import annotations

import sys
from typing import Any

from migrate.cli.streams import put
from migrate.text.json_text import ascii_json, json_text


def write_json(value: Any, target: str) -> None:
    """Write `value` as indented JSON to the file `target`, at once or not at all, or to stdout for `-`.

    Raises:
        UnwritableError: the file cannot be written.
    """
    text = json_text(value)
    if target == "-" and not _takes(text):
        text = ascii_json(text)
    put(target, text)


def _takes(text: str) -> bool:
    """Whether the encoding of standard output has every character; UTF-8 would come out garbled elsewhere."""
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return False
    return True

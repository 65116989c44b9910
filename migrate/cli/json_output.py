"""Writes the `--json FILE|-` product of a command."""

from __future__ import annotations

import json
from typing import Any

from migrate.cli.streams import put


def write_json(value: Any, target: str) -> None:
    """Write `value` as indented JSON to the file `target`, at once or not at all, or to stdout for `-`.

    Raises:
        UnwritableError: the file cannot be written.
    """
    put(target, json.dumps(value, indent=2, ensure_ascii=False) + "\n")

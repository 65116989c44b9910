"""Writes the `--json FILE|-` product of a command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from migrate.errors import Tf1to2Error
from migrate.json_text import ascii_json, json_text


def write_json(value: Any, target: str) -> None:
    """Write `value` as indented JSON to the file `target`, at once or not at all, or to stdout for `-`.

    Raises:
        Tf1to2Error: the file cannot be written.
    """
    text = json_text(value)
    if target == "-":
        try:
            text.encode(sys.stdout.encoding)
        except UnicodeEncodeError:
            text = ascii_json(text)
        sys.stdout.write(text)
        return
    path = Path(target)
    staged = path.with_name(f".{path.name}.staged")
    try:
        staged.write_text(text, encoding="utf-8")
        staged.replace(path)
    except OSError as error:
        raise Tf1to2Error(f"{target} cannot be written: {error.strerror or error}.") from error

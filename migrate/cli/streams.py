"""Where the product of a command goes: a file, or stdout for `-`."""

from __future__ import annotations

import sys
from pathlib import Path

from migrate.errors import Tf1to2Error
from migrate.visible import visible


def put(target: str | Path, text: str) -> None:
    """Write text as UTF-8 to a file, or to stdout for `-`: byte for byte into a pipe, visibly on a terminal.

    Raises:
        Tf1to2Error: The file cannot be written.
    """
    if str(target) == "-" and sys.stdout.isatty():
        text = visible(text)
    data = text.encode("utf-8", "surrogateescape")
    if str(target) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        Path(target).write_bytes(data)
    except OSError as error:
        raise Tf1to2Error(f"{target}: cannot be written ({error.strerror or error}).") from error

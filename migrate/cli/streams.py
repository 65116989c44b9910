"""Where the product of a command goes: a file, or stdout for `-`."""

from __future__ import annotations

import sys
from pathlib import Path

from migrate.files.writer import write_output
from migrate.text.visible import visible


def put(target: str | Path, text: str) -> None:
    """Write text as UTF-8 to a file, or to stdout for `-`: byte for byte into a pipe, visibly on a terminal.

    Raises:
        UnwritableError: The file cannot be written.
    """
    if str(target) == "-" and sys.stdout.isatty():
        text = visible(text)
    data = text.encode("utf-8", "surrogateescape")
    sys.stdout.flush()  # what was printed before comes before it, also where the file is /dev/stdout
    if str(target) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    write_output(Path(target), data)

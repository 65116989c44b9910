"""Standard streams that a command can rely on, whatever the shell handed over: closed, ASCII only, full."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

from migrate.errors import Tf1to2Error

_COLUMNS = range(20, 10_000)


def prepare_streams() -> None:
    """Replace closed streams, and let the others spell out what their encoding lacks instead of failing on it.

    A closed descriptor is taken first: the next file that is opened would get its number, and what is printed.
    """
    for descriptor in (0, 1, 2):
        _occupy(descriptor)
    sys.stdin = sys.stdin or open(0)  # noqa: SIM115 - standard streams stay open
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")
    encoding = sys.stdout.encoding if sys.stdout is not None else "utf-8"
    output = io.BufferedWriter(_Output(1, "w", closefd=False))
    sys.stdout = io.TextIOWrapper(output, encoding, errors="backslashreplace", line_buffering=output.isatty())
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) not in _COLUMNS:
        del os.environ["COLUMNS"]  # no window has such a width: tables would be laid out in it


class _Output(io.FileIO):
    """Standard output; that it takes no more is told once, and as such, wherever it is met."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            _drop_output()
            raise
        except OSError as error:
            _drop_output()
            reason = (error.strerror or str(error)).lower()
            raise Tf1to2Error(f"the output cannot be written to standard output: {reason}.") from error


def _drop_output() -> None:
    """Let what is still to be printed on standard output, which takes nothing any more, go nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def _occupy(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        # Read-only, so that a product for a closed standard output fails when it is written; talk has no reader.
        mode = os.O_WRONLY if descriptor == 2 else os.O_RDONLY
        null = os.open(os.devnull, mode)
        if null != descriptor:
            os.dup2(null, descriptor)
            os.close(null)

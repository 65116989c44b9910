"""Reads source files: regular files alone, so that a pipe or a device never makes a run wait."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from migrate.errors import Tf1to2Error

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}
_NONBLOCK = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_source(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        Tf1to2Error: It cannot be read, or is no regular file; the message is without the path.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            kind = kind_of(os.fstat(descriptor).st_mode)
            if kind is not None:
                raise Tf1to2Error(f"it is {kind}, no file")
            return stream.read()
    except FileNotFoundError:
        raise Tf1to2Error("it is gone, or links to what is not there") from None
    except OSError as error:
        raise Tf1to2Error(f"cannot be read: {error.strerror or error}") from None


def kind_of(mode: int) -> str | None:
    """Return what a file is by its mode, None for a regular file."""
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "something else")

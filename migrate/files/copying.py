"""Copies regular files, and nothing else: what turns out to be a device, a pipe or a link on the way is an error."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path
from typing import BinaryIO

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)  # a pipe is not waited for
_RANGE = 1 << 30
_BUFFER = 1 << 20


def copy_file(source: Path, target: Path) -> None:
    """Copy the regular file that `source` leads to, through links too, to a new file that its owner may write.

    Raises:
        OSError: it cannot be read or written, or is no regular file.
    """
    _copy(os.open(source, _READ), source, target)


def copy_file_within(base: Path, source: Path, target: Path) -> None:
    """Copy the regular file `source` as `copy_file` does; no link is followed between the folder `base` and the file.

    Raises:
        OSError: it cannot be read or written, is no regular file, or a part of its path is a link.
    """
    _copy(_open_within(base, source), source, target)


def _open_within(base: Path, source: Path) -> int:
    """Open part by part: nobody can put a link in the way between a look at the path and the opening."""
    parts = source.relative_to(base).parts
    if os.open not in os.supports_dir_fd:
        return os.open(source, _READ)
    folder = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | _NO_FOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(parts[-1], _READ | _NO_FOLLOW, dir_fd=folder)
    finally:
        os.close(folder)


def _copy(descriptor: int, source: Path, target: Path) -> None:
    with os.fdopen(descriptor, "rb") as read:
        status = os.fstat(read.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(source))
        mode = stat.S_IMODE(status.st_mode) & 0o777 | stat.S_IRUSR | stat.S_IWUSR
        made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        with os.fdopen(made, "wb") as write:
            if not _copied_by_kernel(read, write):
                shutil.copyfileobj(read, write, _BUFFER)


def _copied_by_kernel(read: BinaryIO, write: BinaryIO) -> bool:
    """Let the kernel copy, which some file systems do without moving a byte; tell whether it could."""
    if not hasattr(os, "copy_file_range"):
        return False
    is_begun = False
    try:
        while os.copy_file_range(read.fileno(), write.fileno(), _RANGE):
            is_begun = True
    except OSError:
        if is_begun:
            raise
        return False
    return is_begun  # some file systems of the kernel's own say that there is nothing to copy

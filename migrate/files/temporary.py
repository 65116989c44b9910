"""Temporary files beside the files that they become; a later run removes those whose writer was killed.

While a file is written its writer holds a lock (`flock`) on it, which the kernel drops when the writer dies, however
that happens. So a temporary file that can be locked has no writer any more. That holds where both processes run under
one kernel, containers included; the name carries the machine, and files of other machines are left alone, as network
file systems may not share locks.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import re
import secrets
import stat
import zlib
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from pathlib import Path

SUFFIX = ".tf1to2"
_LONGEST_NAME = 100  # of the target within the temporary name: file systems allow 255 bytes
_NAME = re.compile(r"\..+\.(?P<node>[0-9a-f]{8})-(?P<boot>[0-9a-f]{8})-[0-9a-f]{16}\.tf1to2", re.DOTALL)
_ATTEMPTS = 100
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class _Lock(Enum):
    HELD = "held by this process"
    TAKEN = "held by another one"
    UNKNOWN = "the file system has no locks"


def temporary_name(target: Path) -> Path:
    """Return a name beside `target` that no other writer will think of."""
    name = target.name
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = f"{zlib.crc32(os.fsencode(name)):08x}"
    return target.with_name(f".{name}.{_node()}-{_boot()}-{secrets.token_hex(8)}{SUFFIX}")


def create(path: Path, mode: int) -> int:
    """Make an empty file that this process holds the lock of until the returned descriptor is closed.

    Raises:
        OSError: It cannot be made, or is there already.
    """
    for _ in range(_ATTEMPTS):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        try:
            # A cleaning run may see the file in the moment before it is locked, and then removes it.
            if _lock(descriptor) is not _Lock.TAKEN and os.fstat(descriptor).st_nlink > 0:
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
    raise FileExistsError(errno.EEXIST, "other runs keep taking the temporary file away; run again", str(path))


def remove_leftovers(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Remove the temporary files of dead writers in these folders (not below them) and return them.

    What is in use, what is not certainly a temporary file of this tool, and what cannot be removed stays.
    """
    if os.name != "posix":  # nothing is locked there
        return ()
    return tuple(path for folder in folders for path in _candidates(folder) if _remove_if_dead(path))


def _candidates(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in entries if entry.name.endswith(SUFFIX) and _is_of_here(entry.name)]
    except OSError:
        return []


def _is_of_here(name: str) -> bool:
    found = _NAME.fullmatch(name)
    # The name of a container changes from run to run, the kernel below it does not; after a restart it is the reverse.
    return found is not None and (found["boot"] == _boot() or found["node"] == _node())


def _remove_if_dead(path: Path) -> bool:
    with contextlib.suppress(OSError):
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            return False
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            # A writer that finished in the meantime has renamed the file: then the name is gone, or another's.
            if _lock(descriptor) is _Lock.HELD and os.path.samestat(os.fstat(descriptor), path.lstat()):
                path.unlink()
                return True
        finally:
            os.close(descriptor)
    return False


def _lock(descriptor: int) -> _Lock:
    if os.name != "posix":
        return _Lock.UNKNOWN
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _Lock.TAKEN
    except OSError:
        return _Lock.UNKNOWN
    return _Lock.HELD


@lru_cache(maxsize=1)
def _node() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"


@lru_cache(maxsize=1)
def _boot() -> str:
    """The running kernel since its start; nothing known is spelled as no digest can be."""
    try:
        return f"{zlib.crc32(_BOOT_ID.read_bytes()):08x}"
    except OSError:
        return secrets.token_hex(4)  # equal to no other process's

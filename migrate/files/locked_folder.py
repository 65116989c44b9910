"""Folders that tell by a lock whether anybody works in them, so that a later run can remove what a killed one left.

A lock and not the number of a process: numbers are given out again, and mean nothing in another container or on another
machine. The system drops the lock of an owner that dies, however it dies. Where there are no locks (some network file
systems), a folder always counts as in use.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_LOCK = ".lock"
_NO_LOCKS_HERE = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})


@dataclass(frozen=True, slots=True)
class LockedFolder:
    """A folder of this process, until `release`."""

    path: Path
    _handle: int | None

    def release(self) -> None:
        """Let others see that nobody works here any more."""
        if self._handle is not None:
            os.close(self._handle)


def make_locked(parent: Path, prefix: str) -> LockedFolder:
    """Make an empty folder (apart from its lock) in `parent`, named `prefix` and eight characters more.

    Raises:
        OSError: it cannot be made.
    """
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        try:
            return LockedFolder(path, _locked(path / _LOCK, os.O_CREAT))
        except (BlockingIOError, FileNotFoundError):
            # Another run took it for abandoned before it was locked: it removes it, or has removed it.
            remove(path)
        except OSError:
            remove(path)
            raise


def abandoned(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield the folders that `make_locked` made in `parent` and whose owner is dead, each locked until the next.

    Folders of other users and links are left out.
    """
    if sys.platform == "win32":
        return
    name = re.compile(re.escape(prefix) + "[a-z0-9_]{8}")
    try:
        with os.scandir(parent) as entries:
            found = sorted(Path(entry.path) for entry in entries if name.fullmatch(entry.name) and _is_own(entry))
    except OSError:  # it does not exist, or may not be listed
        return
    for path in found:
        try:
            handle = _locked(path / _LOCK, 0)
        except FileNotFoundError:
            # Its owner died before it was locked or after it was emptied; what holds anything is not ours.
            with contextlib.suppress(OSError):
                path.rmdir()
            continue
        except OSError:  # in use, or of another user
            continue
        if handle is None:
            continue
        try:
            yield path
        finally:
            os.close(handle)


def remove(folder: Path) -> None:
    """Remove a locked folder, its lock last, so that a later run can finish what is cut off; what cannot go stays."""
    with contextlib.suppress(OSError):
        for child in folder.iterdir():
            if child.name != _LOCK:
                remove_tree(child)
        if [child.name for child in folder.iterdir()] in ([], [_LOCK]):
            (folder / _LOCK).unlink(missing_ok=True)
            folder.rmdir()


def remove_tree(path: Path) -> None:
    """Remove a file, a link or a whole folder; what cannot be removed stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _locked(lock: Path, create: int) -> int | None:
    """Lock a file and return its handle; None where this file system has no locks.

    Raises:
        BlockingIOError: somebody else holds it.
        FileNotFoundError: it is not there (any more).
        OSError: it cannot be opened.
    """
    if sys.platform == "win32":
        return None
    handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | create, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # It may have been removed between the two calls.
        if not os.path.samestat(os.fstat(handle), lock.lstat()):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(lock))
    except OSError as error:
        os.close(handle)
        if error.errno in _NO_LOCKS_HERE:
            return None
        raise
    return handle


def _is_own(entry: os.DirEntry[str]) -> bool:
    with contextlib.suppress(OSError):
        return entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_uid == os.geteuid()
    return False

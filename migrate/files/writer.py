"""The one way in which this tool writes a file that a person named, or a source.

A regular file appears whole or stays as it was: the content is written to a temporary file beside it, which takes its
name at the end. Devices and pipes are written to in place, a symbolic link stays and its target is written.

What a new file in the old one's place keeps: the mode, the owner and group where this user may set them, extended
attributes of users and the access list. What it cannot keep are other names of the same file (hard links): these keep
the old content, so nothing changes but at the name that was asked for. Writing in place would change them, but it
could leave half a file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migrate.errors import Tf1to2Error
from migrate.files.destination import Destination, DestinationKind, UnwritableError, destination, reason_of
from migrate.files.temporary import create, remove_leftovers, temporary_name

_SECONDS_FOR_A_READER = 60.0
_ACCESS_LIST = "system.posix_acl_access"


class ChangedFileError(Tf1to2Error):
    """A file does not hold what it is known to hold; nothing was written."""


def write_output(path: Path, data: bytes) -> None:
    """Write what a person asked for to the path that they gave; remove what killed runs left beside it.

    Raises:
        UnwritableError: It cannot be written; a regular file is as it was.
        BrokenPipeError: The path names a descriptor of this process, and nobody reads it any more.
    """
    there = destination(path)
    try:
        match there.kind:
            case DestinationKind.FILE | DestinationKind.NEW:
                remove_leftovers([there.place.parent])
                with _staged(there, data) as temporary:
                    temporary.replace(there.place)
            case DestinationKind.DESCRIPTOR:
                _write_all(there.descriptor, data)
            case _:
                _write_in_place(there, data)
    except BrokenPipeError as error:
        if there.kind is DestinationKind.DESCRIPTOR:
            raise
        raise UnwritableError(path, "its reader went away") from error
    except OSError as error:
        raise UnwritableError(path, reason_of(error)) from error


def write_over(path: Path, known: bytes | None, data: bytes) -> None:
    """Write a regular file over the content that is known of it, None where it is known not to be there.

    Raises:
        ChangedFileError: It holds something else, or appeared.
        UnwritableError: It is gone, is no regular file, or cannot be written. In either case it is as it was.
    """
    there = destination(path)
    if there.kind not in (DestinationKind.FILE, DestinationKind.NEW):
        raise UnwritableError(path, "it is no regular file")
    if known is not None and there.kind is DestinationKind.NEW:
        raise UnwritableError(path, "it is gone")
    try:
        with _staged(there, data) as temporary:
            # As late as can be: what someone else writes until now is not lost.
            if _content(there.place) != known:
                raise ChangedFileError(f"{path}: it changed since it was read, so nothing was written to it.")
            temporary.replace(there.place)
    except OSError as error:
        raise UnwritableError(path, reason_of(error)) from error


def _content(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None


@contextmanager
def _staged(there: Destination, data: bytes) -> Iterator[Path]:
    """Give a complete file beside the destination, with its mode; it is gone afterwards unless it was renamed."""
    temporary = temporary_name(there.place)
    descriptor = -1
    try:
        # A new file has the mode that the umask says, from the beginning.
        descriptor = create(temporary, 0o666 if there.status is None else 0o600)
        _write_all(descriptor, data)
        if there.status is not None:
            _take_over(descriptor, temporary, there.place, there.status)
        os.fsync(descriptor)
        yield temporary
    finally:
        # By its name, which is of this call alone: an interrupt may come before the descriptor is known.
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        if descriptor >= 0:
            os.close(descriptor)


def _take_over(descriptor: int, temporary: Path, place: Path, status: os.stat_result) -> None:
    if os.name != "posix":
        temporary.chmod(stat.S_IMODE(status.st_mode))
        return
    made = os.fstat(descriptor)
    if made.st_gid != status.st_gid:
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, -1, status.st_gid)
    if made.st_uid != status.st_uid:
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, status.st_uid, -1)
    made = os.fstat(descriptor)
    is_same_owner = (made.st_uid, made.st_gid) == (status.st_uid, status.st_gid)
    # Set-user-ID and set-group-ID would mean another user or group than they did.
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode) & (0o7777 if is_same_owner else 0o777))
    if hasattr(os, "listxattr"):
        _copy_attributes(place, descriptor)


def _copy_attributes(place: Path, descriptor: int) -> None:
    with contextlib.suppress(OSError):  # a file system without them
        for name in os.listxattr(place):
            if name.startswith("user.") or name == _ACCESS_LIST:
                with contextlib.suppress(OSError):
                    os.setxattr(descriptor, name, os.getxattr(place, name))


def _write_in_place(there: Destination, data: bytes) -> None:
    descriptor = _open_pipe(there) if there.kind is DestinationKind.PIPE else os.open(there.place, os.O_WRONLY | _PLAIN)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnwritableError(there.asked, "it became another file while it was looked at")
        _write_all(descriptor, data)
    finally:
        os.close(descriptor)


_PLAIN = getattr(os, "O_NOCTTY", 0)  # a terminal that is written to must not become the terminal of this process


def _open_pipe(there: Destination) -> int:
    """Open a named pipe as soon as it has a reader, which may be started a little later than this process."""
    given_up = time.monotonic() + _SECONDS_FOR_A_READER
    while True:
        try:
            descriptor = os.open(there.place, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > given_up:
                seconds = f"{_SECONDS_FOR_A_READER:.0f}"
                raise UnwritableError(there.asked, f"nobody read this pipe within {seconds} seconds") from error
            time.sleep(0.02)
        else:
            os.set_blocking(descriptor, True)
            return descriptor


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # a pipe that its owner made so
            select.select([], [descriptor], [])

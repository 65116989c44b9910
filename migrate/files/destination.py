"""What a path to write to is: a file, a device or pipe, a descriptor of this process; or why nothing can be written."""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from migrate.errors import Tf1to2Error

_DESCRIPTORS = re.compile(r"/proc/(?P<process>\d+)(?:/task/\d+)?/fd|/dev/fd")
_MOST_LINKS = 40  # what Linux follows


class DestinationKind(Enum):
    """How a destination is written."""

    FILE = "replaced by a new file"
    NEW = "made"
    DEVICE = "written to"
    PIPE = "written to, once someone reads"
    DESCRIPTOR = "written to, as it is open already"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the content for `asked` goes.

    Attributes:
        place: the path behind all symbolic links.
        status: of an existing file.
        descriptor: the number of an open descriptor.
    """

    asked: Path
    kind: DestinationKind
    place: Path
    status: os.stat_result | None = None
    descriptor: int = -1


class UnwritableError(Tf1to2Error):
    """Nothing can be written to a path; the message says why."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path} cannot be written: {reason}.")
        self.reason = reason


def destination(path: Path) -> Destination:
    """Return what is written where `path` is asked for. Nothing is made, opened or changed.

    Raises:
        UnwritableError: It is a folder, a block device, a socket, a link that leads nowhere, in no folder, read-only...
    """
    number = _descriptor(path)
    if number is not None:
        return _open_descriptor(path, number)
    try:
        try:
            status = path.stat()
        except FileNotFoundError:
            status = None
        place = Path(os.path.realpath(path))
        return _new(path, place) if status is None else _existing(path, place, status)
    except OSError as error:
        raise UnwritableError(path, reason_of(error)) from error


def reason_of(error: OSError) -> str:
    """Return the cause of a failure as the end of a sentence."""
    if error.errno == errno.ELOOP:
        return "it is a symbolic link that leads back to itself"
    if error.errno == errno.ENAMETOOLONG:
        return "the name is too long for the file system; give a shorter one"
    return (error.strerror or str(error)).lower()


def _existing(path: Path, place: Path, status: os.stat_result) -> Destination:
    mode = status.st_mode
    if stat.S_ISDIR(mode):
        raise UnwritableError(path, "it is a folder; give the name of a file")
    if stat.S_ISBLK(mode):
        raise UnwritableError(path, "it is a disk; give the name of a file")
    if stat.S_ISSOCK(mode):
        raise UnwritableError(path, "it is a socket; give the name of a file")
    if not os.access(path, os.W_OK):
        raise UnwritableError(path, "it is read-only")
    if stat.S_ISFIFO(mode):
        return Destination(path, DestinationKind.PIPE, place)
    if not stat.S_ISREG(mode):
        return Destination(path, DestinationKind.DEVICE, place)
    _check_folder(path, place.parent)
    return Destination(path, DestinationKind.FILE, place, status)


def _new(path: Path, place: Path) -> Destination:
    if not place.parent.exists():
        raise UnwritableError(path, f"there is no folder {place.parent}; make it first")
    if not place.parent.is_dir():
        raise UnwritableError(path, f"{place.parent} is no folder")
    _check_folder(path, place.parent)
    return Destination(path, DestinationKind.NEW, place)


def _check_folder(path: Path, folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnwritableError(path, f"nothing may be written to the folder {folder}")


def _descriptor(path: Path) -> int | None:
    """The number of a descriptor of this process that the path names (`/dev/stdout`, `/dev/fd/3`, links to them)."""
    place = os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH118 - `Path` would drop the dots that links change
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(place)
        folder = os.path.realpath(folder)
        found = _DESCRIPTORS.fullmatch(folder)
        if found is not None and name.isdecimal() and found["process"] in (None, str(os.getpid())):
            return int(name)
        try:
            place = os.path.join(folder, os.readlink(os.path.join(folder, name)))  # noqa: PTH115, PTH118
        except OSError:  # no link
            return None
    return None


def _open_descriptor(path: Path, number: int) -> Destination:
    import fcntl  # there are such paths on POSIX only

    try:
        access = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
    except (OSError, OverflowError) as error:
        raise UnwritableError(path, f"the descriptor {number} is not open") from error
    if access == os.O_RDONLY:
        raise UnwritableError(path, f"the descriptor {number} is open for reading only")
    return Destination(path, DestinationKind.DESCRIPTOR, path, os.fstat(number), number)

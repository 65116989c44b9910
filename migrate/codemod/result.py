"""The result of a run over a repository."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from codemods.names.target import Target
from codemods.site import Outcome, Site
from codemods.source.mode import Mode


class FileStatus(str, Enum):
    """What a run did to, or would do to, a file."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileResult:
    """One matched file. `old` and `new` are its bytes before and after; equal where nothing changes.

    `error` says why a file failed, or why one that would change is left alone. `program` is the same for all files of
    one program of several, and empty for a file that is one of its own.
    """

    path: str
    status: FileStatus
    mode: Mode
    sites: tuple[Site, ...] = ()
    error: str | None = None
    old: bytes = b""
    new: bytes = b""
    encoding: str = "utf-8"
    program: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What discovery left out: counts of what git ignores, and by name what is too large, unreadable or no file."""

    ignored_files: int = 0
    ignored_folders: int = 0
    too_large: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    no_files: tuple[str, ...] = ()
    """Pipes, sockets and devices that are named as source files are."""

    def __bool__(self) -> bool:
        """Whether anything was left out."""
        return self != LeftOut()


@dataclass(frozen=True, slots=True)
class RunResult:
    """All that a run found, files in path order. `target` is the TensorFlow that the changed files are to run on."""

    root: Path
    files_seen: int
    files: tuple[FileResult, ...]
    seconds: float
    target: Target
    left_out: LeftOut = field(default_factory=LeftOut)

    def count(self, status: FileStatus) -> int:
        """Return how many files have the status."""
        return sum(item.status is status for item in self.files)

    @property
    def outcomes(self) -> Counter[Outcome]:
        """Sites by outcome."""
        return Counter(site.outcome for item in self.files for site in item.sites)

    @property
    def left_alone(self) -> tuple[FileResult, ...]:
        """The files that would change if they were where the run was told to write."""
        return tuple(item for item in self.files if item.status is FileStatus.UNCHANGED and item.error is not None)

    @property
    def changed(self) -> tuple[FileResult, ...]:
        """The files that change."""
        return tuple(item for item in self.files if item.status is FileStatus.CHANGED)

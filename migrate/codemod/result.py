"""The result of a run over a repository."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
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
    """One matched file. `old` and `new` are its bytes before and after; equal where nothing changes."""

    path: str
    status: FileStatus
    mode: Mode
    sites: tuple[Site, ...] = ()
    error: str | None = None
    old: bytes = b""
    new: bytes = b""
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class RunResult:
    """All that a run found, files in path order. `target` is the TensorFlow that the changed files are to run on."""

    root: Path
    files_seen: int
    files: tuple[FileResult, ...]
    seconds: float
    target: Target

    def count(self, status: FileStatus) -> int:
        """Return how many files have the status."""
        return sum(item.status is status for item in self.files)

    @property
    def outcomes(self) -> Counter[Outcome]:
        """Sites by outcome."""
        return Counter(site.outcome for item in self.files for site in item.sites)

    @property
    def changed(self) -> tuple[FileResult, ...]:
        """The files that change."""
        return tuple(item for item in self.files if item.status is FileStatus.CHANGED)

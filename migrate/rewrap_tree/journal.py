"""Remembers what a run has put in place, for the run that comes after it if it is killed: that one may go on.

The journal stands in a hidden folder below the targets, from the first model that is put in place to the end of the
run. A journal without a living owner tells which models a killed run made from which source. They may be made anew
without `--force` as long as they are as that run left them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from migrate.files.locked_folder import LockedFolder, abandoned, make_locked, remove
from migrate.files.work_names import STAGING_PREFIX
from migrate.rewrap_tree.job import Job

_PREFIX = f"{STAGING_PREFIX}run-"
_FILE = "journal"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that was put in place.

    Attributes:
        source: the real path of the model that it was made from.
        target: the real path of its place.
        state: of its files, as `state_of` gives it.
    """

    source: str
    target: str
    state: str


class Journal:
    """What this run puts in place. A context manager: at the end of the run nothing of it is left."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        """Write nothing yet."""
        self._home = home_of(jobs)
        self._targets = {os.path.realpath(job.target) for job in jobs}
        self._folder: LockedFolder | None = None
        self._written: set[tuple[int, int]] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._folder is not None:
            remove(self._folder.path)
            self._folder.release()
        if kind is None:
            _forget(self._home, self._targets)

    def will_publish(self, source: Path, target: Path, finished: Path) -> None:
        """Note that the folder `finished` is about to become `target`: before it does, so that no kill comes between.

        Where no note can be written the model is put in place without: only a run after a kill would miss it.
        """
        entry = Entry(os.path.realpath(source), os.path.realpath(target), state_of(finished))
        with self._lock, contextlib.suppress(OSError):
            self._written.add(_identity(finished))
            if self._folder is None:
                self._home.mkdir(parents=True, exist_ok=True)
                self._folder = make_locked(self._home, _PREFIX)
            with (self._folder.path / _FILE).open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry)) + "\n")

    def has_published(self, target: Path) -> bool:
        """Whether what is at `target` came there in this run: under another name, where the disk takes both for one."""
        return os.path.lexists(target) and _identity(target) in self._written


def of_killed_runs(jobs: Sequence[Job]) -> frozenset[Entry]:
    """Return what runs that were killed have put in place for these jobs."""
    return frozenset(entry for folder in abandoned(home_of(jobs), _PREFIX) for entry in _entries(folder))


def state_of(model: Path) -> str:
    """Return a short text that changes when a file of a folder is added, removed or written to. No file is read."""
    digest = hashlib.sha256()
    for path in sorted(model.rglob("*")):
        status = path.lstat()
        if not path.is_dir():
            digest.update(os.fsencode(f"{path.relative_to(model)}\0{status.st_size}\0{status.st_mtime_ns}\0"))
    return digest.hexdigest()


def home_of(jobs: Sequence[Job]) -> Path:
    """Return the deepest folder that all targets of some jobs are below: where their journal is."""
    parents = {os.path.realpath(job.target.parent) for job in jobs}
    return Path(os.path.commonpath(parents)) if parents else Path()


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.lstat()
    return status.st_dev, status.st_ino


def _forget(home: Path, targets: Iterable[str]) -> None:
    """Remove the journals of killed runs, but not those that tell of models that no job of this run was about."""
    done = frozenset(targets)
    for folder in abandoned(home, _PREFIX):
        if not any(entry.target not in done and _is_as_left(entry) for entry in _entries(folder)):
            remove(folder)


def _is_as_left(entry: Entry) -> bool:
    target = Path(entry.target)
    return target.is_dir() and state_of(target) == entry.state


def _entries(folder: Path) -> Iterator[Entry]:
    with contextlib.suppress(OSError):
        for line in (folder / _FILE).read_text("utf-8").splitlines():
            with contextlib.suppress(ValueError, TypeError):  # cut off by the kill
                yield Entry(**json.loads(line))

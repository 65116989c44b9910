"""Brings the files on disk to what was decided; a file that anyone else touched is left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path

from migrate.codemod.writing import replace_file
from migrate.errors import Tf1to2Error
from migrate.review.agenda import Agenda
from migrate.review.session import Review


class Scope(Enum):
    """Which files shall hold their accepted changes; the others shall be as they were when the publisher was made."""

    COMPLETE = "those with every change decided"
    ACCEPTED = "all"
    NONE = "none"


class Publisher:
    """Writes the files of a review below `root` and knows what it left on disk.

    Args:
        root: Root of the review.
        agenda: Its files, with the content on which the changes were planned.
        on_disk: Paths of files that hold something else at the start: what an earlier review wrote.
    """

    def __init__(self, root: Path, agenda: Agenda, on_disk: Mapping[str, bytes]) -> None:
        self.root = root
        self.conflicts: dict[str, str] = {}
        """Why a file could not be written, by path."""
        self.changed: set[str] = set()
        """Paths of the files that are now other than at the start."""
        self._files = agenda.files
        self._at_start = {file.path: on_disk.get(file.path, file.old) for file in agenda.files}
        self._on_disk = dict(self._at_start)

    @property
    def written(self) -> dict[str, bytes]:
        """The files that hold changes now, with their content."""
        return {file.path: self._on_disk[file.path] for file in self._files if self._on_disk[file.path] != file.old}

    def is_settled(self, review: Review) -> bool:
        """Whether every file holds its accepted changes, and no others."""
        return all(review.content(path) == data for path, data in self._on_disk.items())

    def settle(self, review: Review, scope: Scope, is_stopped: Callable[[], bool] = lambda: False) -> tuple[str, ...]:
        """Write what differs from the decisions, each file atomically; return the paths whose content changed.

        `is_stopped` is asked before each file whether to leave it and the rest.
        """
        moved = []
        for path, known in list(self._on_disk.items()):
            if is_stopped():
                break
            is_in_scope = scope is Scope.ACCEPTED or (scope is Scope.COMPLETE and review.is_complete(path))
            target = review.content(path) if is_in_scope else self._at_start[path]
            if target != known and path not in self.conflicts and self._replace(path, known, target):
                moved.append(path)
        self.changed = {path for path, data in self._on_disk.items() if data != self._at_start[path]}
        return tuple(moved)

    def _replace(self, path: str, known: bytes, target: bytes) -> bool:
        try:
            replace_file(self.root / path, known, target)
        except Tf1to2Error as error:
            self.conflicts[path] = str(error)
            return False
        self._on_disk[path] = target
        return True

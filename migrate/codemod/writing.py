"""Writes a changed source file: whole or not at all, and only over what was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from migrate.codemod.result import FileResult, FileStatus, RunResult
from migrate.errors import Tf1to2Error
from migrate.files.writer import ChangedFileError, write_over


def replace_file(path: Path, old: bytes, new: bytes) -> None:
    """Replace the file's content atomically; the mode stays, and a symbolic link keeps pointing where it did.

    Other names of the file (hard links) keep the old content: they may lie outside of what the run was given.

    Raises:
        Tf1to2Error: The file changed since it was read, or cannot be written.
    """
    try:
        write_over(path, old, new)
    except ChangedFileError as error:
        raise ChangedFileError(f"{error} Run again.") from error


def write_changes(result: RunResult) -> Iterator[FileResult]:
    """Write the changed files one by one and yield each as it ended: as it was planned, or failed with the cause."""
    for item in result.changed:
        try:
            replace_file(result.root / item.path, item.old, item.new)
        except Tf1to2Error as error:
            yield replace(item, status=FileStatus.FAILED, error=str(error))
        else:
            yield item


def written(result: RunResult, done: Iterable[FileResult]) -> RunResult:
    """Return a result with files as they ended."""
    ended = {item.path: item for item in done}
    return replace(result, files=tuple(ended.get(item.path, item) for item in result.files))


def several_names(result: RunResult) -> tuple[str, ...]:
    """Return the paths of changed files that have other names (hard links), which writing does not reach."""
    return tuple(item.path for item in result.changed if _names(result.root / item.path) > 1)


def _names(path: Path) -> int:
    try:
        return path.stat().st_nlink
    except OSError:  # writing it will tell
        return 0

"""Programs of which some files are rewritten and others stay as they are: told, for they run on no TensorFlow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from migrate.codemod.result import FileResult, FileStatus

_LISTED = 5


def left_behind(files: Iterable[FileResult]) -> frozenset[str]:
    """Return the paths of the files that a run could not rewrite, or was kept from rewriting."""
    return frozenset(item.path for item in files if item.status is not FileStatus.CHANGED and item.error is not None)


def half_rewritten(files: Iterable[FileResult], done: Collection[str], left: Collection[str]) -> Iterator[str]:
    """Yield a line for each program of several files of which some are done and some are left."""
    programs: dict[str, list[str]] = {}
    for item in files:
        if item.program:
            programs.setdefault(item.program, []).append(item.path)
    for paths in programs.values():
        missing, there = ([path for path in paths if path in chosen] for chosen in (left, done))
        if missing and there:
            yield (
                f"{_listed(missing)}: not rewritten as planned, while {_listed(there)} of the same program "
                f"{'is' if len(there) == 1 else 'are'}: it runs on TensorFlow 2 only when all are. "
                "The next run goes on from there."
            )


def _listed(paths: list[str]) -> str:
    more = f" and {len(paths) - _LISTED} more" if len(paths) > _LISTED else ""
    return ", ".join(paths[:_LISTED]) + more

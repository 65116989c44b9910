"""Refuses paths that TensorFlow or the file system cannot take, before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from migrate.errors import RefusedModelError
from migrate.legacy.detect import check_speakable
from migrate.rewrap_tree.job import Job

_LONGEST_NAME = 255  # in bytes, where the file system does not say
_LONGEST_PATH = 4095
# What stands below a target while it is made: hidden folders, the name of a MetaGraph, shards of a checkpoint.
_ROOM = 400


def refuse_names(job: Job, *, keep_failed: bool) -> None:
    """Check the paths of a job.

    Raises:
        UnreadableModelError: TensorFlow cannot be given a path.
        RefusedModelError: a name is too long for the disk.
    """
    for path in (job.source, job.target):
        check_speakable(path)
    places = (job.target, job.failed_target) if keep_failed else (job.target,)
    for place in places:
        for name, limit in _too_long(place):
            raise RefusedModelError(
                f"a name in {place} has {len(os.fsencode(name))} bytes, of which the disk takes {limit}; choose a "
                "shorter one with -o."
            )


def _too_long(place: Path) -> Iterator[tuple[str, int]]:
    absolute = place.absolute()
    if len(os.fsencode(absolute)) + _ROOM > _LONGEST_PATH:
        yield str(absolute), _LONGEST_PATH - _ROOM
    limit = _limit(absolute.parent)
    missing = [folder for folder in (absolute, *absolute.parents) if not os.path.lexists(folder)]
    yield from ((folder.name, limit) for folder in missing if len(os.fsencode(folder.name)) > limit)


def _limit(folder: Path) -> int:
    """The longest name in bytes that a new entry of the folder (or of its nearest one that exists) may have."""
    for above in (folder, *folder.parents):
        try:
            return os.pathconf(above, "PC_NAME_MAX")
        except (OSError, ValueError, AttributeError):
            continue
    return _LONGEST_NAME

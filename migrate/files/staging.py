"""Folders beside a target in which its model is made: on the same file system, so that one rename puts it in place.

A staging folder holds the new model (`FINISHED`), and while the old one makes place for it that one (`REPLACED`). A
kill at any time leaves what `recover` can tell apart: a new model that still waits has not taken the old one's place.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from migrate.errors import Tf1to2Error
from migrate.files.disk import in_words
from migrate.files.locked_folder import abandoned, make_locked, remove, remove_tree
from migrate.files.work_names import STAGING_PREFIX

FINISHED = "finished"
REPLACED = "replaced"
_PREFIX = f"{STAGING_PREFIX}work-"


@contextlib.contextmanager
def staging(target: Path) -> Iterator[Path]:
    """Yield an empty folder on the file system of `target`, beside it; it is gone afterwards, whatever happens.

    Only a killed process leaves it: `recover` removes it.

    Raises:
        Tf1to2Error: it cannot be made.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = make_locked(target.parent, _PREFIX)
    except OSError as error:
        raise Tf1to2Error(in_words(error, target.parent, f"{target} cannot be made")) from error
    try:
        yield folder.path
    finally:
        _settle(folder.path)
        folder.release()


def recover(parent: Path) -> None:
    """Finish what killed runs left in `parent`: a model that was moved aside for nothing goes back, the rest goes."""
    for folder in abandoned(parent, _PREFIX):
        _settle(folder)


def _settle(folder: Path) -> None:
    """Remove a staging folder, unless it holds all that is left of a model."""
    replaced = folder / REPLACED
    with contextlib.suppress(OSError):
        if os.path.lexists(folder / FINISHED) and replaced.exists():
            for model in list(replaced.iterdir()):
                place = folder.parent / model.name
                if os.path.lexists(place):  # neither its successor nor itself: not ours to judge
                    return
                model.rename(place)
        # Before the new model, whose absence tells that the old one may go.
        remove_tree(replaced)
        if not replaced.exists():
            remove(folder)

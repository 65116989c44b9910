"""Puts a finished model folder in its place: at once or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from migrate.errors import Tf1to2Error
from migrate.files.disk import in_words
from migrate.files.staging import REPLACED
from migrate.rewrap_tree.replaceable import why_not_a_model


@contextlib.contextmanager
def no_empty_parents(targets: Iterable[Path]) -> Iterator[None]:
    """Remove afterwards the folders above the targets that came to be meanwhile and hold nothing."""
    above = {folder for target in targets for folder in target.parents}
    missing = [folder for folder in above if not folder.exists()]
    try:
        yield
    finally:
        for folder in sorted(missing, key=lambda one: len(one.parts), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()


def publish(finished: Path, target: Path, *, replace: bool) -> None:
    """Rename the folder `finished`, which lies in a staging folder beside `target`, to `target`.

    Args:
        finished: a complete model folder.
        target: its new place; nothing must be there, unless `replace`.
        replace: move a model that is at `target` aside first; it goes with the staging folder.

    Raises:
        Tf1to2Error: something is at `target` that may not be replaced, or the rename fails.
    """
    if not os.path.lexists(target):
        _rename(finished, target)
        return
    if not replace:
        raise Tf1to2Error(f"{target} appeared while the model was being made; it was left alone.")
    reason = why_not_a_model(target)
    if reason is not None:
        raise Tf1to2Error(f"{target} {reason}, so it was left alone; choose another folder with -o.")
    aside = finished.parent / REPLACED / target.name
    _make_folder(aside.parent, target)
    _rename(target, aside)
    try:
        _rename(finished, target)
    except Tf1to2Error:
        _rename(aside, target)
        raise


def _make_folder(folder: Path, target: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise Tf1to2Error(in_words(error, target.parent, f"{target} cannot be written")) from error


def _rename(path: Path, to: Path) -> None:
    try:
        path.rename(to)
    except OSError as error:
        place = path if to.parent.name == REPLACED else to
        raise Tf1to2Error(in_words(error, place.parent, f"{place} cannot be written")) from error

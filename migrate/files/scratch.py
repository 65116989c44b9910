"""Where temporary files go: one folder a run, that the next run removes if a killed one left it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from migrate.errors import Tf1to2Error
from migrate.files.locked_folder import abandoned, make_locked, remove, remove_tree

_PREFIX = "tf1to2-scratch-"


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield an empty folder among the user's temporary files; it is gone afterwards, and so is what dead runs left.

    Raises:
        Tf1to2Error: it cannot be made.
    """
    try:
        parent = Path(tempfile.gettempdir())
        _remove_abandoned(parent)
        folder = make_locked(parent, _PREFIX)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Tf1to2Error(f"temporary files cannot be made: {reason}; set TMPDIR to a folder with room.") from error
    try:
        yield folder.path
    finally:
        remove(folder.path)
        folder.release()
        # A run that was killed as this one started may have had processes that took a moment longer to end.
        _remove_abandoned(parent)


def use_scratch(folder: Path) -> None:
    """Make this process, and the libraries in it, put temporary files into `folder`."""
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None


def is_scratch(text: str) -> bool:
    """Whether a text, such as an error, names a path of a scratch folder."""
    return f"{os.sep}{_PREFIX}" in text


def temporary_folder() -> Path:
    """Return the folder that the user's temporary files go to; in a worker process, that which its scratch is in."""
    folder = Path(tempfile.gettempdir())
    return next((above.parent for above in (folder, *folder.parents) if above.name.startswith(_PREFIX)), folder)


@contextlib.contextmanager
def working_folder() -> Iterator[None]:
    """Be in an empty folder meanwhile: what a model writes to a relative path lands there and goes with it.

    The folder belongs to the process: one thread at a time.
    """
    before = os.open(".", os.O_RDONLY)
    folder = Path(tempfile.mkdtemp(prefix="tf1to2-cwd-"))
    try:
        os.chdir(folder)
        yield
    finally:
        os.fchdir(before)
        os.close(before)
        remove_tree(folder)


def _remove_abandoned(parent: Path) -> None:
    for folder in abandoned(parent, _PREFIX):
        remove(folder)

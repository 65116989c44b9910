"""Names a disk that is full: in errors of the system, and in those of TensorFlow, which only quote them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from migrate.files.scratch import is_scratch, temporary_folder
from migrate.files.work_names import STAGING_PREFIX

_WORDS = {errno.ENOSPC: "is full", errno.EDQUOT: "has no room left for this user (quota)"}


def full_disk(error: BaseException, folder: Path) -> str | None:
    """Return the sentence for an error that a full disk caused; None for every other error.

    Args:
        error: what was raised.
        folder: where was written, unless the error names the folder of temporary files.
    """
    for number, words in _WORDS.items():
        known = isinstance(error, OSError) and error.errno == number
        if known or os.strerror(number).lower() in str(error).lower():
            temporary = temporary_folder()
            if folder == temporary or is_scratch(str(error)):
                return (
                    f"the disk of temporary files ({temporary}) {words}; make room there, or set TMPDIR to another one."
                )
            return f"the disk of {_outside(folder)} {words}; make room there, or choose a folder on another one."
    return None


def _outside(folder: Path) -> Path:
    """The folder that the user knows of, in place of a hidden one that is worked in."""
    above = (folder, *folder.parents)
    return next((one.parent for one in reversed(above) if one.name.startswith(STAGING_PREFIX)), folder)


def in_words(error: OSError, folder: Path, what: str) -> str:
    """Return the sentence for an error of the system: `what` (`out cannot be written`) and why."""
    return full_disk(error, folder) or f"{what}: {(error.strerror or str(error)).lower()}."

"""What `--force` may replace: a model folder that holds nothing but its model. Reads names of files only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from migrate.files.work_names import STAGING_PREFIX
from migrate.legacy.detect import main_file_of

_FILES = frozenset(
    {
        "saved_model.pb",
        "saved_model.pbtxt",
        "saved_model.cpb",
        "fingerprint.pb",
        "keras_metadata.pb",
        "tfhub_module.pb",
        "export.meta",
        "export.meta.pbtxt",
        "checkpoint",
        # Left by file managers.
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
    }
)
_FILE_STARTS = ("variables.", "export-", "export.index", "export.data-")
_FLAT_FOLDERS = frozenset({"variables", "debug"})
_FOLDERS = frozenset({"assets", "assets.extra", *_FLAT_FOLDERS})
_MODEL_FILES = frozenset({"saved_model.pb", "saved_model.pbtxt", "saved_model.cpb"})


def why_not_a_model(target: Path) -> str | None:
    """Say why a folder that exists may not be replaced as one model; None where it may. An empty folder may.

    The words go on after the folder's name: `is not a folder`, `holds notes.txt, which is no part of a model`.
    """
    if target.is_symlink():
        return "is a link"
    if not target.is_dir():
        return "is not a folder"
    mounted = _mounted_at_or_below(target)
    if mounted is not None:
        return f"has another disk or folder mounted at {mounted}"
    return _why_not(target)


def why_not_models(target: Path) -> str | None:
    """Say why a folder may not take models of single MetaGraphs: it holds anything but models that may be replaced."""
    for child in _children(target):
        if not child.is_dir() or main_file_of(child) is None:
            return f"is no model ({child.name} is in it)"
        reason = why_not_a_model(child)
        if reason is not None:
            return f"holds {child.name}, which {reason}"
    return None


def holds_models(target: Path) -> bool:
    """Whether a folder is no model itself but holds something: models, as far as `why_not_models` does not object."""
    return target.is_dir() and main_file_of(target) is None and any(_children(target))


def _why_not(model: Path) -> str | None:
    if main_file_of(model) is None:
        for child in _children(model):
            if child.is_dir() and main_file_of(child) is not None:
                return f"holds models of its own ({child.name})"
            return f"is no model ({child.name} is in it)"
        return None
    for stranger in _strangers(model):
        return f"holds {stranger.relative_to(model)}, which is no part of a model"
    return None


def _strangers(model: Path) -> Iterator[Path]:
    for child in _children(model):
        known = child.name in (_FOLDERS if child.is_dir() else _FILES) or (
            not child.is_dir() and child.name.startswith(_FILE_STARTS)
        )
        if not known:
            yield child
        elif child.is_dir() and not child.is_symlink():
            yield from _strangers_within(child, flat=child.name in _FLAT_FOLDERS)


def _strangers_within(folder: Path, *, flat: bool) -> Iterator[Path]:
    """Yield models and disks inside a folder of a model; of a flat one, every folder."""
    for child in sorted(folder.iterdir()):
        if child.name in _MODEL_FILES:
            yield child
        elif child.is_dir() and not child.is_symlink():
            if flat:
                yield child
            else:
                yield from _strangers_within(child, flat=False)


def _mounted_at_or_below(folder: Path) -> str | None:
    """Where something is mounted: what is in it would be removed as well."""
    if os.path.ismount(folder):
        return str(folder)
    real = os.path.realpath(folder)
    try:
        # Not by device numbers: a folder of the same disk may be mounted, too.
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:  # no Linux
        return next((str(path) for path in folder.rglob("*") if path.is_dir() and path.is_mount()), None)
    mounts = (_unescaped(line.split()[4]) for line in lines)
    return next((mount for mount in mounts if mount.startswith(f"{real}{os.sep}")), None)


def _unescaped(mount: bytes) -> str:
    """A path as the kernel lists it, with spaces and the like as three octal digits."""
    return os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), mount))


def _children(folder: Path) -> Iterator[Path]:
    """The children in the order of their names, without what a run that was killed left."""
    return (child for child in sorted(folder.iterdir()) if not child.name.startswith(f"{STAGING_PREFIX}work-"))

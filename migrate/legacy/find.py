"""Walks a folder tree for models, by file names alone: a damaged model is found too and reported by its reader."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from migrate.files.work_names import STAGING_PREFIX
from migrate.legacy.detect import main_file_of

_IGNORED_FOLDERS = {".git", ".hg", ".svn", "__pycache__", "node_modules", ".venv"}


def find_models(path: Path, seen: set[tuple[int, int]] | None = None) -> list[Path]:
    """Return the model folders in the tree at `path`, in a stable order; `[path]` when it is a model folder itself.

    A model folder holds `saved_model.pb`, `saved_model.pbtxt` or a session_bundle's `export.meta`. Nothing below a
    model folder is searched. Symbolic links are followed, each real folder once, so loops end. Version folders sort by
    number.
    A folder that may not be listed is left out here, and reported by `unreadable_folders`.

    Args:
        path: where to search.
        seen: collects the device and number of every folder that was come to; what is in it already is not searched.
    """
    return list(_walk(path, set() if seen is None else seen))


def unreadable_folders(path: Path) -> list[Path]:
    """Return the folders of the tree at `path` that this user may not list."""
    denied: list[Path] = []
    for _ in os.walk(path, onerror=lambda error: denied.append(Path(error.filename))):
        pass
    return sorted(denied)


def _walk(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        if main_file_of(folder) is not None:
            yield folder
            return
        children = sorted((child for child in folder.iterdir() if child.is_dir()), key=_order)
    except OSError:
        return
    for child in children:
        if child.name not in _IGNORED_FOLDERS and not child.name.startswith(STAGING_PREFIX):
            yield from _walk(child, seen)


def _order(path: Path) -> tuple[int, int, str]:
    """Numbers by value before names, as version folders are."""
    return (0, int(path.name), path.name) if path.name.isascii() and path.name.isdigit() else (1, 0, path.name)

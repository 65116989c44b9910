"""The files of a SavedModel folder that are copied, and those that may not be.

A model may come from anywhere. Its weights and protos may be links to anywhere, as in the stores of git-annex and of
model hubs: they are read as what their names say, so nothing else gets through. Any other file is copied byte for byte
for whoever reads the copy: it must be a regular file of the model itself, or a link to one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from migrate.errors import RefusedModelError
from migrate.files.copying import copy_file, copy_file_within
from migrate.files.work_names import STAGING_PREFIX
from migrate.legacy.detect import SAVED_MODEL_NAMES
from migrate.legacy.model import is_asset_name

EXTRA = "assets.extra"
_ASSETS = "assets"
_MOST_TOLD = 5
_DEEPEST = 100  # folders; Python's own removal of a folder fails on a thousand
_FROM_ANYWHERE = frozenset({*SAVED_MODEL_NAMES, "fingerprint.pb", "keras_metadata.pb", "variables"})
_PARTS = _FROM_ANYWHERE | {_ASSETS, EXTRA, "tfhub_module.pb", "debug"}
_KINDS = (
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file: its path in the model, where it is behind all links, and the folder that it may not leave, if any."""

    path: Path
    place: Path
    base: Path | None


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Files and folders by their path in the model, and why others may not be copied, in a sentence each."""

    files: tuple[ModelFile, ...] = ()
    folders: tuple[Path, ...] = ()
    refused: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse a model with something that may not be copied.

        Raises:
            RefusedModelError: there is something; the message names the first of it.
        """
        if self.refused:
            raise RefusedModelError(" ".join(self.refused[:_MOST_TOLD]))

    def copy(self, target: Path) -> None:
        """Copy all of it to the folder `target`, which exists.

        Raises:
            RefusedModelError: there is something that may not be copied, or came to be that while it was looked at.
            OSError: a file cannot be read or written.
        """
        self.check()
        for folder in self.folders:
            (target / folder).mkdir(exist_ok=True)
        for file in self.files:
            if file.base is None:
                copy_file(file.place, target / file.path)
            else:
                copy_file_within(file.base, file.place, target / file.path)


def extra_files(model: Path) -> ModelFiles:
    """Return what is in `assets.extra` (warm-up requests and the like), which TensorFlow does not know of."""
    return _found(model, [EXTRA]) if os.path.lexists(model / EXTRA) else ModelFiles()


def copied_files(model: Path) -> ModelFiles:
    """Return all that TensorFlow does not write and a client may read: `assets.extra`, and the rest of `assets`."""
    extra = extra_files(model)
    children = sorted(path.name for path in (model / _ASSETS).iterdir()) if (model / _ASSETS).is_dir() else []
    # The files that are left out are assets, which TensorFlow writes.
    names = [name for name in children if not (model / _ASSETS / name).is_file() or not is_asset_name(name)]
    # A link that leads nowhere is no file that anybody could read.
    rest = _found(model, [f"{_ASSETS}/{name}" for name in names if (model / _ASSETS / name).exists()])
    folders = (Path(_ASSETS), *rest.folders) if rest.files or rest.folders else ()
    return ModelFiles((*extra.files, *rest.files), (*extra.folders, *folders), (*extra.refused, *rest.refused))


def files_left_behind(model: Path) -> tuple[str, ...]:
    """Name the files and folders that lie in a SavedModel's folder and are no part of it, so that nothing copies them.

    Of other models the folder is not the model: what is what there is not known.
    """
    if not any((model / name).is_file() for name in SAVED_MODEL_NAMES):
        return ()
    beside = [path for path in sorted(model.iterdir()) if path.name not in _PARTS and not _is_hidden(path)]
    weights = model / "variables"
    among = [path for path in sorted(weights.iterdir()) if not _is_weights(path)] if weights.is_dir() else []
    return tuple(f"{path.relative_to(model)}{'/' if path.is_dir() else ''}" for path in (*beside, *among))


def _is_hidden(path: Path) -> bool:
    return path.name.startswith((".", STAGING_PREFIX))


def _is_weights(path: Path) -> bool:
    return path.name.startswith(("variables", ".")) or path.name == "checkpoint"


def all_files(model: Path) -> ModelFiles:
    """Return all files of a model, those of unfinished work of this tool apart.

    Raises:
        OSError: it cannot be read.
    """
    names = sorted(entry.name for entry in model.iterdir())
    return _found(model, [name for name in names if not name.startswith(STAGING_PREFIX)])


def _found(model: Path, names: list[str]) -> ModelFiles:
    files: list[ModelFile] = []
    folders: list[Path] = []
    refused: list[str] = []
    for name in names:
        for found in _walk(model, name):
            if isinstance(found, ModelFile):
                files.append(found)
            elif isinstance(found, Path):
                folders.append(found)
            else:
                refused.append(found)
    return ModelFiles(tuple(files), tuple(folders), tuple(refused))


def _walk(model: Path, name: str) -> Iterator[ModelFile | Path | str]:
    """Yield files, folders (as paths in the model, each before its content) and reasons for a refusal."""
    base = None if name in _FROM_ANYWHERE else Path(os.path.realpath(model))
    # A folder of weights may be elsewhere as a whole; below it no link to a folder is followed.
    to_see = [(Path(name), name in _FROM_ANYWHERE)]
    while to_see:
        path, may_be_linked = to_see.pop()
        try:
            status = (model / path).stat() if may_be_linked else (model / path).lstat()
            if stat.S_ISDIR(status.st_mode) and len(path.parts) > _DEEPEST:
                yield f"{model / path} lies more than {_DEEPEST} folders deep, so it is not copied; remove it."
            elif stat.S_ISDIR(status.st_mode):
                yield path
                children = sorted((child.name for child in (model / path).iterdir()), reverse=True)
                to_see += [(path / child, False) for child in children]
            else:
                yield _judged(model, path, base)
        except OSError as error:
            yield f"{model / path} cannot be read: {(error.strerror or str(error)).lower()}."


def _judged(model: Path, path: Path, base: Path | None) -> ModelFile | str:
    """One file, or why it may not be copied."""
    shown = model / path
    place = Path(os.path.realpath(shown))
    is_link = shown.is_symlink()
    link = f"{shown} is a symbolic link to {shown.readlink()}" if is_link else f"{shown} is"
    try:
        mode = shown.stat().st_mode
    except OSError:
        return f"{link}, which leads to no file; remove it or put the file there."
    if base is not None and not place.is_relative_to(base):
        return f"{link}, outside of the model, so it is not copied; put the file itself there, or remove the link."
    for is_kind, kind in _KINDS:
        if is_kind(mode):
            return f"{link}{',' if is_link else ''} {kind}, which cannot be copied; remove it from the model."
    if stat.S_ISDIR(mode):
        return f"{link}, a folder; put the folder itself there, or remove the link."
    return ModelFile(path, place, base)

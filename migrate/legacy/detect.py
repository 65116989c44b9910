"""Which kind of model a path is, or the true cause why it is none. Reads bytes only; TensorFlow is not imported."""

from __future__ import annotations

import os
from pathlib import Path

from migrate.errors import UnreadableModelError
from migrate.legacy.checkpoint_files import CheckpointFacts, check_checkpoint
from migrate.legacy.file_kind import FileFacts, FileKind, sniff
from migrate.legacy.kind import Detection, ModelKind
from migrate.legacy.readers import readers

SAVED_MODEL_NAMES = ("saved_model.pb", "saved_model.pbtxt")
# Written since TF 2.13 when the graph is too large for one proto: always by tf.saved_model.save.
_CHUNKED_NAME = "saved_model.cpb"
_SESSION_BUNDLE_NAMES = ("export.meta", "export.meta.pbtxt")
_MAIN_FILES = (*SAVED_MODEL_NAMES, _CHUNKED_NAME, *_SESSION_BUNDLE_NAMES)
_HUB_MARKER = "tfhub_module.pb"


_SAVED_MODELS = {
    FileKind.SAVED_MODEL_V1: ModelKind.SAVED_MODEL_V1,
    FileKind.SAVED_MODEL_V2: ModelKind.SAVED_MODEL_V2,
}
_SINGLE_FILES = {
    FileKind.META_GRAPH: ModelKind.META_GRAPH,
    FileKind.GRAPH: ModelKind.FROZEN_GRAPH,
    FileKind.HDF5: ModelKind.KERAS_H5,
    FileKind.KERAS_ARCHIVE: ModelKind.KERAS_V3,
}


def detect(path: Path) -> Detection:
    """Return what model `path` (a folder or a file) is.

    Raises:
        UnreadableModelError: it is none, or its main file is damaged; the message says which and what to do.
    """
    check_speakable(path)
    is_known = any((path / name).is_file() for name in _MAIN_FILES)
    recognised = (reader.recognise(path) for reader in readers() if not is_known)
    found = next((each for each in recognised if each is not None), None)
    if found is not None:
        return found
    if not path.exists():
        if path.is_symlink():
            raise UnreadableModelError(f"{path} is a symbolic link to {path.readlink()}, which does not exist.")
        raise UnreadableModelError(f"{path} does not exist.")
    return _detect_known(path)


def check_speakable(path: Path) -> None:
    """Refuse a path that TensorFlow cannot be given.

    Raises:
        UnreadableModelError: its bytes are no UTF-8.
    """
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError as error:
        raise UnreadableModelError(
            f"{os.fsencode(path).decode('utf-8', 'backslashreplace')}: its name is no UTF-8 text, which TensorFlow "
            "cannot take; rename it, or give it by a link with another name."
        ) from error


def checkpoint_of(detection: Detection) -> CheckpointFacts | None:
    """Return the checked weights of a model; None for a kind without a checkpoint, or an export without variables.

    Raises:
        UnreadableModelError: files of the checkpoint are missing or damaged.
    """
    folder = detection.main_file.parent
    if detection.kind in (ModelKind.SAVED_MODEL_V1, ModelKind.SAVED_MODEL_V2, ModelKind.HUB_V1):
        # A model without variables has no such folder; that the graph needs none is for its reader to see.
        return check_checkpoint(folder / "variables" / "variables") if _has_files(folder / "variables") else None
    if detection.kind == ModelKind.SESSION_BUNDLE:
        return check_checkpoint(folder / "export")
    if detection.kind == ModelKind.META_GRAPH:
        prefix = folder / detection.main_file.name.removesuffix(".meta")
        # A graph without variables is saved without a checkpoint; another name of the file names none.
        return check_checkpoint(prefix) if prefix.name != detection.main_file.name and _any_beside(prefix) else None
    return None


def main_file_of(folder: Path) -> Path | None:
    """Return the file that makes this folder a model folder, going by names alone; None when there is none."""
    names = (name for reader in readers() for name in reader.main_files)
    for name in (*_MAIN_FILES, *names):
        candidate = folder / name
        if candidate.is_file() or candidate.is_symlink():
            return candidate
    return None


def _detect_known(path: Path) -> Detection:
    return _detect_folder(path) if path.is_dir() else _detect_file(path)


def _detect_folder(folder: Path) -> Detection:
    try:
        main_file = main_file_of(folder)
        if main_file is None:
            raise UnreadableModelError(_why_no_model_folder(folder))
    except OSError as error:
        raise UnreadableModelError(f"{folder} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    if main_file.name == _CHUNKED_NAME:
        return Detection(ModelKind.SAVED_MODEL_V2, main_file, is_text=False)
    facts = sniff(main_file)
    if main_file.name in SAVED_MODEL_NAMES:
        kind = _SAVED_MODELS.get(facts.kind)
        if kind == ModelKind.SAVED_MODEL_V1 and (folder / _HUB_MARKER).exists():
            kind = ModelKind.HUB_V1
    else:
        kind = ModelKind.SESSION_BUNDLE if facts.kind is FileKind.META_GRAPH else None
    if kind is None:
        raise UnreadableModelError(_why_not(main_file, facts))
    return Detection(kind, main_file, facts.is_text)


def _detect_file(path: Path) -> Detection:
    facts = sniff(path)
    if path.name in (*SAVED_MODEL_NAMES, *_SESSION_BUNDLE_NAMES):
        return _detect_folder(path.parent)
    if facts.kind in _SAVED_MODELS:
        return Detection(_SAVED_MODELS[facts.kind], path, facts.is_text)
    kind = _SINGLE_FILES.get(facts.kind)
    if kind is None:
        raise UnreadableModelError(_why_not(path, facts))
    return Detection(kind, path, facts.is_text)


def _why_not(path: Path, facts: FileFacts) -> str:
    """The sentence for a file that is no model of the kind that its name or place promises."""
    match facts.kind:
        case FileKind.GIT_LFS_POINTER:
            return f"{path} is {facts.kind.value}; run `git lfs pull` in its repository."
        case FileKind.GIT_ANNEX_POINTER:
            return f"{path} is {facts.kind.value}; run `git annex get` in its repository."
        case FileKind.TRUNCATED:
            return (
                f"{path} is cut off or damaged: it has {facts.size:,} bytes, its content claims {facts.needed:,}; "
                "copy the model again."
            )
        case FileKind.ZIP | FileKind.TAR:
            return f"{path} is {facts.kind.value}; unpack it and pass the folder with saved_model.pb."
        case FileKind.TFLITE:
            return (
                f"{path} is {facts.kind.value}, which holds no TensorFlow graph; pass the model that it was made from."
            )
        case FileKind.EMPTY | FileKind.ZEROS | FileKind.HTML | FileKind.TOO_LARGE:
            return f"{path} is {facts.kind.value}; copy the model again."
        case _:
            expected = "no SavedModel" if path.name in SAVED_MODEL_NAMES else "no TensorFlow model"
            return f"{path} is {expected}: it is {facts.kind.value}."


def _why_no_model_folder(folder: Path) -> str:
    children = sorted(folder.iterdir())
    if not children:
        return f"{folder} is an empty folder."
    versions = [child for child in children if child.is_dir() and main_file_of(child)]
    if versions:
        names = ", ".join(child.name for child in versions[:3]) + (", ..." if len(versions) > 3 else "")
        return f"{folder} is no model itself, but holds {len(versions)} model folder(s): {names}; pass one of them."
    archives = [child for child in children if child.suffix in (".zip", ".gz", ".tgz", ".tar")]
    if archives:
        return f"{folder} has no saved_model.pb; unpack {archives[0].name} first."
    lone = [child for child in children if child.suffix in (".pb", ".pbtxt", ".meta", ".h5", ".hdf5", ".keras")]
    if lone:
        return f"{folder} has no saved_model.pb or saved_model.pbtxt; pass the model file itself, e.g. {lone[0].name}."
    if any(child.suffix == ".index" for child in children):
        return (
            f"{folder} holds a checkpoint, and no .meta file with its graph: the values alone are no model; copy the "
            ".meta file there, or name the checkpoint with --checkpoint beside a GraphDef."
        )
    return f"{folder} has no saved_model.pb or saved_model.pbtxt, so it is no SavedModel."


def _any_beside(prefix: Path) -> bool:
    """Whether a file of the checkpoint with this prefix exists."""
    names = (prefix.name, f"{prefix.name}.index")
    starts = (f"{prefix.name}.data-", f"{prefix.name}-")
    return any(path.name in names or path.name.startswith(starts) for path in prefix.parent.iterdir())


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())

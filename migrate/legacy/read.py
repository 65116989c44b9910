"""Reads a legacy model: one function for every kind."""

from __future__ import annotations

from pathlib import Path

from migrate.errors import NothingToDoError
from migrate.legacy.asked import NOTHING, Asked
from migrate.legacy.checkpoint_files import check_checkpoint
from migrate.legacy.detect import checkpoint_of, detect
from migrate.legacy.kind import Detection, ModelKind
from migrate.legacy.model import LegacyModel
from migrate.legacy.readers import reader_of


def read_models(path: Path, asked: Asked = NOTHING) -> tuple[LegacyModel, ...]:
    """Return the MetaGraphs of the model at `path`, a folder or a file; at least one.

    Args:
        path: the model.
        asked: what the user says of it.

    Raises:
        UnreadableModelError: it is no model, or one that is damaged or incomplete.
        NothingToDoError: it is native already.
        RefusedModelError: it does not tell all that is needed, or tells more than one way to take it.
    """
    detection = readable(path, asked)
    reader = reader_of(detection.kind)
    assert reader is not None, "what has none is not readable"
    return reader.read(detection, asked)


def readable(path: Path, asked: Asked = NOTHING) -> Detection:
    """Return what the model is once its files are known to be whole and of a kind that can be read.

    Looks at bytes only: bad input is refused before any process has imported TensorFlow.

    Raises:
        Tf1to2Error: see `read_models`.
    """
    detection = detect(path)
    match detection.kind:
        case ModelKind.SAVED_MODEL_V2:
            raise NothingToDoError(f"{detection.main_file.parent} already is a native TF2 SavedModel: nothing to do.")
        case ModelKind.KERAS_V3:
            raise NothingToDoError(f"{detection.main_file} already is a Keras 3 model: nothing to do.")
    if asked.checkpoint is not None:
        check_checkpoint(asked.checkpoint)
    else:
        checkpoint_of(detection)
    return detection

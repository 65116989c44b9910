"""Keras models in one HDF5 file, as Keras wrote them before TensorFlow 2: loaded by legacy Keras into a v1 graph."""

from __future__ import annotations

from migrate.legacy.asked import Asked
from migrate.legacy.kind import Detection, ModelKind
from migrate.legacy.model import LegacyModel
from migrate.legacy.reader import Reader


def read(detection: Detection, asked: Asked) -> tuple[LegacyModel, ...]:
    """Read a model with one signature, by the names that `Model.save` of Keras 2 gives it.

    Raises:
        RefusedModelError: it holds no model, or one that legacy Keras alone cannot load (custom layers, Python code).
        UnreadableModelError: it is damaged.
    """
    from migrate.legacy.keras_graph import keras_graph
    from migrate.legacy.keras_h5_file import check_loadable
    from migrate.legacy.lone_model import check_nothing_asked

    check_nothing_asked(detection.main_file, asked)
    check_loadable(detection.main_file)
    return (keras_graph(detection.main_file),)


READER = Reader(frozenset({ModelKind.KERAS_H5}), read)

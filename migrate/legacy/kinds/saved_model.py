"""TF1 SavedModels, and TF1 Hub modules, which are SavedModels with a marker."""

from __future__ import annotations

from migrate.legacy.asked import Asked
from migrate.legacy.kind import Detection, ModelKind
from migrate.legacy.model import LegacyModel
from migrate.legacy.reader import Reader


def read(detection: Detection, asked: Asked) -> tuple[LegacyModel, ...]:
    """Read the MetaGraphs of a SavedModel folder.

    Raises:
        RefusedModelError: something is asked that it tells itself.
        UnreadableModelError: the proto is damaged, or TensorFlow could not import its graphs.
    """
    from migrate.legacy.lone_model import check_nothing_asked
    from migrate.legacy.saved_model import read_saved_model  # late: it looks at ops, which imports TensorFlow

    check_nothing_asked(detection.main_file.parent, asked)
    folder = detection.main_file.parent
    return tuple(LegacyModel.in_folder(folder, meta_graph) for meta_graph in read_saved_model(folder).meta_graphs)


READER = Reader(frozenset({ModelKind.SAVED_MODEL_V1, ModelKind.HUB_V1}), read)

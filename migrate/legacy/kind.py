"""What sorts of models there are, and which one a path was found to be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A format of models. Those that are known without their reader are named here.

    Attributes:
        name: for programs.
        value: a noun with its article.
    """

    name: str
    value: str

    SAVED_MODEL_V1: ClassVar[ModelKind]
    SAVED_MODEL_V2: ClassVar[ModelKind]
    HUB_V1: ClassVar[ModelKind]
    SESSION_BUNDLE: ClassVar[ModelKind]
    META_GRAPH: ClassVar[ModelKind]
    FROZEN_GRAPH: ClassVar[ModelKind]
    KERAS_H5: ClassVar[ModelKind]
    KERAS_V3: ClassVar[ModelKind]


ModelKind.SAVED_MODEL_V1 = ModelKind("saved_model_v1", "a TF1 SavedModel")
ModelKind.SAVED_MODEL_V2 = ModelKind("saved_model_v2", "a TF2 SavedModel")
ModelKind.HUB_V1 = ModelKind("hub_v1", "a TF1 Hub module")
ModelKind.SESSION_BUNDLE = ModelKind("session_bundle", "a session_bundle export")
ModelKind.META_GRAPH = ModelKind("meta_graph", "a MetaGraph with a checkpoint")
ModelKind.FROZEN_GRAPH = ModelKind("frozen_graph", "a GraphDef")
ModelKind.KERAS_H5 = ModelKind("keras_h5", "a Keras HDF5 model")
ModelKind.KERAS_V3 = ModelKind("keras_v3", "a Keras 3 archive")


@dataclass(frozen=True, slots=True)
class Detection:
    """A model: its kind, the file that defines it, and whether that file is in text format."""

    kind: ModelKind
    main_file: Path
    is_text: bool

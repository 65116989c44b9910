"""Reads the proto of a SavedModel, and checks that TensorFlow could import its graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from migrate.errors import UnreadableModelError
from migrate.graph.soundness import graph_faults
from migrate.legacy.collections import check_collections
from migrate.legacy.proto_files import read_proto


def read_saved_model(path: Path) -> Any:
    """Parse `saved_model.pb` or `saved_model.pbtxt` in the folder `path` into a SavedModel proto.

    Raises:
        UnreadableModelError: neither file is there, or it is damaged, or TensorFlow could not import its graphs.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    proto = saved_model_pb2.SavedModel()
    binary, text = path / "saved_model.pb", path / "saved_model.pbtxt"
    if binary.is_file():
        read_proto(binary, proto, is_text=False)
    elif text.is_file():
        read_proto(text, proto, is_text=True)
    else:
        raise UnreadableModelError(f"{path} holds neither saved_model.pb nor saved_model.pbtxt; is it the model?")
    if not proto.meta_graphs:
        raise UnreadableModelError(f"{path}: the SavedModel holds no MetaGraph (an empty or truncated file?).")
    for meta_graph in proto.meta_graphs:
        check_sound(meta_graph, path)
    return proto


def check_sound(meta_graph: Any, path: Path) -> None:
    """Refuse a MetaGraphDef of the model at `path` that TensorFlow could not import.

    Raises:
        UnreadableModelError: its graph or its collections are damaged.
    """
    fault = next(graph_faults(meta_graph.graph_def), None)
    if fault is not None:
        raise UnreadableModelError(f"{path}: the graph is damaged: {fault}; copy the model again, or export it anew.")
    try:
        check_collections(meta_graph)
    except UnreadableModelError as error:
        raise UnreadableModelError(f"{path}: {error}") from error

"""GraphDefs: frozen graphs, and graphs whose variables are in a checkpoint that is named beside them."""

from __future__ import annotations

from pathlib import Path

from migrate.errors import RefusedModelError
from migrate.legacy.asked import Asked
from migrate.legacy.kind import Detection, ModelKind
from migrate.legacy.model import LegacyModel
from migrate.legacy.reader import Reader
from migrate.legacy.restore import RestoreMap


def read(detection: Detection, asked: Asked) -> tuple[LegacyModel, ...]:
    """Read a GraphDef, with the signatures that are asked for or the one that is obvious.

    Raises:
        RefusedModelError: its variables have no values, or no one signature is obvious.
        UnreadableModelError: it is damaged, or TensorFlow could not import it.
    """
    from tensorflow.core.framework import graph_pb2
    from tensorflow.core.protobuf import meta_graph_pb2

    from migrate.legacy.checkpoint_values import open_checkpoint, restores_by_name
    from migrate.legacy.lone_graph import LoneGraph
    from migrate.legacy.lone_model import lone_model
    from migrate.legacy.proto_files import read_proto
    from migrate.legacy.saved_model import check_sound
    from migrate.legacy.state import VARIABLE_NODE_OPS

    file = detection.main_file
    graph_def = read_proto(file, graph_pb2.GraphDef(), is_text=detection.is_text)
    meta_graph = meta_graph_pb2.MetaGraphDef(graph_def=graph_def)
    check_sound(meta_graph, file)
    has_variables = any(node.op in VARIABLE_NODE_OPS for node in graph_def.node)
    if asked.checkpoint is None and has_variables:
        raise RefusedModelError(
            f"{file} is a GraphDef that is not frozen: the values of its variables are not in it. Name their "
            "checkpoint with --checkpoint PREFIX, or pass the .meta file that lies beside it."
        )
    if asked.checkpoint is None:
        return (lone_model(LoneGraph(file, meta_graph, RestoreMap()), None, asked),)
    checkpoint = open_checkpoint(Path(asked.checkpoint))
    return (lone_model(LoneGraph(file, meta_graph, restores_by_name(graph_def, checkpoint)), checkpoint, asked),)


READER = Reader(frozenset({ModelKind.FROZEN_GRAPH}), read)

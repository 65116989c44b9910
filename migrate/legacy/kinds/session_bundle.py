"""session_bundle exports of TensorFlow before 1.0: `export.meta` with its checkpoint `export`."""

from __future__ import annotations

from migrate.errors import RefusedModelError
from migrate.legacy.asked import Asked
from migrate.legacy.kind import Detection, ModelKind
from migrate.legacy.model import LegacyModel
from migrate.legacy.reader import Reader


def read(detection: Detection, asked: Asked) -> tuple[LegacyModel, ...]:
    """Read an export: its signatures under the keys of TensorFlow's session_bundle shim, or those asked for.

    Raises:
        RefusedModelError: it has no signature that can be converted.
        UnreadableModelError: it is damaged or incomplete.
    """
    from dataclasses import replace

    from tensorflow.core.framework import graph_pb2
    from tensorflow.core.protobuf import meta_graph_pb2

    from migrate.legacy.bundle_signatures import bundle_assets, bundle_graph, bundle_init_op, bundle_signatures
    from migrate.legacy.checkpoint_values import open_checkpoint
    from migrate.legacy.lone_graph import LoneGraph
    from migrate.legacy.lone_model import lone_model
    from migrate.legacy.proto_files import parsed, read_proto
    from migrate.legacy.restore import read_restore_map
    from migrate.legacy.saved_model import check_sound

    folder = detection.main_file.parent
    meta_graph = read_proto(detection.main_file, meta_graph_pb2.MetaGraphDef(), is_text=detection.is_text)
    restores = read_restore_map(meta_graph)
    served = bundle_graph(meta_graph)
    if served is not None:
        meta_graph.graph_def.CopyFrom(parsed(graph_pb2.GraphDef(), served, f"{folder}: the graph to serve"))
    check_sound(meta_graph, folder)
    signatures = asked.signatures or bundle_signatures(meta_graph)
    if not signatures:
        raise RefusedModelError(
            f"{folder}: the export has no signature of a kind that was ever converted (a default one for "
            "classification or regression, named ones for inputs and outputs); say what it takes and gives with "
            "--signature."
        )
    lone = LoneGraph(folder, meta_graph, restores, bundle_init_op(meta_graph), bundle_assets(meta_graph))
    checkpoint = open_checkpoint(asked.checkpoint or folder / "export")
    return (lone_model(lone, checkpoint, replace(asked, signatures=signatures)),)


READER = Reader(frozenset({ModelKind.SESSION_BUNDLE}), read)

"""Reads the facts of a model. Imports TensorFlow for its protos and op registry; runs nothing of the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from migrate.errors import Tf1to2Error
from migrate.inspection.facts import MetaGraphFacts, ModelFacts
from migrate.inspection.graph_facts import signature_facts, table_facts, variable_facts
from migrate.legacy.detect import Detection, ModelKind, checkpoint_of, detect
from migrate.legacy.model_files import EXTRA, ModelFiles, extra_files
from migrate.preflight.signatures import check_assets, check_signatures

_KERAS = (ModelKind.KERAS_H5, ModelKind.KERAS_V3)
_SAVED_MODELS = (ModelKind.SAVED_MODEL_V1, ModelKind.SAVED_MODEL_V2, ModelKind.HUB_V1)
_PLACEHOLDERS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")
_MANY = 12


def read_facts(path: Path, op_libraries: Sequence[Path] = ()) -> ModelFacts:
    """Return the facts of the model at `path`, a folder or a file; op libraries (`.so`) are loaded first.

    Raises:
        UnreadableModelError: it is no model, or one that cannot be read.
    """
    from migrate.preflight.ops import load_op_libraries

    detection = detect(path)
    if detection.kind in _KERAS:
        return ModelFacts(path, detection.kind)
    weight_bytes = 0
    problems: tuple[str, ...] = ()
    try:
        checkpoint = checkpoint_of(detection)
        weight_bytes = checkpoint.weight_bytes if checkpoint is not None else 0
    except Tf1to2Error as error:
        problems = (str(error),)
    load_op_libraries(op_libraries)
    graphs = tuple(_meta_graph_facts(graph, detection) for graph in _meta_graphs(detection))
    folder = detection.main_file.parent
    extra = extra_files(folder) if detection.kind in _SAVED_MODELS else ModelFiles()
    refused = extra.refused if detection.kind is not ModelKind.SAVED_MODEL_V2 else ()  # a native one is not copied
    names = tuple(str(file.path.relative_to(EXTRA)) for file in extra.files)
    return ModelFacts(path, detection.kind, graphs, weight_bytes, names, (*problems, *refused))


def _meta_graphs(detection: Detection) -> list[Any]:
    from tensorflow.core.framework import graph_pb2
    from tensorflow.core.protobuf import meta_graph_pb2

    from migrate.legacy.proto_files import read_proto
    from migrate.legacy.saved_model import check_sound, read_saved_model

    if detection.kind in _SAVED_MODELS and detection.main_file.suffix != ".cpb":
        return list(read_saved_model(detection.main_file.parent).meta_graphs)
    if detection.kind is ModelKind.FROZEN_GRAPH:
        graph_def = read_proto(detection.main_file, graph_pb2.GraphDef(), is_text=detection.is_text)
        meta_graph = meta_graph_pb2.MetaGraphDef(graph_def=graph_def)
    elif detection.main_file.suffix == ".cpb":
        return []
    else:
        meta_graph = read_proto(detection.main_file, meta_graph_pb2.MetaGraphDef(), is_text=detection.is_text)
    check_sound(meta_graph, detection.main_file)
    return [meta_graph]


def _meta_graph_facts(meta_graph: Any, detection: Detection) -> MetaGraphFacts:
    from migrate.legacy.collections import asset_file_defs, init_op

    # The native form keeps variables and tables in its object graph; this project has nothing to add to it.
    native = detection.kind is ModelKind.SAVED_MODEL_V2
    nodes = meta_graph.graph_def.node
    signatures = signature_facts(meta_graph)
    return MetaGraphFacts(
        tags=frozenset(meta_graph.meta_info_def.tags),
        tensorflow=meta_graph.meta_info_def.tensorflow_version,
        nodes=len(nodes),
        signatures=signatures,
        variables=variable_facts(meta_graph),
        tables=table_facts(meta_graph),
        assets=tuple(sorted({asset.filename for asset in asset_file_defs(meta_graph)})),
        init_op=init_op(meta_graph),
        placeholders=() if signatures else _names(node.name for node in nodes if node.op in _PLACEHOLDERS),
        sinks=() if signatures else _sinks(nodes),
        problems=() if native else tuple(_problems(meta_graph, detection)),
    )


def _problems(meta_graph: Any, detection: Detection) -> Iterator[str]:
    """Every cause for which the rewrap would refuse the MetaGraph, as far as its protos tell."""
    from migrate.graph.stand_ins import without_stand_ins
    from migrate.preflight.allowed_ops import EVERY_OP
    from migrate.preflight.effects import check_run
    from migrate.preflight.ops import check_ops
    from migrate.preflight.runs import run_of_fetches

    for problem in check_signatures(meta_graph):
        yield problem.message
    if detection.kind in _SAVED_MODELS:
        for problem in check_assets(meta_graph, detection.main_file.parent):
            yield problem.message
        yield from dict.fromkeys(_execution_problems(meta_graph))
    else:
        # Nothing says which nodes are executed: those that save and restore are not, so files are no problem here.
        nodes = meta_graph.graph_def.node
        everything = run_of_fetches((), tuple(node.name for node in nodes), frozenset())
        for problem in (
            *check_run(meta_graph.graph_def, everything, EVERY_OP),
            *check_ops(without_stand_ins(nodes), meta_graph.graph_def.library),
        ):
            yield problem.message


def _execution_problems(meta_graph: Any) -> Iterator[str]:
    from migrate.graph.stand_ins import without_stand_ins
    from migrate.legacy.collections import init_op
    from migrate.legacy.signatures import read_signatures
    from migrate.native_module.legacy_graph import LegacyGraph
    from migrate.preflight.allowed_ops import NO_OPS
    from migrate.preflight.effects import check_effects
    from migrate.preflight.ops import check_ops

    for problem in check_effects(meta_graph, NO_OPS):
        yield problem.message
    graph = LegacyGraph(meta_graph)
    library = meta_graph.graph_def.library
    try:
        signatures = read_signatures(meta_graph)
    except Tf1to2Error:  # an entry that names no tensor, which `check_signatures` tells
        return
    start = init_op(meta_graph)
    operations = [start] if start is not None and start in graph.nodes else []
    for one in (*signatures, None):
        place = f"signature {one.key!r}: " if one is not None else "init op: "
        try:
            if one is not None:
                cut = graph.cut([out.tensor for out in one.outputs], [], [given.tensor for given in one.inputs])
            else:
                cut = graph.cut([], operations, [])
        except Tf1to2Error as error:
            yield f"{place}{error}"
            continue
        for problem in check_ops(without_stand_ins(cut.nodes), library):
            yield problem.message


def _sinks(nodes: Any) -> tuple[str, ...]:
    """Nodes that nothing reads: what a frozen graph computes."""
    read = {edge.lstrip("^").partition(":")[0] for node in nodes for edge in node.input}
    return _names(node.name for node in nodes if node.name not in read and node.op not in ("NoOp", "Const", "Assert"))


def _names(names: Iterator[str]) -> tuple[str, ...]:
    found = list(names)
    return tuple(found[:_MANY]) + ((f"and {len(found) - _MANY} more",) if len(found) > _MANY else ())

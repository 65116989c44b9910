"""Reads the facts of a model. Imports TensorFlow for its protos and op registry; runs nothing of the model."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from migrate.errors import Tf1to2Error
from migrate.graph.tensor_name import edge_to
from migrate.inspection.facts import MetaGraphFacts, ModelFacts
from migrate.inspection.graph_facts import signature_facts, table_facts, variable_facts
from migrate.legacy.asked import NOTHING
from migrate.legacy.detect import SAVED_MODEL_NAMES, checkpoint_of, detect
from migrate.legacy.kind import Detection, ModelKind
from migrate.legacy.model_files import EXTRA, ModelFiles, copied_files, extra_files
from migrate.legacy.reader import Reader
from migrate.legacy.readers import reader_of
from migrate.preflight.allowed_ops import NO_OPS, AllowedOps

_WITHOUT_SIGNATURES = (ModelKind.META_GRAPH, ModelKind.FROZEN_GRAPH, ModelKind.SESSION_BUNDLE)
_MANY = 12


def read_facts(path: Path, op_libraries: Sequence[Path] = (), allowed: AllowedOps = NO_OPS) -> ModelFacts:
    """Return the facts of the model at `path`, a folder or a file.

    What stands against a rewrap is what a rewrap asks before it begins (`migrate.preflight.problems`).

    Args:
        path: the model.
        op_libraries: shared libraries with custom ops to load first.
        allowed: ops with an effect outside of the process that a rewrap would be allowed.

    Raises:
        UnreadableModelError: it is no model, or one that cannot be read.
    """
    from migrate.preflight.ops import load_op_libraries

    detection = detect(path)
    if detection.kind in (ModelKind.KERAS_H5, ModelKind.KERAS_V3):
        return ModelFacts(path, detection.kind, problems=_keras_problems(detection))
    weight_bytes = 0
    problems: tuple[str, ...] = ()
    try:
        checkpoint = checkpoint_of(detection)
        weight_bytes = checkpoint.weight_bytes if checkpoint is not None else 0
    except Tf1to2Error as error:
        problems = (str(error),)
    load_op_libraries(op_libraries)
    folder = detection.main_file.parent
    is_saved_model = detection.main_file.name in SAVED_MODEL_NAMES
    extra = extra_files(folder) if is_saved_model else ModelFiles()
    refused = (
        copied_files(folder).refused if is_saved_model and detection.kind != ModelKind.SAVED_MODEL_V2 else ()
    )  # a native one is not copied
    problems = (*problems, *refused)
    graphs = tuple(_meta_graph_facts(graph, found, problems) for graph, found in _meta_graphs(detection, allowed))
    names = tuple(str(file.path.relative_to(EXTRA)) for file in extra.files)
    return ModelFacts(path, detection.kind, graphs, weight_bytes, names, problems)


def _keras_problems(detection: Detection) -> tuple[str, ...]:
    """Return what the file itself says against loading it; building the model would run it."""
    from migrate.legacy.keras_h5_file import check_loadable

    try:
        if detection.kind == ModelKind.KERAS_H5:
            check_loadable(detection.main_file)
    except Tf1to2Error as error:
        return (str(error),)
    return ()


def _meta_graphs(detection: Detection, allowed: AllowedOps) -> list[tuple[Any, Iterator[str]]]:
    """Return the MetaGraphDefs, each with the reasons for which it cannot be rewrapped."""
    from migrate.legacy.saved_model import read_saved_model
    from migrate.preflight.problems import problems_of

    reader = reader_of(detection.kind)
    if detection.kind in _WITHOUT_SIGNATURES and reader is not None:
        return [_with_what_a_rewrap_takes(_lone_graph(detection), reader, detection, allowed)]
    if reader is not None:
        models = reader.read(detection, NOTHING)
        return [(one.meta_graph, (problem.message for problem in problems_of(one, allowed))) for one in models]
    if detection.kind == ModelKind.SAVED_MODEL_V2:
        # The native form keeps variables and tables in its object graph; this project has nothing to add to it.
        is_chunked = detection.main_file.suffix == ".cpb"
        graphs = [] if is_chunked else read_saved_model(detection.main_file.parent).meta_graphs
        return [(graph, iter(())) for graph in graphs]
    graph = _lone_graph(detection)
    return [(graph, _lone_problems(graph))]


def _with_what_a_rewrap_takes(
    meta_graph: Any, reader: Reader, detection: Detection, allowed: AllowedOps
) -> tuple[Any, Iterator[str]]:
    """Give a graph without signatures those that a rewrap would take, or the reason why it would take none."""
    from migrate.preflight.problems import problems_of

    try:
        (model,) = reader.read(detection, NOTHING)
    except Tf1to2Error as error:
        return meta_graph, iter((str(error),))
    for key, signature in model.meta_graph.signature_def.items():
        meta_graph.signature_def[key].CopyFrom(signature)
    return meta_graph, (problem.message for problem in problems_of(model, allowed))


def _lone_graph(detection: Detection) -> Any:
    """Return the graph of a file without signatures that are read; a GraphDef as a MetaGraphDef."""
    from tensorflow.core.framework import graph_pb2
    from tensorflow.core.protobuf import meta_graph_pb2

    from migrate.legacy.proto_files import read_proto
    from migrate.legacy.saved_model import check_sound

    if detection.kind == ModelKind.FROZEN_GRAPH:
        graph_def = read_proto(detection.main_file, graph_pb2.GraphDef(), is_text=detection.is_text)
        meta_graph = meta_graph_pb2.MetaGraphDef(graph_def=graph_def)
    else:
        meta_graph = read_proto(detection.main_file, meta_graph_pb2.MetaGraphDef(), is_text=detection.is_text)
    check_sound(meta_graph, detection.main_file)
    return meta_graph


def _meta_graph_facts(meta_graph: Any, problems: Iterator[str], told: Collection[str]) -> MetaGraphFacts:
    from migrate.legacy.collections import asset_file_defs, init_op
    from migrate.legacy.forward_graph import ForwardGraph, forward_graph
    from migrate.legacy.gradients import variables_behind_loops
    from migrate.preflight.other_numbers import in_words, other_numbers

    nodes = meta_graph.graph_def.node
    signatures = signature_facts(meta_graph)
    ends = ForwardGraph((), {}) if signatures else forward_graph(meta_graph.graph_def)
    return MetaGraphFacts(
        tags=frozenset(meta_graph.meta_info_def.tags),
        tensorflow=meta_graph.meta_info_def.tensorflow_version,
        nodes=len(nodes),
        signatures=signatures,
        variables=variable_facts(meta_graph),
        tables=table_facts(meta_graph),
        assets=tuple(sorted({asset.filename for asset in asset_file_defs(meta_graph)})),
        init_op=init_op(meta_graph),
        placeholders=_names(map(edge_to, ends.feeds)),
        sinks=_names(map(edge_to, ends.sinks)),
        without_gradient=variables_behind_loops(meta_graph),
        problems=tuple(problem for problem in problems if problem not in told),
        other_numbers=in_words(other_numbers(meta_graph)),
    )


def _lone_problems(meta_graph: Any) -> Iterator[str]:
    """What stands against executing any node: nothing says which nodes are.

    Those that save and restore are not, so files are no problem here.
    """
    from migrate.preflight.allowed_ops import EVERY_OP
    from migrate.preflight.effects import check_run
    from migrate.preflight.executed import check_executed
    from migrate.preflight.runs import run_of_fetches
    from migrate.preflight.signatures import check_signatures

    nodes = meta_graph.graph_def.node
    everything = run_of_fetches((), tuple(node.name for node in nodes), frozenset())
    for problem in (
        *check_signatures(meta_graph),
        *check_run(meta_graph.graph_def, everything, EVERY_OP),
        *check_executed(nodes, meta_graph.graph_def.library),
    ):
        yield problem.message


def _names(names: Iterator[str]) -> tuple[str, ...]:
    found = list(names)
    return tuple(found[:_MANY]) + ((f"and {len(found) - _MANY} more",) if len(found) > _MANY else ())

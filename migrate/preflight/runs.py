"""What TensorFlow runs of a model, and when: where every walk over "all that could be executed" begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from migrate.graph.tensor_name import TensorName, parse_tensor, source_node
from migrate.legacy.collections import all_init_ops, asset_tensors, table_initializers
from migrate.legacy.signatures import INIT_OP_KEY, SPARSE_PARTS, TRAIN_OP_KEY
from migrate.legacy.state import VARIABLE_NODE_OPS
from migrate.preflight.object_functions import LoadedFunction, functions_run_by_the_loader


class Phase(Enum):
    """When something of a model is executed; completes "the op ... writes files"."""

    IMPORT = "while TensorFlow reads the graph, run or not"
    RESTORE = "whenever its variables are restored"
    INIT = "whenever the model is loaded"
    READ = "whenever its variables are read"
    CALL = "whenever the model is executed"


class Given(Enum):
    """What the loader or the client puts in the place of a tensor."""

    ASSET = "the path of an asset"
    CHECKPOINT = "the path of the model's own checkpoint"
    REQUEST = "what the client sends"


@dataclass(frozen=True, slots=True)
class Run:
    """One thing that a loader or a client executes.

    Attributes:
        phase: when.
        place: what it is, for a message: `signature 'x'`, `init op`.
        nodes: nodes of the graph that are fetched or run.
        functions: functions of the library that TensorFlow 2's loader calls by itself.
        fed: what is given in place of tensors of the graph.
    """

    phase: Phase
    place: str
    nodes: tuple[str, ...] = ()
    functions: tuple[LoadedFunction, ...] = ()
    fed: Mapping[TensorName, Given] = field(default_factory=dict)


def runs_of(meta_graph: Any) -> tuple[Run, ...]:
    """Return all that restoring, loading and calling a model executes.

    Names that are not in the graph are left out: nothing can run them, and `check_signatures` tells of them.
    """
    return (
        *_restore(meta_graph),
        Run(Phase.INIT, "init op", _init_nodes(meta_graph), fed=_assets(meta_graph)),
        Run(Phase.INIT, "object graph", functions=functions_run_by_the_loader(meta_graph)),
        Run(Phase.READ, "variables", _variable_nodes(meta_graph)),
        *_signatures(meta_graph),
    )


def run_of_fetches(fetches: tuple[TensorName, ...], operations: tuple[str, ...], fed: frozenset[TensorName]) -> Run:
    """Return the run of tensors and operations by name, as `Session.run` takes them."""
    nodes = (*(fetch.node for fetch in fetches if fetch not in fed), *operations)
    return Run(Phase.CALL, "fetches", nodes, fed=dict.fromkeys(fed, Given.REQUEST))


def _restore(meta_graph: Any) -> Iterator[Run]:
    saver = meta_graph.saver_def
    if saver.restore_op_name:
        fed = dict(_fed(saver.filename_tensor_name, Given.CHECKPOINT))
        yield Run(Phase.RESTORE, "restore op", (source_node(saver.restore_op_name),), fed=fed)


def _init_nodes(meta_graph: Any) -> tuple[str, ...]:
    """Every op that some loader runs: Serving, TensorFlow 1 and 2 look in different places first."""
    return (*all_init_ops(meta_graph), *table_initializers(meta_graph))


def _assets(meta_graph: Any) -> Mapping[TensorName, Given]:
    return dict.fromkeys(asset_tensors(meta_graph), Given.ASSET)


def _variable_nodes(meta_graph: Any) -> tuple[str, ...]:
    return tuple(node.name for node in meta_graph.graph_def.node if node.op in VARIABLE_NODE_OPS)


def _signatures(meta_graph: Any) -> Iterator[Run]:
    for key, signature in sorted(meta_graph.signature_def.items()):
        if key in (INIT_OP_KEY, TRAIN_OP_KEY):
            continue
        fed = {
            tensor: given
            for info in signature.inputs.values()
            for name in _tensor_names(info)
            for tensor, given in _fed(name, Given.REQUEST)
        }
        outputs = [name for info in signature.outputs.values() for name in _tensor_names(info)]
        fetched = [tensor for name in outputs for tensor, _ in _fed(name, Given.REQUEST) if tensor not in fed]
        yield Run(Phase.CALL, f"signature {key!r}", tuple(tensor.node for tensor in fetched), fed=fed)


def _tensor_names(info: Any) -> Iterator[str]:
    encoding = info.WhichOneof("encoding")
    if encoding == "coo_sparse":
        yield from (getattr(info.coo_sparse, f"{part}_tensor_name") for part in SPARSE_PARTS)
    elif encoding == "composite_tensor":
        for component in info.composite_tensor.components:
            yield from _tensor_names(component)
    else:
        yield info.name


def _fed(name: str, given: Given) -> Iterator[tuple[TensorName, Given]]:
    try:
        yield parse_tensor(name), given
    except ValueError:
        return

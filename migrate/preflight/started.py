"""Finds what an init op starts or fills that TensorFlow 2 has no way to start when it loads a model: queues, stages."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from migrate.graph.cut import nodes_by_name
from migrate.graph.op_arguments import output_argument
from migrate.graph.tensor_name import is_control
from migrate.graph.walk import needed
from migrate.legacy.collections import init_op
from migrate.legacy.initialization import state_node
from migrate.legacy.state import TABLE_NODE_OPS, VARIABLE_NODE_OPS
from migrate.preflight.problem import Problem, ProblemKind

_DT_RESOURCE = 20
_LOOKS_ONLY = frozenset(
    {"QueueSize", "QueueSizeV2", "QueueIsClosed", "QueueIsClosedV2", "BarrierReadySize", "BarrierIncompleteSize"}
)
# Stages are told apart by names in their attributes.
_STAGES = {"Stage": "Unstage", "MapStage": "MapUnstage", "OrderedMapStage": "OrderedMapUnstage"}


def check_started(meta_graph: Any, used: Collection[str]) -> Iterator[Problem]:
    """Yield what the init op starts for the signatures and the new model could not start.

    Args:
        meta_graph: the MetaGraphDef.
        used: the nodes that the signatures execute.
    """
    nodes = nodes_by_name(meta_graph.graph_def)
    op = init_op(meta_graph)
    told: set[str] = set()
    for name in needed(nodes, [op] if op is not None else []):
        for made in _started(nodes, nodes[name], used):
            if made not in told:
                told.add(made)
                yield _problem(nodes[name], nodes[made])


def _started(nodes: Any, node: Any, used: Collection[str]) -> Iterator[str]:
    """Yield the nodes that make what a node of the init op starts, as far as signatures use it."""
    if node.op in _STAGES:
        identity = node.attr["container"].s, node.attr["shared_name"].s
        for name in used:
            taker = nodes[name]
            if taker.op == _STAGES[node.op] and (taker.attr["container"].s, taker.attr["shared_name"].s) == identity:
                yield name
        return
    for edge in node.input:
        made = "" if is_control(edge) else state_node(nodes, edge)
        if made in used and node.name != made and node.op not in _LOOKS_ONLY and _is_other_state(nodes[made]):
            yield made


def _is_other_state(node: Any) -> bool:
    if node.op in VARIABLE_NODE_OPS or node.op in TABLE_NODE_OPS or any(not is_control(edge) for edge in node.input):
        return False
    output = output_argument(node, 0)
    return output.is_ref or output.dtype == _DT_RESOURCE


def _problem(start: Any, made: Any) -> Problem:
    message = (
        f"the init op runs {start.op} (node {start.name!r}) for the {made.op} {made.name!r} that signatures use, and "
        "TensorFlow 2 starts only variables, tables and iterators when it loads a model; export the model with its "
        "values as inputs or in a variable."
    )
    return Problem(ProblemKind.NO_COUNTERPART, made.op, made.name, message)

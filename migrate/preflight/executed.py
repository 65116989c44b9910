"""What a Session would execute for some fetches of a graph, where TensorFlow 2 can do the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from migrate.errors import RefusedModelError
from migrate.graph.cut import Cut, cut
from migrate.graph.function_library import called_functions
from migrate.graph.stand_ins import without_stand_ins
from migrate.graph.tensor_name import TensorName
from migrate.legacy.state import STATE_OPS
from migrate.preflight.ops import check_ops
from migrate.preflight.problem import Problem


def executed(
    nodes: Mapping[str, Any],
    functions: Mapping[str, Any],
    fetches: Iterable[TensorName],
    operations: Iterable[str],
    feeds: Iterable[TensorName],
) -> Cut:
    """Return the nodes that the fetches and the operations need.

    Raises:
        RefusedModelError: a placeholder that is not fed is needed, a name is not in the graph, or a function makes
            state.
    """
    result = cut(nodes, fetches, operations, feeds)
    for node in result.nodes:
        if node.op in ("Placeholder", "PlaceholderV2"):
            raise RefusedModelError(
                f"it needs the placeholder {node.name!r}, which is none of its inputs, so that the original "
                "cannot be run either; export the model with it as an input, or with a constant in its place."
            )
    for name in called_functions(result.nodes, functions):
        for node in functions[name].node_def:
            if node.op in STATE_OPS:
                raise RefusedModelError(
                    f"its function {name!r} makes state of its own ({node.op} {node.name!r}), which a SavedModel "
                    "cannot track; create the state outside of the function and export the model again."
                )
    return result


def check_executed(nodes: Iterable[Any], library: Any) -> tuple[Problem, ...]:
    """Return the ops among executed nodes, and in the functions that they call, that this TensorFlow cannot run."""
    return check_ops(without_stand_ins(nodes), library)

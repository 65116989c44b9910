"""Which variables a part of a graph may give values of another shape than they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from migrate.legacy.initialization import variable_writes


def can_change_shapes(nodes: Iterable[Any]) -> bool:
    """Tell whether a graph holds anything that could: most hold nothing."""
    return any(_is_free_assign(node) or (node.op == "VarHandleOp" and not has_full_shape(node)) for node in nodes)


def changing_shapes(nodes: Iterable[Any], functions: Mapping[str, Any]) -> Iterator[str]:
    """Yield the nodes of variables that these nodes assign to without regard to the shape.

    Args:
        nodes: NodeDefs as a cut gives them.
        functions: of the graph's library, by name.
    """
    by_name = {node.name: node for node in nodes}
    for name, variables in variable_writes(by_name, by_name, functions):
        op = by_name[name].op
        for variable in variables:
            if variable in by_name and _may_change(by_name[name], by_name[variable], is_call=op in functions):
                yield variable


def _may_change(write: Any, variable: Any, *, is_call: bool) -> bool:
    if _is_free_assign(write):
        return True
    # The assignment of a resource variable, also in a function, is held to the static shape alone.
    is_assignment = write.op == "AssignVariableOp" or is_call or any(v.HasField("func") for v in write.attr.values())
    return bool(is_assignment and variable.op == "VarHandleOp" and not has_full_shape(variable))


def _is_free_assign(node: Any) -> bool:
    return bool(node.op == "Assign" and "validate_shape" in node.attr and not node.attr["validate_shape"].b)


def has_full_shape(variable: Any) -> bool:
    """Tell whether a variable node says all about the shape of its values."""
    shape = variable.attr["shape"].shape
    return not shape.unknown_rank and all(dimension.size >= 0 for dimension in shape.dim)

"""Ways through a graph that end whatever its edges are: loops are legal (`NextIteration`), damage makes others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from migrate.graph.tensor_name import is_control, source_node


def followed(nodes: Mapping[str, Any], edge: str, passes: Callable[[Any], bool]) -> str:
    """Follow first inputs back from an edge as long as `passes` holds for the node that gives it.

    Returns the edge where that ends: at a node that does not pass, has no data input, is not among the nodes, or was
    met before.
    """
    seen: set[str] = set()
    while True:
        node = nodes.get(source_node(edge))
        if node is None or node.name in seen or not passes(node) or not node.input or is_control(node.input[0]):
            return edge
        seen.add(node.name)
        edge = node.input[0]


def needed(nodes: Mapping[str, Any], starts: Iterable[str]) -> dict[str, None]:
    """Return the nodes that `starts` need, themselves included, in a stable order; other names are left out."""
    seen = dict.fromkeys(start for start in starts if start in nodes)
    pending = list(seen)
    while pending:
        for edge in nodes[pending.pop()].input:
            name = source_node(edge)
            if name in nodes and name not in seen:
                seen[name] = None
                pending.append(name)
    return seen


def dependent(nodes: Mapping[str, Any], starts: Iterable[str]) -> set[str]:
    """Return the nodes that need one of `starts`, these included."""
    users: dict[str, list[str]] = {}
    for name, node in nodes.items():
        for edge in node.input:
            users.setdefault(source_node(edge), []).append(name)
    seen = set(starts)
    pending = list(seen)
    while pending:
        for name in users.get(pending.pop(), ()):
            if name not in seen:
                seen.add(name)
                pending.append(name)
    return seen

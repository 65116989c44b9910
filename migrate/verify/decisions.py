"""The conditions behind a signature's outputs: which boolean tensors decide what runs or is taken."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.graph.flow import SWITCH_OPS
from migrate.graph.function_library import called_functions, functions_by_name
from migrate.graph.tensor_name import source_node
from migrate.graph.walk import dependent, followed, needed

_DECIDING_INPUT = {
    "Switch": 1, "RefSwitch": 1, "Select": 0, "SelectV2": 0, "If": 0, "StatelessIf": 0,
}  # fmt: skip
_ENTERS, _EXITS = frozenset({"Enter", "RefEnter"}), frozenset({"Exit", "RefExit"})


@dataclass(frozen=True, slots=True)
class Decisions:
    """What decides behind the outputs of one signature.

    Attributes:
        tensors: the tensors of the graph whose values tell which side is taken.
        unseen: how many more conditions are inside loops and functions, where no Session can fetch what decides.
    """

    tensors: tuple[str, ...] = ()
    unseen: int = 0


def decisions(graph_def: Any, fetches: Iterable[str], feeds: Collection[str]) -> Decisions:
    """Find what decides behind `fetches` where `feeds` are fed; all are tensor names.

    A condition on a constant always goes one way and is left out.
    """
    fed = {source_node(feed) for feed in feeds}
    nodes = {node.name: node for node in graph_def.node if node.name not in fed}
    behind = {name: nodes[name] for name in needed(nodes, map(source_node, fetches))}
    in_loops = _in_loops(behind)
    seen = {edge: None for name, edge in _deciding(behind.values(), behind) if name not in in_loops}
    in_frames = {edge for name, edge in _deciding(behind.values(), behind) if name in in_loops}
    functions = functions_by_name(graph_def.library)
    unseen = len(in_frames) + sum(
        len({edge for _, edge in _deciding(functions[name].node_def, _by_name(functions[name].node_def))})
        for name in called_functions(behind.values(), functions)
    )
    return Decisions(tuple(seen), unseen)


def _deciding(nodes: Iterable[Any], by_name: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name of each node that chooses, and the tensor that it chooses by."""
    for node in nodes:
        place = _DECIDING_INPUT.get(node.op)
        if place is None or place >= len(node.input):
            continue
        edge = followed(by_name, node.input[place], lambda node: node.op == "Identity")
        source = by_name.get(source_node(edge))
        if source is not None and source.op == "Const":
            continue
        if node.op in SWITCH_OPS and source is not None and source.op == "LoopCond":
            continue  # whether a loop goes on
        yield node.name, edge if ":" in edge else f"{edge}:0"


def _in_loops(nodes: Mapping[str, Any]) -> set[str]:
    """Return the nodes that run in a frame of a loop; what takes an exit's value is outside of it."""
    inner = {name: node for name, node in nodes.items() if node.op not in _EXITS}
    return dependent(inner, {name for name, node in inner.items() if node.op in _ENTERS})


def _by_name(nodes: Iterable[Any]) -> dict[str, Any]:
    return {node.name: node for node in nodes}

"""Takes out `Identity` nodes that only hand a tensor on, with what they wait for put on whoever uses them.

An executor spends about as much on such a node as on a small computation. Order and results stay as they were: whoever
waited for the node waits for its input and for what it waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrate.graph.tensor_name import is_control, parse_tensor, source_node
from migrate.graph.walk import followed

# Anything beside these (the name of a gradient, a placement) has a meaning of its own.
_PLAIN_ATTRIBUTES = frozenset({"T", "_output_shapes"})
# What stands before these belongs to the loop or branch.
_HOLDING = frozenset({"Merge", "Exit", "NextIteration", "LoopCond"})


@dataclass(frozen=True, slots=True)
class Shortened:
    """The nodes that stay, and the edges that now lead to the wanted tensors, in their order."""

    nodes: tuple[Any, ...]
    outputs: tuple[str, ...]


def without_pass_through(nodes: Sequence[Any], outputs: Iterable[str]) -> Shortened:
    """Return copies of the nodes without such identities; `outputs` are edges to the tensors that are wanted.

    An identity stays at the end of a TF1 loop's body or of a branch, and behind a Switch, where waiting for it means
    being in the branch; where it waits for more than one node, whose edges would multiply; and as an output that
    waits, or whose input is not among the nodes.
    """
    by_name = {node.name: node for node in nodes}
    skipped = {node.name: node for node in _removable(by_name)}
    found = []
    for edge in outputs:
        edge = followed(skipped, edge, lambda node: _can_be_fetched_before(node, by_name))
        skipped.pop(source_node(edge), None)
        found.append(edge)
    kept = (node for node in nodes if node.name not in skipped)
    return Shortened(tuple(_rewired(node, skipped) for node in kept), tuple(found))


def _removable(nodes: Mapping[str, Any]) -> Iterator[Any]:
    held = {source_node(edge) for node in nodes.values() if node.op in _HOLDING for edge in node.input}
    for node in nodes.values():
        if node.op != "Identity" or node.name in held or not node.attr.keys() <= _PLAIN_ATTRIBUTES:
            continue
        source = nodes.get(source_node(node.input[0]))
        if len(node.input) <= 2 and (source is None or source.op != "Switch"):
            yield node


def _can_be_fetched_before(node: Any, nodes: Mapping[str, Any]) -> bool:
    """Whether a caller that fetches the input of an identity sees no difference, its static shape included."""
    tensor = parse_tensor(node.input[0])
    if len(node.input) > 1 or tensor.node not in nodes:
        return False
    return bool(_shape(nodes[tensor.node], tensor.index) == _shape(node, 0))


def _shape(node: Any, index: int) -> Any:
    shapes = node.attr["_output_shapes"].list.shape if "_output_shapes" in node.attr else ()
    return shapes[index] if index < len(shapes) else None


def _rewired(node: Any, skipped: Mapping[str, Any]) -> Any:
    copy = type(node)()
    copy.CopyFrom(node)
    data: list[str] = []
    waits: dict[str, None] = {}
    for edge in node.input:
        if is_control(edge):
            waits.update(dict.fromkeys(_waits(edge, skipped)))
            continue
        data.append(followed(skipped, edge, lambda _: True))
        waits.update(dict.fromkeys(_waits_on_the_way(edge, skipped)))
    if node.op != "Merge":
        # Others wait for all their inputs anyway.
        waits = {edge: None for edge in waits if source_node(edge) not in map(source_node, data)}
    del copy.input[:]
    copy.input.extend([*data, *waits])
    return copy


def _waits_on_the_way(edge: str, skipped: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the identities wait for that a data edge leads back through."""
    seen: set[str] = set()
    while (name := source_node(edge)) in skipped and name not in seen:
        seen.add(name)
        edge, *waited_for = skipped[name].input
        for one in waited_for:
            yield from _waits(one, skipped)


def _waits(edge: str, skipped: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a control edge stands for."""
    pending = [edge]
    seen: set[str] = set()
    while pending:
        name = source_node(pending.pop())
        if name in seen:
            continue
        seen.add(name)
        if name in skipped:
            pending.extend(reversed(skipped[name].input))
        else:
            yield f"^{name}"

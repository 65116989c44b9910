"""The nodes of a graph by number, each behind those that it waits for: what linear passes over a graph go by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from migrate.graph.tensor_name import source_node

# An edge from one of these to a Merge closes a loop: the next iteration waits for it, this one does not.
BACK_OPS = frozenset({"NextIteration", "RefNextIteration"})
FRAME_OPS = BACK_OPS | {"Enter", "Exit", "RefEnter", "RefExit"}
MERGE_OPS = frozenset({"Merge", "RefMerge"})
SWITCH_OPS = frozenset({"Switch", "RefSwitch"})


@dataclass(frozen=True, slots=True)
class Flow:
    """What waits for what.

    Attributes:
        nodes: NodeDefs, as they are listed.
        numbers: the place of each node, by name.
        sources: for each node those that it waits for; tensors that are fed come from none of them.
        waits_for_feed: whether a node takes a fed tensor itself.
        order: all nodes, each behind its sources but for the edges that close a loop.
        is_listed_in_order: whether the nodes are listed in such an order.
    """

    nodes: tuple[Any, ...]
    numbers: dict[str, int]
    sources: tuple[tuple[int, ...], ...]
    waits_for_feed: tuple[bool, ...]
    order: tuple[int, ...]
    is_listed_in_order: bool

    @classmethod
    def of(cls, nodes: Iterable[Any]) -> Flow:
        """Number the nodes of a cut graph."""
        listed = tuple(nodes)
        numbers = {node.name: number for number, node in enumerate(listed)}
        names = [dict.fromkeys(source_node(edge) for edge in node.input) for node in listed]
        sources = tuple(tuple(numbers[name] for name in each if name in numbers) for each in names)
        fed = tuple(len(each) < len(all_of_them) for each, all_of_them in zip(sources, names, strict=True))
        forward = [
            tuple(source for source in each if not closes_loop(listed[source], node))
            for node, each in zip(listed, sources, strict=True)
        ]
        in_order = all(source < number for number, each in enumerate(forward) for source in each)
        return cls(listed, numbers, sources, fed, tuple(_sorted(forward)), in_order)

    def sinks(self) -> list[int]:
        """Return the nodes that no other waits for."""
        used = {source for each in self.sources for source in each}
        return [number for number in range(len(self.nodes)) if number not in used]


def closes_loop(source: Any, node: Any) -> bool:
    """Whether the edge from `source` to `node` goes to the next iteration."""
    return source.op in BACK_OPS and node.op in MERGE_OPS


def _sorted(sources: list[tuple[int, ...]]) -> list[int]:
    """Sort by Kahn's rule; nodes of a circle, which no TensorFlow runs, come last."""
    users: list[list[int]] = [[] for _ in sources]
    missing = [len(each) for each in sources]
    for number, each in enumerate(sources):
        for source in each:
            users[source].append(number)
    order = [number for number, count in enumerate(missing) if not count]
    for number in order:  # grows
        for user in users[number]:
            missing[user] -= 1
            if not missing[user]:
                order.append(user)
    return order + [number for number, count in enumerate(missing) if count]

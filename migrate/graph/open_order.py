"""Reads and writes of a variable between which TF1's graph has no order.

An evaluation signature fetches a metric's value and its update together, without an order between them. The value
depends on nothing that is fed, the update waits for the batch: TensorFlow 1.15.5 gave the value before the update
wherever it was recorded, the Sessions of later versions give either. Here it is always the value before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.graph.bits import bits, union
from migrate.graph.flow import FRAME_OPS, MERGE_OPS, SWITCH_OPS, closes_loop
from migrate.graph.read_order import ReadOrder
from migrate.graph.tensor_name import is_control, parse_tensor, source_node

_ADDING_OPS = frozenset({"AssignAdd", "AssignSub", "ScatterAdd", "ScatterSub", "ScatterNdAdd", "ScatterNdSub"})


@dataclass(frozen=True, slots=True)
class Read:
    """A read of the converted graph.

    Attributes:
        name: the node that reads; empty where that is told of another op, whose value this one takes.
        consumer: the number of the node of the source graph that looks at the value.
        variables: what it may read, as bits.
        looks: whether the consumer does more than hand the buffer on.
    """

    name: str
    consumer: int
    variables: int
    looks: bool = True


class OpenOrder:
    """Tells which reads and writes are not ordered."""

    def __init__(self, order: ReadOrder) -> None:
        self._order = order
        self._flow = order.flow
        self._later = _writes_after(order)
        self._waits_for_feed, self._in_frame, self._in_control_flow = _inherited(order)
        self._places = [number for number, _ in order.writes]

    def reads_first(
        self, reads: Iterable[Read], make_group: Callable[[str, list[str]], str]
    ) -> Mapping[int, list[str]]:
        """Return for writes that wait for a fed tensor the reads of their variable to wait for, by the write's number.

        These are the reads that wait for no fed tensor, and those whose op was made before the write (GraphDefs list
        nodes in the order in which the program made them), where TF1 has no order. No edge crosses the frame of a
        loop, or makes a write wait for a read that may not run.

        Args:
            make_group: makes a node that waits for others, in the name of a variable, and returns its name; so there
                are never more edges than reads and writes.
        """
        eligible = union(
            self._order.writes_by[number]
            for number in self._order.writes_by
            if self._waits_for_feed[number] and not self._in_frame[number]
        )
        first: dict[int, dict[int, list[str]]] = {}
        needed = 0
        for read in reads:
            for variable in bits(read.variables):
                after = self._writes_made_after(read.consumer) & eligible & self._order.writes_of.get(variable, 0)
                if not read.name or not (found := after & self._open(read.consumer)):
                    continue
                needed |= found
                lowest = (found & -found).bit_length() - 1
                first.setdefault(variable, {}).setdefault(lowest, []).append(read.name)
        waits: dict[int, list[str]] = {}
        for variable, by_write in first.items():
            before: list[str] = []
            for write in bits(self._order.writes_of[variable] & needed):
                before = list(dict.fromkeys([*before, *by_write.get(write, ())]))
                if len(before) > 1:
                    before = [make_group(self._order.buffers.variables[variable], before)]
                waits.setdefault(self._places[write], []).extend(before)
        return waits

    def unordered(self, reads: Iterable[Read]) -> tuple[str, ...]:
        """Return the variables between whose reads and writes, or writes alone, the graph has no order.

        Writes that only add come to the same in any order.
        """
        branches = _branches(self._order)
        found = 0
        for read in reads:
            for variable in bits(read.variables & ~found if read.looks else 0):
                writes = self._open(read.consumer) & self._order.writes_of.get(variable, 0)
                beside = (self._places[write] for write in bits(writes))
                if any(not _exclude(branches[number], branches[read.consumer]) for number in beside):
                    found |= 1 << variable
        replacing = union(1 << v for number, v in self._order.writes if self._flow.nodes[number].op not in _ADDING_OPS)
        for number, variable in self._order.writes:
            if not (replacing & ~found) >> variable & 1:
                continue
            others = (self._places[write] for write in bits(self._open(number) & self._order.writes_of[variable]))
            if any(not (self._only_add(number, one) or _exclude(branches[number], branches[one])) for one in others):
                found |= 1 << variable
        return tuple(self._order.buffers.variables[variable] for variable in bits(found))

    def _only_add(self, *numbers: int) -> bool:
        return all(self._flow.nodes[number].op in _ADDING_OPS for number in numbers)

    def _open(self, number: int) -> int:
        """Return the writes that a node neither waits for nor is waited for by."""
        return ((1 << len(self._places)) - 1) & ~self._later[number] & ~self._order.pasts[number].writes

    def _writes_made_after(self, number: int) -> int:
        if self._in_control_flow[number]:
            return 0
        if not self._waits_for_feed[number] and not self._order.pasts[number].variables:
            return -1
        if not self._flow.is_listed_in_order:
            return 0
        return -1 << bisect_right(self._places, number)


def _writes_after(order: ReadOrder) -> list[int]:
    """Return for each node the writes that wait for it, in the same iteration of a loop."""
    later = [0] * len(order.flow.nodes)
    for number in reversed(order.flow.order):
        own = later[number] | order.writes_by.get(number, 0)
        for source in order.flow.sources[number]:
            if not closes_loop(order.flow.nodes[source], order.flow.nodes[number]):
                later[source] |= own
    return later


def _inherited(order: ReadOrder) -> tuple[list[bool], list[bool], list[bool]]:
    """Tell of each node whether it waits for a fed tensor, for nodes of loops, for those of any control flow."""
    flow = order.flow
    fed = list(flow.waits_for_feed)
    framed = [node.op in FRAME_OPS for node in flow.nodes]
    controlled = [node.op in FRAME_OPS or node.op in MERGE_OPS or node.op in SWITCH_OPS for node in flow.nodes]
    for number in flow.order:
        for source in flow.sources[number]:
            fed[number] |= fed[source]
            framed[number] |= framed[source]
            controlled[number] |= controlled[source]
    return fed, framed, controlled


def _branches(order: ReadOrder) -> list[int]:
    """Return for each node the branches that it is in: two bits for each condition."""
    flow = order.flow
    conditions: dict[str, int] = {}
    branches = [0] * len(flow.nodes)
    for number in flow.order:
        node = flow.nodes[number]
        inputs = [_branch_of(order, conditions, branches, edge) for edge in node.input]
        if node.op in MERGE_OPS and inputs:
            branches[number] = inputs[0]
            for each in inputs:
                branches[number] &= each
        else:
            branches[number] = union(inputs)
    return branches


def _branch_of(order: ReadOrder, conditions: dict[str, int], branches: list[int], edge: str) -> int:
    flow = order.flow
    tensor = parse_tensor(edge.removeprefix("^"))
    source = flow.numbers.get(tensor.node)
    if source is None:
        return 0
    node: Any = flow.nodes[source]
    if node.op not in SWITCH_OPS or is_control(edge) or len(node.input) <= 1 or _is_loop_condition(order, node):
        return branches[source]
    condition = conditions.setdefault(node.input[1], len(conditions))
    return branches[source] | 1 << 2 * condition + tensor.index


def _is_loop_condition(order: ReadOrder, switch: Any) -> bool:
    condition = order.flow.numbers.get(source_node(switch.input[1]))
    return condition is not None and order.flow.nodes[condition].op == "LoopCond"


def _exclude(one: int, other: int) -> bool:
    """Whether two nodes are in different branches of one condition."""
    evens = (4 ** ((max(one.bit_length(), other.bit_length()) + 1) // 2) - 1) // 3
    return bool((one & evens) << 1 & other or (other & evens) << 1 & one)

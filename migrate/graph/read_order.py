"""In which order a TF1 graph reads and writes its variables, found in one pass over the graph.

An op looks at a reference when it runs. So a read comes after the writes that its op waits for, by whatever way, and
before those that wait for its op. The second needs nothing, as the op itself waits for the read. For the first, the
read gets edges from the last such writes; where a loop or a conditional lies between, from the node at which the op's
side of it begins. Nothing else is waited for: an edge that no order needs closes a circle where TensorFlow fuses ops.

Sets of writes and of control flow nodes are bits of integers, so that a pass costs a few machine words a node.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from migrate.graph.bits import bits, union
from migrate.graph.flow import FRAME_OPS, MERGE_OPS, Flow, closes_loop
from migrate.graph.shared_buffers import SharedBuffers

_BARRIERS = FRAME_OPS | MERGE_OPS


@dataclass(slots=True)
class Past:
    """What ran before a node.

    Attributes:
        variables: those that were written.
        last: the last writes of each variable, as far back as the next barrier.
        barriers: the last control flow nodes behind which there are writes.
        writes: all writes of this iteration.
        passed: all such control flow nodes of this iteration.
    """

    variables: int = 0
    last: int = 0
    barriers: int = 0
    writes: int = 0
    passed: int = 0

    def add(self, other: Past) -> None:
        """Add what ran before another node."""
        self.variables |= other.variables
        self.last |= other.last
        self.barriers |= other.barriers
        self.writes |= other.writes
        self.passed |= other.passed


@dataclass(slots=True)
class ReadOrder:
    """Tells what a read waits for."""

    flow: Flow
    buffers: SharedBuffers
    pasts: list[Past] = field(default_factory=list)
    # Each is the write of one variable: an optimizer's step is one for the weights and one for each slot.
    writes: list[tuple[int, int]] = field(default_factory=list)
    writes_of: dict[int, int] = field(default_factory=dict)
    writes_by: dict[int, int] = field(default_factory=dict)
    barriers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pasts = [Past() for _ in self.flow.nodes]
        for number, variables in self.buffers.written.items():
            for variable in bits(variables):
                bit = 1 << len(self.writes)
                self.writes.append((number, variable))
                self.writes_of[variable] = self.writes_of.get(variable, 0) | bit
                self.writes_by[number] = self.writes_by.get(number, 0) | bit
        places: dict[int, int] = {}
        while self._pass(places):  # until what loops bring around is known
            pass

    def _pass(self, places: dict[int, int]) -> bool:
        changed = False
        for number in self.flow.order:
            past = self._before(number)
            if past.variables and self.flow.nodes[number].op in _BARRIERS:
                if number not in places:
                    places[number] = len(self.barriers)
                    self.barriers.append(number)
                past.last, past.barriers = 0, 1 << places[number]
                past.passed |= past.barriers
            elif number in self.writes_by:
                variables = self.buffers.written[number]
                past.last = past.last & ~self.all_writes(variables) | self.writes_by[number]
                past.variables |= variables
                past.writes |= self.writes_by[number]
            changed = changed or past.variables != self.pasts[number].variables
            self.pasts[number] = past
        return changed and any(self.flow.nodes[number].op in FRAME_OPS for number in self.barriers)

    def _before(self, number: int) -> Past:
        past, node = Past(), self.flow.nodes[number]
        for source in self.flow.sources[number]:
            if closes_loop(self.flow.nodes[source], node):
                past.variables |= self.pasts[source].variables
            else:
                past.add(self.pasts[source])
        return past

    def before(self, number: int) -> Past:
        """Return what a node waits for, without itself."""
        past = Past()
        for source in self.flow.sources[number]:
            past.add(self.pasts[source])
        return past

    def before_the_end(self, fetched: Iterable[int]) -> Past:
        """Return what has run when all has."""
        past = Past()
        for number in {*self.flow.sinks(), *fetched}:
            past.add(self.pasts[number])
        return past

    def waits(self, past: Past, variables: int, already: int) -> tuple[str, ...]:
        """Return the nodes that a read of these variables must wait for, as it waits for the node `already` anyway."""
        known = self.pasts[already]
        writes = past.last & self.all_writes(variables) & ~known.writes
        barriers = [self.barriers[bit] for bit in bits(past.barriers & ~known.passed)]
        nodes = [number for number in barriers if self.pasts[number].variables & variables]
        behind = union(self.pasts[number].writes for number in nodes)
        for number in {self.writes[bit][0] for bit in bits(writes)}:
            behind |= self.pasts[number].writes & ~self.writes_by[number]
        nodes += [self.writes[bit][0] for bit in bits(writes & ~behind)]
        return tuple(self.flow.nodes[number].name for number in dict.fromkeys(nodes))

    def all_writes(self, variables: int) -> int:
        """Return all writes of these variables."""
        return union(self.writes_of.get(variable, 0) for variable in bits(variables))

"""All nodes that a run of a model could execute, in the graph and in the functions of its library.

Closed, not clever: where TensorFlow decides at run time what it executes, everything that it could choose counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from migrate.graph.tensor_name import TensorName, is_control, parse_tensor, source_node
from migrate.preflight.runs import Run

# Feeding one of these replaces all that it does. The control output of any other node that is fed is still its own, so
# that the node runs for it (tensorflow/core/graph/subgraph.cc, FeedInputs).
_PLACEHOLDERS = ("Placeholder", "PlaceholderV2")
_OPTIONAL = "PlaceholderWithDefault"


class Standing(NamedTuple):
    """A node where it stands: `scope` is "" for the graph, else the name of the function that it is in."""

    scope: str
    node: Any


@dataclass(frozen=True, slots=True)
class Reach:
    """What a run reaches.

    Attributes:
        nodes: every node that could be executed, in the order in which it was found.
        callers: for each function that is reached, the nodes that could call it.
    """

    nodes: tuple[Standing, ...]
    callers: Mapping[str, tuple[Standing, ...]]


class Library:
    """A graph and its function library, indexed for any number of walks."""

    def __init__(self, graph_def: Any) -> None:
        self.graph_def = graph_def
        self.nodes = {node.name: node for node in graph_def.node}
        self.functions = {function.signature.name: function for function in graph_def.library.function}
        self._gradients: dict[str, list[str]] = defaultdict(list)
        for gradient in graph_def.library.gradient:
            self._gradients[gradient.function_name].append(gradient.gradient_func)
        self._implementations: dict[bytes, list[str]] = defaultdict(list)
        for name, function in self.functions.items():
            for implemented in _implemented(function):
                self._implementations[implemented].append(name)

    def reach(self, run: Run) -> Reach:
        """Return what a run could execute."""
        return _Walk(self, run).reach()

    def called_by(self, node: Any) -> Iterator[str]:
        """Yield the functions that a node names anywhere: as its op, as functions or as strings in its attributes."""
        if node.op in self.functions:
            yield node.op
        for value in node.attr.values():
            yield from (name for name in _names_in(value) if name in self.functions)

    def standing_in_for(self, name: str) -> Iterator[str]:
        """Yield what TensorFlow may run in place of a function, or next to it.

        Grappler swaps functions that implement the same interface (implementation_selector.cc); the forward and
        backward forms of a function stand in its attributes.
        """
        function = self.functions[name]
        for implemented in _implemented(function):
            yield from self._implementations[implemented]
        for value in function.attr.values():
            yield from (other for other in _names_in(value) if other in self.functions)

    def gradients_of(self, name: str) -> Iterator[str]:
        """Yield the functions that the library names as the gradient of a function."""
        yield from (gradient for gradient in self._gradients[name] if gradient in self.functions)


class _Walk:
    def __init__(self, library: Library, run: Run) -> None:
        self._library = library
        self._run = run
        self._found: list[Standing] = []
        self._callers: dict[str, list[Standing]] = defaultdict(list)
        self._stand_ins: list[tuple[str, str]] = []
        self._functions: list[str] = []
        self._entered: set[str] = set()
        self._takes_gradients = False

    def reach(self) -> Reach:
        for node in self._graph_nodes():
            self._visit(Standing("", node))
        for function in self._run.functions:
            self._enter(function.name)
        walked = 0
        while walked < len(self._functions):
            self._walk(self._functions[walked])
            walked += 1
            if walked == len(self._functions) and self._takes_gradients:
                # The gradient of a function is made of those of the functions that it calls.
                for name in list(self._functions):
                    for gradient in self._library.gradients_of(name):
                        self._enter(gradient)
        return Reach(tuple(self._found), self._all_callers())

    def _graph_nodes(self) -> Iterator[Any]:
        """Walk back from what is run; every node once, cycles and all."""
        nodes = self._library.nodes
        seen = dict.fromkeys(name for name in self._run.nodes if name in nodes)
        pending = list(seen)
        while pending:
            node = nodes[pending.pop()]
            yield node
            for name in self._needed(node):
                if name not in seen:
                    seen[name] = None
                    pending.append(name)

    def _needed(self, node: Any) -> Iterator[str]:
        for edge in node.input:
            name = source_node(edge)
            source = self._library.nodes.get(name)
            if source is None:
                continue
            if is_control(edge):
                is_replaced = source.op in _PLACEHOLDERS and TensorName(name, 0) in self._run.fed
            else:
                is_replaced = source.op != _OPTIONAL and _tensor(edge) in self._run.fed
            if not is_replaced:
                yield name

    def _visit(self, standing: Standing) -> None:
        self._found.append(standing)
        self._takes_gradients = self._takes_gradients or standing.node.op == "SymbolicGradient"
        for name in dict.fromkeys(self._library.called_by(standing.node)):
            self._callers[name].append(standing)
            self._enter(name)

    def _enter(self, name: str) -> None:
        if name in self._library.functions and name not in self._entered:
            self._entered.add(name)
            self._functions.append(name)

    def _walk(self, name: str) -> None:
        for other in self._library.standing_in_for(name):
            self._stand_ins.append((name, other))
            self._enter(other)
        for node in self._library.functions[name].node_def:
            self._visit(Standing(name, node))

    def _all_callers(self) -> Mapping[str, tuple[Standing, ...]]:
        """Whoever calls a function may call what stands in for it."""
        callers = {name: list(found) for name, found in self._callers.items()}
        for name, other in self._stand_ins:
            if name != other:
                callers.setdefault(other, []).extend(self._callers[name])
        return {name: tuple(found) for name, found in callers.items()}


def _tensor(edge: str) -> TensorName | None:
    try:
        return parse_tensor(edge)
    except ValueError:
        return None


def _implemented(function: Any) -> Iterator[bytes]:
    if "api_implements" in function.attr and function.attr["api_implements"].s:
        yield function.attr["api_implements"].s


def _names_in(value: Any) -> Iterator[str]:
    """Yield every string of an attribute that could be the name of a function."""
    pending = [value]
    while pending:
        one = pending.pop()
        kind = one.WhichOneof("value")
        if kind == "func":
            yield one.func.name
            pending.extend(one.func.attr.values())
        elif kind == "s":
            yield from _text(one.s)
        elif kind == "list":
            for function in one.list.func:
                yield function.name
                pending.extend(function.attr.values())
            for text in one.list.s:
                yield from _text(text)


def _text(text: bytes) -> Iterable[str]:
    try:
        return (text.decode(),)
    except UnicodeDecodeError:
        return ()

"""A graph and its functions as one structure that can be walked backwards, whatever was put into functions.

What only hands a tensor on (`Identity`, the read of a variable, an assignment whose reference is used further) is
looked through: those are what a rewrap adds and takes away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from migrate.graph.function_library import functions_by_name
from migrate.graph.op_arguments import named_output_offset
from migrate.graph.reference_ops import WRITING_OPS
from migrate.graph.tensor_name import is_control, parse_tensor, source_node

_HANDED_ON = frozenset({"Identity", "RefIdentity", "ReadVariableOp", "Snapshot", *WRITING_OPS})
CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_MOST_FRAMES = 20_000


class LeafKind(Enum):
    """What a walk ends at."""

    INPUT = "the input"
    VARIABLE = "the variable"
    TABLE = "the table"
    ASSET = "the asset"
    ARGUMENT = "the argument"


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where a walk ends: the names say which input (all its keys), variable, table, asset or argument it is."""

    kind: LeafKind
    names: frozenset[str]

    def __str__(self) -> str:
        return f"{self.kind.value} {', '.join(map(repr, sorted(self.names)))}"


class Frame:
    """The graph, or one call of a function; `arguments` is None where nothing is known of the caller."""

    __slots__ = ("arguments", "scope")

    def __init__(self, scope: str, arguments: Sequence[Found] | None) -> None:
        self.scope = scope
        self.arguments = arguments


class Tensor(NamedTuple):
    """An output of a node."""

    frame: Frame
    node: str
    place: int


Found: TypeAlias = Leaf | Tensor


class TooLargeError(Exception):
    """A graph calls functions in more ways than can be looked at."""


class GraphView:
    """The nodes of a MetaGraphDef's graph and functions.

    Args:
        graph_def: the graph.
        leaf: gives the leaf that a node of the graph or of a function stands for, None for others.
        inputs: the leaf of tensors of the graph that are fed, by node and output.
    """

    def __init__(
        self,
        graph_def: Any,
        leaf: Callable[[Any], Leaf | None],
        inputs: Mapping[tuple[str, int], Leaf] | None = None,
    ) -> None:
        self.functions: Mapping[str, Any] = functions_by_name(graph_def.library)
        self.graph = Frame("", ())
        self._leaf = leaf
        self._inputs = inputs or {}
        self._nodes: dict[str, dict[str, Any]] = {"": {node.name: node for node in graph_def.node}}
        self._arguments: dict[str, dict[str, int]] = {}
        self._calls: dict[tuple[Frame, str], Frame] = {}
        self._unbound: dict[str, Frame] = {}

    def with_inputs(self, inputs: Mapping[tuple[str, int], Leaf]) -> GraphView:
        """Return a view of the same graph with other tensors fed."""
        other = object.__new__(GraphView)
        other.__dict__.update(self.__dict__, _inputs=inputs, _calls={}, _unbound={}, graph=Frame("", ()))
        return other

    def nodes(self, scope: str) -> Mapping[str, Any]:
        """Return the nodes of the graph ("") or of a function."""
        if scope not in self._nodes:
            self._nodes[scope] = {node.name: node for node in self.functions[scope].node_def}
        return self._nodes[scope]

    def node(self, tensor: Tensor) -> Any | None:
        """Return the node of a tensor, None where there is no such node."""
        return self.nodes(tensor.frame.scope).get(tensor.node)

    def unbound(self, scope: str) -> Frame:
        """Return a function's body of which no caller is known."""
        return self._unbound.setdefault(scope, Frame(scope, None))

    def edge(self, frame: Frame, edge: str) -> Tensor:
        """Return the tensor that an input of a node stands for."""
        parts = edge.split(":")
        if not frame.scope or len(parts) < 3:
            parsed = parse_tensor(edge)
            return Tensor(frame, parsed.node, parsed.index)
        node = self.nodes(frame.scope).get(parts[0])
        offset = named_output_offset(node, parts[1], self.functions) if node is not None else 0
        return Tensor(frame, parts[0], offset + int(parts[2]))

    def inputs(self, frame: Frame, node: Any) -> list[Tensor]:
        """Return the data inputs of a node."""
        return [self.edge(frame, edge) for edge in node.input if not is_control(edge)]

    def is_fed(self, tensor: Tensor) -> bool:
        """Tell whether a tensor of the graph is an input."""
        return tensor.frame is self.graph and (tensor.node, tensor.place) in self._inputs

    def resolve(self, found: Found) -> Found:
        """Follow a tensor back through what only hands it on."""
        seen = set()
        while isinstance(found, Tensor) and found not in seen:
            seen.add(found)
            following = self._step(found)
            if following is None:
                break
            found = following
        return found

    def _step(self, tensor: Tensor) -> Found | None:
        frame = tensor.frame
        if self.is_fed(tensor):
            return self._inputs[tensor.node, tensor.place]
        node = self.node(tensor)
        if node is None:
            return self._argument(tensor)
        leaf = self._leaf(node)
        if leaf is not None:
            return leaf
        place = tensor.place if node.op == "IdentityN" else 0
        if node.op != "IdentityN" and node.op not in _HANDED_ON:
            return None
        given = [edge for edge in node.input if not is_control(edge)]
        return self.edge(frame, given[place]) if place < len(given) else None

    def _argument(self, tensor: Tensor) -> Found | None:
        scope = tensor.frame.scope
        if not scope:
            return None
        if scope not in self._arguments:
            arguments = self.functions[scope].signature.input_arg
            self._arguments[scope] = {argument.name: place for place, argument in enumerate(arguments)}
        place = self._arguments[scope].get(tensor.node)
        if place is None:
            return None
        given = tensor.frame.arguments
        if given is None:
            return Leaf(LeafKind.ARGUMENT, frozenset({str(place)}))
        return given[place] if place < len(given) else None

    def called(self, node: Any) -> str | None:
        """Return the function of the library that a node does nothing but call."""
        if node.op in CALLS and node.attr["f"].func.name in self.functions:
            return str(node.attr["f"].func.name)
        return str(node.op) if node.op in self.functions else None

    def inside(self, frame: Frame, node: Any) -> Frame:
        """Return the frame of a call."""
        key = (frame, node.name)
        if key not in self._calls:
            if len(self._calls) > _MOST_FRAMES:
                raise TooLargeError
            scope = self.called(node)
            assert scope is not None, "only calls have an inside"
            self._calls[key] = Frame(scope, self.inputs(frame, node))
        return self._calls[key]

    def returned(self, frame: Frame) -> list[Tensor]:
        """Return the outputs of a function."""
        function = self.functions[frame.scope]
        return [self.edge(frame, function.ret[argument.name]) for argument in function.signature.output_arg]

    def ends(self, frame: Frame) -> Iterator[str]:
        """Yield the nodes of a function that a call of it waits for."""
        function = self.functions[frame.scope]
        for edge in (*function.ret.values(), *function.control_ret.values()):
            yield source_node(edge)

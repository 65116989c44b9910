"""Where the tensors of a GraphDef go to and come from, through function calls as well."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import tensorflow as tf

from migrate.graph.op_arguments import output_argument, output_count
from migrate.graph.tensor_name import is_control, parse_tensor
from migrate.tensorflow_private.op_defs import op_def
from migrate.verify.signature_tensors import Array

_LIMIT = 20_000
_MOST_RESHAPES = 100
_PASSED_ON = frozenset({"Identity", "StopGradient", "Enter", "Switch", "RefIdentity", "RefSwitch", "RefEnter", "Cast"})


def argument_length(argument: Any, node: Any) -> int:
    """Return how many tensors of `node` belong to an argument of its OpDef."""
    if argument.number_attr:
        return int(node.attr[argument.number_attr].i)
    if argument.type_list_attr:
        return len(node.attr[argument.type_list_attr].list.type)
    return 1


class Tensor(NamedTuple):
    """Output `place` of a node. `scope` is "" for the graph, else the function; a function's argument is a node."""

    scope: str
    node: str
    place: int


class Use(NamedTuple):
    """Input `place` of a node takes a tensor; `path` holds the nodes on the way there, nearest last."""

    scope: str
    node: Any
    place: int
    path: tuple[Any, ...]


class DataFlow:
    """An index of a GraphDef and its function library."""

    def __init__(self, graph_def: Any) -> None:
        self._functions = {function.signature.name: function for function in graph_def.library.function}
        self._nodes: dict[tuple[str, str], Any] = {}
        self._inputs: dict[tuple[str, str], list[Tensor]] = {}
        self._users: dict[Tensor, list[tuple[str, str, int]]] = {}
        self._callers: dict[str, tuple[str, Any, int]] = {}
        self._index("", graph_def.node)
        for name, function in self._functions.items():
            self._index(name, function.node_def)

    def uses(self, start: Tensor, passes: Callable[[Any], bool]) -> Iterator[Use]:
        """Yield what takes `start`, breadth first, going on behind the nodes for which `passes` holds."""
        pending: deque[tuple[Tensor, tuple[Any, ...]]] = deque([(start, ())])
        seen = {start}
        while pending and len(seen) < _LIMIT:
            tensor, path = pending.popleft()
            for scope, name, index in self._users.get(tensor, ()):
                node = self._nodes[scope, name]
                body_arguments = self._body_arguments(node, index)
                if not body_arguments:
                    yield Use(scope, node, index, path)
                following = self.outputs(scope, node) if passes(node) else []
                for follower in (*body_arguments, *following):
                    if follower not in seen:
                        seen.add(follower)
                        pending.append((follower, path if body_arguments else (*path, node)))

    def outputs(self, scope: str, node: Any) -> list[Tensor]:
        """Return the outputs of a node."""
        count = output_count(node, self._functions)
        return [Tensor(scope, node.name, index) for index in range(1 if count is None else count)]

    def output_dtype(self, tensor: Tensor) -> int:
        """Return the DataType number of a tensor, 0 where the node does not tell."""
        node = self._nodes.get((tensor.scope, tensor.node))
        return output_argument(node, tensor.place, self._functions).dtype if node is not None else 0

    def inputs(self, scope: str, node: Any) -> list[Tensor]:
        """Return the data inputs of a node."""
        return self._inputs[scope, node.name]

    def nodes(self, scope: str = "") -> list[Any]:
        """Return the nodes of the graph or of a function."""
        return [node for (where, _), node in self._nodes.items() if where == scope]

    def node(self, tensor: Tensor) -> Any | None:
        """Return the node that gives a tensor; None for a function's argument or a name that is not there."""
        return self._nodes.get((tensor.scope, tensor.node))

    def functions(self) -> list[str]:
        """Return the names of the library's functions."""
        return list(self._functions)

    def users(self, tensor: Tensor) -> list[Any]:
        """Return the nodes that take a tensor directly."""
        return [self._nodes[scope, name] for scope, name, _ in self._users.get(tensor, ())]

    def origin(self, tensor: Tensor) -> tuple[Tensor, Any | None]:
        """Follow a tensor back through Identity and its like and through function arguments."""
        for _ in range(100):
            node = self._nodes.get((tensor.scope, tensor.node))
            if node is None:
                caller = self._callers.get(tensor.scope)
                argument = self._argument_index(tensor)
                if caller is None or argument is None:
                    return tensor, None
                scope, call, shift = caller
                given = self._inputs[scope, call.name]
                if argument + shift >= len(given):
                    return tensor, None
                tensor = given[argument + shift]
            elif node.op in _PASSED_ON and self._inputs[tensor.scope, tensor.node]:
                tensor = self._inputs[tensor.scope, tensor.node][0]
            else:
                return tensor, node
        return tensor, None

    def constant(self, tensor: Tensor) -> Array | None:
        """Return the value of a Const, reshaped by constants or not, or None."""
        shapes: list[Array | None] = []
        origin, node = self.origin(tensor)
        while node is not None and node.op == "Reshape" and len(shapes) < _MOST_RESHAPES:
            content, shape = self._inputs[origin.scope, origin.node][:2]
            shapes.append(_const_value(self.origin(shape)[1]))
            origin, node = self.origin(content)
        value = _const_value(node)
        for one in reversed(shapes):
            value = None if value is None or one is None else value.reshape(one)
        return value

    def _index(self, scope: str, nodes: Any) -> None:
        for node in nodes:
            self._nodes[scope, node.name] = node
        for node in nodes:
            inputs = [self._source(scope, edge) for edge in node.input if not is_control(edge)]
            self._inputs[scope, node.name] = inputs
            for index, tensor in enumerate(inputs):
                self._users.setdefault(tensor, []).append((scope, node.name, index))
            for function, shift in self._called(node):
                self._callers.setdefault(function, (scope, node, shift))

    def _source(self, scope: str, edge: str) -> Tensor:
        parts = edge.split(":")
        if len(parts) < 3 or not scope:
            parsed = parse_tensor(edge)
            return Tensor(scope, parsed.node, parsed.index)
        # In a function body: node, output argument, index within that argument.
        name, argument, offset = parts[0], parts[1], int(parts[2])
        return Tensor(scope, name, self._argument_offset(scope, name, argument) + offset)

    def _argument_offset(self, scope: str, name: str, argument: str) -> int:
        node = self._nodes.get((scope, name))
        if node is None:
            return 0
        definition = op_def(node.op)
        offset = 0
        for each in definition.output_arg if definition is not None else ():
            if each.name == argument:
                break
            offset += argument_length(each, node)
        return offset

    def _called(self, node: Any) -> list[tuple[str, int]]:
        """Return the functions that a node calls, each with how many of its inputs come before their arguments."""
        if node.op in self._functions:
            return [(node.op, 0)]
        shift = 1 if node.op in ("If", "StatelessIf", "Case", "StatelessCase") else 0
        names = [value.func.name for value in node.attr.values() if value.HasField("func")]
        names += [each.name for value in node.attr.values() for each in value.list.func]
        return [(name, shift) for name in names if name in self._functions]

    def _body_arguments(self, node: Any, index: int) -> list[Tensor]:
        found = []
        for name, shift in self._called(node):
            arguments = self._functions[name].signature.input_arg
            if 0 <= index - shift < len(arguments):
                found.append(Tensor(name, arguments[index - shift].name, 0))
        return found

    def _argument_index(self, tensor: Tensor) -> int | None:
        function = self._functions.get(tensor.scope)
        names = [argument.name for argument in function.signature.input_arg] if function is not None else []
        return names.index(tensor.node) if tensor.node in names else None


def _const_value(node: Any | None) -> Array | None:
    if node is None or node.op != "Const":
        return None
    try:
        value: Array = tf.make_ndarray(node.attr["value"].tensor)
    except (KeyError, TypeError, ValueError):  # of handles or variants, or damaged
        return None
    return value

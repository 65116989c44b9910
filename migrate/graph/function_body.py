"""The body of a function of the library as nodes of the graph that calls it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrate.graph.op_arguments import named_output_offset
from migrate.graph.tensor_name import TensorName, edge_to, is_control, source_node


class FunctionBody:
    """A FunctionDef in place of one call of it.

    Attributes:
        outputs: the edge that each output of the call comes from.
        done: control edges from what the function runs for its effect.
    """

    def __init__(
        self,
        function: Any,
        prefix: str,
        arguments: Sequence[str],
        functions: Mapping[str, Any],
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """Prepare the body.

        Args:
            prefix: the scope that the nodes get; nothing in the graph may have a name in it.
            arguments: the edge of the calling graph for each argument.
            functions: the library by name, for nodes that call a function as their op.
            attributes: values of the function's own attributes, as the call gives them.
        """
        self._function = function
        self._prefix = prefix
        self._functions = functions
        self._attributes = attributes or {}
        self._arguments = dict(zip((a.name for a in function.signature.input_arg), arguments, strict=True))
        self._inner = {node.name: node for node in function.node_def}
        self.outputs = tuple(self._edge(function.ret[a.name]) for a in function.signature.output_arg)
        self.done = tuple(f"^{self._name(name)}" for name in function.control_ret.values())

    def nodes(self, waits: Sequence[str] = ()) -> Iterator[Any]:
        """Yield copies of the nodes.

        Args:
            waits: control edges that all of them wait for. Only nodes that start the body carry them: the others wait
                for these, and may stand in the frame of a loop, which no edge from outside may enter.
        """
        for inner in self._function.node_def:
            node = type(inner)()
            node.CopyFrom(inner)
            node.name = self._name(inner.name)
            # Names nodes as the function calls them.
            node.attr.pop("_class", None)
            for value in node.attr.values():
                self._fill_in(value)
            starts = all(source_node(edge) in self._arguments for edge in inner.input)
            del node.input[:]
            node.input.extend([*map(self._edge, inner.input), *(waits if starts else ())])
            yield node

    def _fill_in(self, value: Any) -> None:
        kind = value.WhichOneof("value")
        if kind == "placeholder":
            value.CopyFrom(self._attributes[value.placeholder])
        elif kind == "func":
            for nested in value.func.attr.values():
                self._fill_in(nested)

    def _name(self, inner: str) -> str:
        return f"{self._prefix}/{inner}"

    def _edge(self, edge: str) -> str:
        """Translate an edge within a FunctionDef: `argument`, `node:output:index` or `^node`."""
        node = source_node(edge)
        if is_control(edge):
            return f"^{source_node(self._arguments[node]) if node in self._arguments else self._name(node)}"
        if node in self._arguments:
            return str(self._arguments[node])
        _, name, index = [*edge.split(":"), "0"][:3]
        offset = named_output_offset(self._inner[node], name, self._functions) + int(index)
        return edge_to(TensorName(self._name(node), offset))


def free_scope(wanted: str, names: Sequence[str]) -> str:
    """Return `wanted`, or with a number behind it where nodes are in that scope already; `names` are sorted."""
    candidate, number = wanted, 0
    while _holds_scope(names, f"{candidate}/"):
        number += 1
        candidate = f"{wanted}_{number}"
    return candidate


def _holds_scope(names: Sequence[str], scope: str) -> bool:
    place = bisect_left(names, scope)
    return place < len(names) and names[place].startswith(scope)

"""Puts the nodes of small signatures into the graph itself, for callers who run it in a Session.

`tf.saved_model.save` writes a signature as a call of a wrapper function that calls the function with the nodes. For
TensorFlow 2 that costs nothing, a Session and TensorFlow Serving pay some 5 to 30 microseconds for it at each run. With
the nodes in the graph they run what they ran of the legacy graph: just what the fetched outputs need.

The functions stay in the library, where `tf.saved_model.load` finds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrate.graph.function_body import FunctionBody, free_scope
from migrate.graph.function_library import functions_by_name
from migrate.graph.pass_through import without_pass_through
from migrate.graph.tensor_name import parse_tensor, source_node
from migrate.graph.walk import followed

_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_HANDING_ON = frozenset({"Identity", "NoOp"})
# What the copies may add to the file. Beside the work of larger graphs a call takes no time.
_MOST_ADDED_BYTES = 2 << 20
_LARGEST_PROTO_BYTES = (1 << 31) - 1


def inline_signatures(saved_model: Any, keys: Iterable[str]) -> None:
    """Edit a SavedModel proto in place that TensorFlow wrote: its graph, and the outputs of these signatures.

    A signature stays a call where it is large, or not written in the way that is known here.
    """
    meta_graph = saved_model.meta_graphs[0]
    graph = meta_graph.graph_def
    nodes = {node.name: node for node in graph.node}
    names = sorted(nodes)
    functions = functions_by_name(graph.library)
    room = min(_MOST_ADDED_BYTES, _LARGEST_PROTO_BYTES - saved_model.ByteSize())
    bodies: dict[str, Sequence[Any]] = {}
    for key in keys:
        outputs = meta_graph.signature_def[key].outputs.values()
        wrapped = _wrapped(outputs, nodes, functions)
        if wrapped is None or wrapped.function.ByteSize() > room:
            continue
        room -= wrapped.function.ByteSize()
        body = FunctionBody(wrapped.function, free_scope(wrapped.call, names), wrapped.arguments, functions)
        shortened = without_pass_through(tuple(body.nodes()), body.outputs)
        bodies[wrapped.call] = shortened.nodes
        for info in outputs:
            output = wrapped.outputs[parse_tensor(info.name).index]
            info.name = str(parse_tensor(shortened.outputs[output]))
    if bodies:
        inlined = [new for node in graph.node for new in bodies.get(node.name, (node,))]
        del graph.node[:]
        graph.node.extend(inlined)


@dataclass(frozen=True, slots=True)
class _Wrapped:
    """The function with the nodes of a signature.

    Attributes:
        call: the node of the graph that calls its wrapper.
        arguments: edges of the graph.
        outputs: the function's output for each one of the call.
    """

    call: str
    function: Any
    arguments: tuple[str, ...]
    outputs: tuple[int, ...]


def _wrapped(outputs: Iterable[Any], nodes: Mapping[str, Any], functions: Mapping[str, Any]) -> _Wrapped | None:
    """Look through the wrapper of a signature, which only calls and hands on; None where there is no such wrapper."""
    names = {parse_tensor(info.name).node for info in outputs}
    call = nodes[names.pop()] if len(names) == 1 else None
    wrapper = functions.get(call.attr["f"].func.name) if call is not None and call.op in _CALLS else None
    if call is None or wrapper is None:
        return None
    inner = {node.name: node for node in wrapper.node_def}
    calls = [node for node in wrapper.node_def if node.op in _CALLS]
    others = {node.op for node in wrapper.node_def} - _CALLS
    function = functions.get(calls[0].attr["f"].func.name) if len(calls) == 1 else None
    if function is None or function.control_ret or not others <= _HANDING_ON:
        return None
    given = dict(zip((argument.name for argument in wrapper.signature.input_arg), call.input, strict=False))
    returned = [_origin(wrapper.ret[argument.name], inner) for argument in wrapper.signature.output_arg]
    if not given.keys() >= set(calls[0].input) or any(source_node(edge) != calls[0].name for edge in returned):
        return None
    arguments = tuple(given[edge] for edge in calls[0].input)
    return _Wrapped(call.name, function, arguments, tuple(int(edge.rpartition(":")[2]) for edge in returned))


def _origin(edge: str, nodes: Mapping[str, Any]) -> str:
    return followed(nodes, edge, lambda node: bool(node.op == "Identity"))

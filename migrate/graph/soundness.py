"""Whether a GraphDef is one that TensorFlow could import, told before anything trusts its names and numbers.

TensorFlow refuses such graphs too, but some of them only after it aborted the process or took all memory.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from migrate.graph.function_library import functions_by_name
from migrate.graph.op_arguments import Arity, arity, output_count
from migrate.graph.tensor_name import is_control, parse_tensor, source_node

LARGEST_CONSTANT_BYTES = 1 << 31
"""A proto cannot hold more; what claims more is one value, to be repeated."""

# By number in types.proto, of the dtypes that numpy has too.
_FIXED_BYTES = {1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 14: 2, 17: 2, 18: 16, 19: 2, 22: 4, 23: 8}
_MOST_ELEMENTS = 1 << 60  # what is computed from such a shape counts its bytes in 63 bits
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_BACK_EDGES = frozenset({"NextIteration", "RefNextIteration"})
_MERGES = frozenset({"Merge", "RefMerge"})
_KINDS = {"int": "i", "float": "f", "bool": "b", "string": "s", "type": "type", "shape": "shape", "tensor": "tensor",
          "func": "func"}  # fmt: skip


def graph_faults(graph_def: Any) -> Iterator[str]:
    """Yield what makes a graph one that no TensorFlow can import, a phrase each; nothing for a sound one."""
    functions = functions_by_name(graph_def.library)
    nodes = {node.name: node for node in graph_def.node}
    yield from _name_faults(graph_def.node)
    for node in graph_def.node:
        yield from _edge_faults(node, nodes, functions)
        yield from _node_faults(node, functions)
    yield from _cycle_faults(nodes)
    yield from _recursion_faults(functions)
    for function in graph_def.library.function:
        where = f"in the function {function.signature.name!r}, "
        yield from (where + fault for fault in _function_faults(function, functions))


def _name_faults(nodes: Iterable[Any]) -> Iterator[str]:
    for name, count in Counter(node.name for node in nodes).items():
        if not name:
            yield "a node has no name"
        elif count > 1:
            yield f"{count} nodes have the name {name!r}"


def _edge_faults(node: Any, nodes: Mapping[str, Any], functions: Mapping[str, Any]) -> Iterator[str]:
    for edge in node.input:
        source = nodes.get(source_node(edge))
        if source is None:
            yield f"the node {node.name!r} takes {edge!r}, which is not in the graph"
        elif not is_control(edge):
            yield from _output_faults(node, edge, source, functions)


def _output_faults(node: Any, edge: str, source: Any, functions: Mapping[str, Any]) -> Iterator[str]:
    try:
        index = parse_tensor(edge).index
    except ValueError:
        yield f"the node {node.name!r} takes {edge!r}, which names no tensor"
        return
    count = output_count(source, functions)
    if count is not None and index >= count:
        yield f"the node {node.name!r} takes {edge!r}, but {source.op} {source.name!r} has {count} outputs"


def _node_faults(node: Any, functions: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a node by itself: its attributes and the number of its inputs."""
    for name, value in node.attr.items():
        fault = _value_fault(value)
        if fault:
            yield f"the attribute {name!r} of the node {node.name!r} {fault}"
    expected = arity(node, functions)
    if expected is None:
        return
    for name, kind in expected.attributes.items():
        if name not in node.attr:
            yield f"the node {node.name!r} lacks the attribute {name!r} of {node.op}"
        elif not _is_of_kind(node.attr[name], kind):
            yield f"the attribute {name!r} of the node {node.name!r} is no {kind}"
    yield from _input_faults(node, expected)


def _input_faults(node: Any, expected: Arity) -> Iterator[str]:
    given = sum(not is_control(edge) for edge in node.input)
    if expected.inputs is not None and given != expected.inputs:
        yield f"the node {node.name!r} has {given} inputs, {node.op} takes {expected.inputs}"
    if any(is_control(edge) for edge in list(node.input)[:given]):
        yield f"the node {node.name!r} has a control input before its data inputs"


def _is_of_kind(value: Any, kind: str) -> bool:
    found = value.WhichOneof("value")
    if found == "placeholder":  # of a function, given by its caller
        return True
    return bool(found == ("list" if kind.startswith("list(") else _KINDS.get(kind, found)))


def _value_fault(value: Any) -> str:
    kind = value.WhichOneof("value")
    if kind == "tensor":
        return _tensor_fault(value.tensor)
    if kind == "type":
        return "" if _is_dtype(value.type) else f"is {value.type}, which is no dtype"
    shapes = [value.shape] if kind == "shape" else list(value.list.shape) if kind == "list" else []
    if any(dimension.size < -1 for shape in shapes for dimension in shape.dim):
        return "has a negative dimension"
    if any(math.prod(max(1, each.size) for each in shape.dim) > _MOST_ELEMENTS for shape in shapes):
        return "is a shape of more elements than TensorFlow can count"
    if kind == "list":
        unknown = [number for number in value.list.type if not _is_dtype(number)]
        return f"holds {unknown[0]}, which is no dtype" if unknown else ""
    return ""


def _is_dtype(number: int) -> bool:
    from tensorflow.core.framework import types_pb2

    return number in types_pb2.DataType.values() and number != types_pb2.DT_INVALID


def _is_value(number: int) -> bool:
    from tensorflow.core.framework import types_pb2

    return number != types_pb2.DT_RESOURCE and not types_pb2.DataType.Name(number).endswith("_REF")


def _tensor_fault(tensor: Any) -> str:
    if not _is_dtype(tensor.dtype):
        return f"is a tensor of {tensor.dtype}, which is no dtype"
    if not _is_value(tensor.dtype):
        return "is a tensor of references or handles, which a graph cannot hold"
    if tensor.tensor_shape.unknown_rank or any(dimension.size < 0 for dimension in tensor.tensor_shape.dim):
        return "is a tensor of unknown or negative shape"
    # At least one byte an element; what is in the proto is no larger than the proto.
    elements = math.prod(dimension.size for dimension in tensor.tensor_shape.dim)
    if elements > LARGEST_CONSTANT_BYTES:
        return f"is a tensor of {elements:,} elements, more than any proto holds"
    if tensor.tensor_content and tensor.dtype in _FIXED_BYTES:
        size = elements * _FIXED_BYTES[tensor.dtype]
        if len(tensor.tensor_content) != size:
            return f"is a tensor of {size:,} bytes, of which it holds {len(tensor.tensor_content):,}"
    return ""


def _cycle_faults(nodes: Mapping[str, Any]) -> Iterator[str]:
    """Yield one fault where nodes wait for each other in a circle other than that of a loop."""
    left = _in_circles({name: _awaited(node, nodes) for name, node in nodes.items()})
    if left:
        listed = ", ".join(map(repr, left[:3]))
        yield f"{len(left)} nodes wait for each other in a circle ({listed})"


def _awaited(node: Any, nodes: Mapping[str, Any]) -> set[str]:
    sources = nodes.keys() & {source_node(edge) for edge in node.input}
    if node.op in _MERGES:
        return {source for source in sources if nodes[source].op not in _BACK_EDGES}
    return sources


def _recursion_faults(functions: Mapping[str, Any]) -> Iterator[str]:
    """Yield one fault where functions call each other whatever they compute; a branch of an `If` may end that."""
    calls = {
        name: functions.keys()
        & {node.attr["f"].func.name if node.op in _CALLS else node.op for node in function.node_def}
        for name, function in functions.items()
    }
    left = _in_circles(calls)
    if left:
        yield f"the function {left[0]!r} calls itself, or one that does, without end"


def _in_circles(needs: Mapping[str, set[str]]) -> list[str]:
    """Return what needs itself, through others too, and what needs one of these."""
    waits_for = {name: len(needed) for name, needed in needs.items()}
    users: dict[str, list[str]] = {}
    for name, needed in needs.items():
        for one in needed:
            users.setdefault(one, []).append(name)
    ready = [name for name, count in waits_for.items() if not count]
    while ready:
        name = ready.pop()
        del waits_for[name]
        for user in users.get(name, ()):
            waits_for[user] -= 1
            if not waits_for[user]:
                ready.append(user)
    return list(waits_for)


def _function_faults(function: Any, functions: Mapping[str, Any]) -> Iterator[str]:
    if not function.signature.name:
        yield "which has no name, nothing can be called"
    arguments = {argument.name for argument in function.signature.input_arg}
    nodes = {node.name: node for node in function.node_def}
    yield from _name_faults(function.node_def)
    for node in function.node_def:
        for edge in node.input:
            if source_node(edge) not in nodes and source_node(edge) not in arguments:
                yield f"the node {node.name!r} takes {edge!r}, which is not there"
            elif not is_control(edge) and not _is_function_edge(edge, nodes):
                yield f"the node {node.name!r} takes {edge!r}, which names no tensor"
        yield from _node_faults(node, functions)
    for output in function.signature.output_arg:
        edge = function.ret.get(output.name, "")
        known = source_node(edge) in nodes or source_node(edge) in arguments
        if not known or not _is_function_edge(edge, nodes):
            yield f"the output {output.name!r} comes from {edge!r}, which is not there"
    for name in function.control_ret.values():
        if name not in nodes:
            yield f"the effect {name!r} is not there"
    yield from _cycle_faults(nodes)


def _is_function_edge(edge: str, nodes: Mapping[str, Any]) -> bool:
    """Whether an edge within a function has one of the forms `argument`, `argument:0` and `node:output:index`."""
    name, *rest = edge.split(":")
    if name not in nodes:
        return not rest or (len(rest) == 1 and rest[0].isdigit())
    return len(rest) == 2 and bool(rest[0]) and rest[1].isdigit()

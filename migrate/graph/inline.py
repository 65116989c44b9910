"""Inlines calls of functions that make or fill state, so that every state stands in the graph itself.

Models written by Estimators of TensorFlow 2 create and initialise their tables in functions of the library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrate.errors import RefusedModelError
from migrate.graph.function_body import FunctionBody, free_scope
from migrate.graph.function_library import called_functions_directly, functions_by_name
from migrate.graph.tensor_name import TensorName, is_control, parse_tensor

_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
# Beginnings of op names.
_STATE = (
    "VarHandleOp",
    "HashTable",
    "MutableHashTable",
    "MutableDenseHashTable",
    "InitializeTable",
    "LookupTableImport",
)
_DT_RESOURCE = 20
_MOST_NODES = 200_000


def with_state_inlined(graph_def: Any) -> Any:
    """Return the graph with every call inlined whose function, or one that it calls, makes or fills state.

    The graph itself is returned where there is none. A call keeps its name, as an identity of its outputs.

    Raises:
        RefusedModelError: such functions call each other in a circle, or have too many nodes once they are inlined.
    """
    functions = functions_by_name(graph_def.library)
    stateful = _stateful(functions)
    result = graph_def
    rounds = 0
    while calls := [node for node in result.node if node.op in _CALLS and node.attr["f"].func.name in stateful]:
        # Each round goes one call deeper; there is no deeper way without a circle than through every function once.
        if rounds > len(functions):
            raise RefusedModelError(
                f"the function {calls[0].attr['f'].func.name!r} makes or fills state and calls itself, directly or "
                "through others, so that its state cannot be told; export the model without recursion."
            )
        added = sum(len(functions[call.attr["f"].func.name].node_def) for call in calls)
        if len(result.node) + added > _MOST_NODES:
            raise RefusedModelError(
                f"the functions that make or fill state have more than {_MOST_NODES:,} nodes where they are called; "
                "export the model with its state outside of functions."
            )
        result = _inlined(result, {call.name: functions[call.attr["f"].func.name] for call in calls}, functions)
        rounds += 1
    return result


def _stateful(functions: Mapping[str, Any]) -> set[str]:
    """Return the functions that touch state, and those that call them, through others too."""
    callers: dict[str, list[str]] = {}
    for name, function in functions.items():
        for called in called_functions_directly(function.node_def, functions):
            callers.setdefault(called, []).append(name)
    found = {
        name for name, function in functions.items() if any(node.op.startswith(_STATE) for node in function.node_def)
    }
    pending = list(found)
    while pending:
        new = set(callers.get(pending.pop(), ())) - found
        found |= new
        pending.extend(new)
    return found


def _inlined(graph_def: Any, calls: Mapping[str, Any], functions: Mapping[str, Any]) -> Any:
    result = type(graph_def)()
    result.CopyFrom(graph_def)
    result.ClearField("node")
    handles: dict[str, str] = {}
    names = sorted(node.name for node in graph_def.node)
    for node in graph_def.node:
        if node.name not in calls:
            result.node.append(node)
            continue
        function = calls[node.name]
        waits = [edge for edge in node.input if is_control(edge)]
        arguments = [edge for edge in node.input if not is_control(edge)]
        body = FunctionBody(function, free_scope(node.name, names), arguments, functions, node.attr["f"].func.attr)
        result.node.extend(body.nodes(waits))
        result.node.append(_outputs(node, function, body, waits))
        handles.update(_handles(node.name, function, body))
    # Whoever uses a handle shall see the node that makes it.
    for node in result.node:
        for index, edge in enumerate(node.input):
            if not is_control(edge) and str(parse_tensor(edge)) in handles:
                node.input[index] = handles[str(parse_tensor(edge))]
    return result


def _outputs(call: Any, function: Any, body: FunctionBody, waits: Sequence[str]) -> Any:
    """Return the node that takes the name of the call."""
    node = type(call)(name=call.name, op="IdentityN" if body.outputs else "NoOp")
    node.input.extend([*body.outputs, *(body.done or waits)])
    if body.outputs:
        node.attr["T"].list.type.extend(argument.type for argument in function.signature.output_arg)
    return node


def _handles(call: str, function: Any, body: FunctionBody) -> Iterator[tuple[str, str]]:
    """Yield each output of the call that is a resource, and the edge that it comes from."""
    for index, (argument, edge) in enumerate(zip(function.signature.output_arg, body.outputs, strict=True)):
        if argument.type == _DT_RESOURCE:
            yield str(TensorName(call, index)), edge

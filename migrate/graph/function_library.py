"""The functions that a cut graph calls, under names of their own.

Two models in one process may use the same function name for different bodies; TensorFlow's eager context refuses the
second. So every graph gets its functions renamed with a suffix, as TensorFlow's own loader does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def functions_by_name(library: Any) -> dict[str, Any]:
    """Index the FunctionDefs of a FunctionDefLibrary."""
    return {function.signature.name: function for function in library.function}


def called_functions(nodes: Iterable[Any], functions: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the library's functions that `nodes` reach, through other functions too."""
    seen: dict[str, None] = {}
    pending = list(_names(nodes, functions))
    while pending:
        name = pending.pop()
        if name not in seen:
            seen[name] = None
            pending.extend(_names(functions[name].node_def, functions))
    return tuple(sorted(seen))


def called_functions_directly(nodes: Iterable[Any], functions: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the library's functions that `nodes` call themselves."""
    return tuple(dict.fromkeys(_names(nodes, functions)))


def with_renamed_functions(graph_def: Any, library: Any, suffix: str) -> Any:
    """Return a copy of `graph_def` that calls `<name><suffix>` and carries the functions that it needs, renamed."""
    functions = functions_by_name(library)
    new_names = {name: name + suffix for name in called_functions(graph_def.node, functions)}
    result = type(graph_def)()
    result.CopyFrom(graph_def)
    result.ClearField("library")
    for node in result.node:
        _rename_calls(node, new_names)
    for name, new_name in new_names.items():
        function = result.library.function.add()
        function.CopyFrom(functions[name])
        function.signature.name = new_name
        for node in function.node_def:
            node.device = ""
            node.attr.pop("_class", None)
            _rename_calls(node, new_names)
    for gradient in library.gradient:
        if gradient.function_name in new_names and gradient.gradient_func in new_names:
            result.library.gradient.add(
                function_name=new_names[gradient.function_name], gradient_func=new_names[gradient.gradient_func]
            )
    return result


def _names(nodes: Iterable[Any], functions: Mapping[str, Any]) -> Iterator[str]:
    for node in nodes:
        if node.op in functions:
            yield node.op
        for value in node.attr.values():
            yield from (name for name in _attribute_names(value) if name in functions)


def _attribute_names(value: Any) -> Iterator[str]:
    kind = value.WhichOneof("value")
    if kind == "func":
        yield value.func.name
        for nested in value.func.attr.values():
            yield from _attribute_names(nested)
    elif kind == "list":
        yield from (function.name for function in value.list.func)


def _rename_calls(node: Any, new_names: Mapping[str, str]) -> None:
    node.op = new_names.get(node.op, node.op)
    for value in node.attr.values():
        kind = value.WhichOneof("value")
        if kind == "func":
            _rename_function(value.func, new_names)
        elif kind == "list":
            for function in value.list.func:
                _rename_function(function, new_names)


def _rename_function(function: Any, new_names: Mapping[str, str]) -> None:
    function.name = new_names.get(function.name, function.name)
    for nested in function.attr.values():
        if nested.WhichOneof("value") == "func":
            _rename_function(nested.func, new_names)

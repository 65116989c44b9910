"""Gradients that functions of a graph's library have of their own (`Defun(grad_func=...)`).

`SymbolicGradient` names a function; TensorFlow runs the gradient that the library has for it, or makes one. What the
library has gets lost in TensorFlow 2: the gradient would be another, without a word. So it is called directly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from migrate.graph.function_library import called_functions, functions_by_name

_GRADIENT = "SymbolicGradient"


def with_own_gradients(graph_def: Any, library: Any) -> tuple[Any, Any]:
    """Return the GraphDef and the library, changed where a gradient is taken of a function that has its own."""
    own = _own_gradients(library)
    if not own:
        return graph_def, library
    new_graph_def, new_library = type(graph_def)(), type(library)()
    new_graph_def.CopyFrom(graph_def)
    new_library.CopyFrom(library)
    for nodes in (new_graph_def.node, *(function.node_def for function in new_library.function)):
        for node in nodes:
            if node.op == _GRADIENT and node.attr["f"].func.name in own:
                node.op = "PartitionedCall"
                node.attr["f"].func.name = own[node.attr["f"].func.name]
    return new_graph_def, new_library


def lost_gradients(nodes: Iterable[Any], library: Any) -> Iterator[tuple[str, str]]:
    """Yield each function of which a gradient is taken with a function in it whose own gradient goes into that."""
    own = _own_gradients(library)
    functions = functions_by_name(library)
    nodes = list(nodes)
    if not own:
        return
    reached = (functions[name] for name in called_functions(nodes, functions))
    for node in (*nodes, *(node for function in reached for node in function.node_def)):
        name = node.attr["f"].func.name if node.op == _GRADIENT else ""
        if name in functions and name not in own:
            yield from (
                (name, inner) for inner in called_functions(functions[name].node_def, functions) if inner in own
            )


def _own_gradients(library: Any) -> Mapping[str, str]:
    functions = functions_by_name(library)
    return {each.function_name: each.gradient_func for each in library.gradient if each.gradient_func in functions}

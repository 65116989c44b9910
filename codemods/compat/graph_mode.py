"""Which code only works with a TF1 graph, and which of it brings one along."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from codemods.compat.uses_left import uses_left
from codemods.names.tf1 import GRAPH_ONLY
from codemods.site import Site
from codemods.source.module import Module
from codemods.source.tensorflow_uses import Use

SWITCHES_TO_GRAPHS = frozenset(
    {"disable_v2_behavior", "disable_eager_execution", "python.framework.ops.disable_eager_execution"}
)


def graph_only_use(module: Module, sites: Iterable[Site]) -> Use | None:
    """Return a use, left by the sites, that eager mode cannot run: it needs a graph and stands in no explicit one.

    Where the program itself switches to graphs, that use.
    """
    for use in uses_left(module, sites):
        if use.name in SWITCHES_TO_GRAPHS or (use.name in GRAPH_ONLY and not in_explicit_graph(module, use.node)):
            return use
    return None


def in_explicit_graph(module: Module, node: cst.CSTNode) -> bool:
    """Whether the node stands in `with <graph>.as_default():`, `with Session():` or in what `wrap_function` wraps."""
    child = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            return _is_wrapped(module, ancestor)
        if isinstance(ancestor, cst.With):
            entered = [item.item for item in ancestor.items]
            if child is ancestor.body and any(_enters_graph(module, item) for item in entered):
                return True
            if isinstance(child, cst.WithItem):
                position = list(ancestor.items).index(child)
                if any(_enters_graph(module, item) for item in entered[:position]):
                    return True
        child = ancestor
    return False


def _enters_graph(module: Module, item: cst.BaseExpression) -> bool:
    """Whether a `with` item makes a graph the default: `graph.as_default()`, or a session, which enters its own."""
    if not isinstance(item, cst.Call):
        return False
    if isinstance(item.func, cst.Attribute) and item.func.attr.value == "as_default":
        return True
    return module.resolve_call(item) == "tensorflow.Session"


def _is_wrapped(module: Module, function: cst.CSTNode) -> bool:
    """Whether a function or lambda is what `wrap_function` builds its graph with."""
    for call in module.calls:
        if call.args and module.resolve_call(call) == "tensorflow.wrap_function":
            built = call.args[0].value
            if built is function:
                return True
            if (
                isinstance(built, cst.Name)
                and isinstance(function, cst.FunctionDef)
                and built.value == function.name.value
            ):
                return True
    return False

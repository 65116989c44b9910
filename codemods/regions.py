"""Which code a set of sites leaves as it is, and which of it only works with a TF1 graph."""

from __future__ import annotations

import bisect
import itertools
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.module import Module
from codemods.site import Site
from codemods.symbols import canonical
from codemods.tf1_names import GRAPH_ONLY

SWITCHES_TO_GRAPHS = frozenset(
    {"disable_v2_behavior", "disable_eager_execution", "python.framework.ops.disable_eager_execution"}
)


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a TensorFlow symbol: the whole attribute chain or name, and its dotted name as imported."""

    node: cst.Attribute | cst.Name
    raw: str
    start: int

    @property
    def name(self) -> str:
        """The canonical name without `tensorflow.`; that of standalone Keras begins with `keras.` all the same."""
        full = canonical(self.raw)
        return full if full.startswith("keras.") else full.partition(".")[2]


def tensorflow_uses(module: Module, sites: Iterable[Site] = ()) -> Iterator[Use]:
    """Yield the uses of TensorFlow symbols that the sites' edits leave in place, imports excluded."""
    edited = sorted({(edit.start, edit.end) for site in sites for edit in site.edits if edit.end > edit.start})
    reach = list(itertools.accumulate((end for _, end in edited), max))
    for use in _all_uses(module):
        before = bisect.bisect_right(edited, (use.start, sys.maxsize))
        if not before or reach[before - 1] <= use.start:
            yield use


def _all_uses(module: Module) -> tuple[Use, ...]:
    found = module.memo.get("tensorflow_uses")
    if not isinstance(found, tuple):
        found = module.memo["tensorflow_uses"] = tuple(_find_uses(module))
    return found


def _find_uses(module: Module) -> Iterator[Use]:
    for node in module.nodes:
        if type(node) not in (cst.Attribute, cst.Name):
            continue
        assert isinstance(node, (cst.Attribute, cst.Name))
        if _is_whole(module, node):
            raw = module.raw_name(node)
            if raw is not None and raw.split(".")[0] in ("tensorflow", "keras"):
                yield Use(node, raw, module.start(node))


def _is_whole(module: Module, node: cst.Attribute | cst.Name) -> bool:
    parent = module.parent(node)
    if isinstance(parent, cst.Attribute):
        return False
    if isinstance(parent, (cst.ImportAlias, cst.ImportFrom, cst.Import, cst.AsName, cst.Param, cst.NameItem)):
        return False
    if isinstance(node, cst.Name):
        if (
            isinstance(parent, (cst.AssignTarget, cst.FunctionDef, cst.ClassDef))
            and getattr(parent, "name", node) is node
        ):
            return False
        return not (isinstance(parent, cst.Arg) and parent.keyword is node)
    return True


def graph_only_use(module: Module, sites: Iterable[Site]) -> Use | None:
    """Return a use, left by the sites, that eager mode cannot run: it needs a graph and stands in no explicit one.

    Where the program itself switches to graphs, that use.
    """
    for use in tensorflow_uses(module, sites):
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

"""Where a `SavedModelBuilder` goes: its constructor, the adds, and `save()`, over statements, blocks and methods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.source.arguments import argument, has_star
from codemods.source.module import Module
from codemods.source.nodes import dotted

BUILDER = "tensorflow.saved_model.Builder"
_ADDS = ("add_meta_graph_and_variables", "add_meta_graph")


@dataclass(frozen=True, slots=True)
class BuilderUse:
    """One constructor call and what happens to the builder. `escapes` tells that it goes where this cannot look."""

    constructor: cst.Call
    adds: tuple[cst.Call, ...]
    saves: tuple[cst.Call, ...]
    escapes: bool

    @property
    def calls(self) -> tuple[cst.Call, ...]:
        return (self.constructor, *self.adds, *self.saves)


def builder_uses(module: Module) -> Iterator[BuilderUse]:
    """Yield every builder of the module in source order."""
    for call in module.calls:
        if module.resolve_call(call) == BUILDER:
            yield builder_use(module, call)


def signature_map(call: cst.Call) -> cst.BaseExpression | None:
    """Return the `signature_def_map` of an add, None where it is absent or the literal None."""
    position = 2 if _method(call) == _ADDS[0] else 1
    given = argument(call, "signature_def_map", position)
    if given is None or (isinstance(given.value, cst.Name) and given.value.value == "None"):
        return None
    return given.value


def lacks_signature(call: cst.Call) -> bool:
    """Whether it is certain that the add passes no signature."""
    return not has_star(call) and signature_map(call) is None


def _method(call: cst.Call) -> str | None:
    return call.func.attr.value if isinstance(call.func, cst.Attribute) else None


def builder_use(module: Module, constructor: cst.Call) -> BuilderUse:
    """Return what happens to the builder that a call constructs."""
    target = _target(module, constructor)
    if target is None:
        return BuilderUse(constructor, (), (), escapes=True)
    uses = list(_uses(module, constructor, target))
    adds, saves, escapes = [], [], False
    for node in uses:
        parent = module.parent(node)
        method = parent.attr.value if isinstance(parent, cst.Attribute) and parent.value is node else None
        call = module.parent(parent) if parent is not None else None
        if not isinstance(call, cst.Call) or call.func is not parent:
            escapes = True
        elif method in _ADDS:
            adds.append(call)
        elif method == "save":
            saves.append(call)
        else:
            escapes = True
    return BuilderUse(constructor, tuple(adds), tuple(saves), escapes)


def _target(module: Module, constructor: cst.Call) -> cst.BaseExpression | None:
    """Return the name or attribute the builder is assigned to."""
    parent = module.parent(constructor)
    if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
        target = parent.targets[0].target
        return target if isinstance(target, (cst.Name, cst.Attribute)) else None
    if isinstance(parent, cst.AnnAssign):
        return parent.target
    return None


def _uses(module: Module, constructor: cst.Call, target: cst.BaseExpression) -> Iterator[cst.CSTNode]:
    if isinstance(target, cst.Name):
        for name in module.names.get(target.value, []):
            if isinstance(module.parent(name), cst.AssignTarget):
                continue
            if any(binding.node is target for binding in module.bindings(name)):
                yield name
        return
    spelled = dotted(target)
    around = module.enclosing(constructor, cst.ClassDef) or module.tree
    for node in module.nodes:
        if not isinstance(node, cst.Attribute) or node is target or dotted(node) != spelled:
            continue
        is_inside = around is module.tree or around in module.ancestors(node)
        if is_inside and not isinstance(module.parent(node), cst.AssignTarget):
            yield node

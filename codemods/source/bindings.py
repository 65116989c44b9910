"""Which bindings of a name can give it its value at one place of the code."""

from __future__ import annotations

import libcst as cst

from codemods.source.scopes import Binding, BindingKind, Scope
from codemods.source.syntax_tree import SyntaxTree

_COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
_IN_PLACE = frozenset({cst.ClassDef, *_COMPREHENSIONS})
_LOOPS = frozenset({cst.For, cst.While})
_SUITES = frozenset({cst.IndentedBlock, cst.SimpleStatementSuite, cst.Module, cst.Lambda, *_COMPREHENSIONS})


def reaching_bindings(tree: SyntaxTree, name: cst.Name) -> list[Binding]:
    """Return the bindings that may give `name` its value at this place, latest first.

    In the scope that binds it, only those that can reach the place; from a nested function, all of them.
    """
    owner = tree.scope(name).owner(name.value)
    if owner is None:
        return []
    everything = owner.bindings[name.value]
    if _home(tree.scope(name)) is not _home(owner):
        return list(reversed(everything))
    return _reaching(tree, name, everything)


def _home(scope: Scope) -> Scope:
    """Return the scope in whose flow the code runs: comprehensions and class bodies run in place."""
    while scope.parent is not None and type(scope.node) in _IN_PLACE:
        scope = scope.parent
    return scope


def _reaching(tree: SyntaxTree, use: cst.CSTNode, everything: list[Binding]) -> list[Binding]:
    reaching: list[Binding] = []
    around = [use, *tree.ancestors(use)]
    inside = {id(node) for node in around}
    loop = next((node for node in reversed(around) if type(node) in _LOOPS), None)
    order = tree.index.order
    place = order[use]
    for binding in reversed(everything):
        is_before = order[binding.node] < place and not _assigns_around(binding, inside)
        if not is_before and not (loop is not None and loop in tree.ancestors(binding.node)):
            continue
        if _excludes(tree, binding, inside):
            continue
        reaching.append(binding)
        if is_before and _dominates(tree, binding, around, inside):
            break
    return reaching


def _assigns_around(binding: Binding, inside: set[int]) -> bool:
    """Whether the use stands in the very value that is being assigned."""
    return binding.kind in (BindingKind.ASSIGN, BindingKind.UNPACK) and id(binding.value) in inside


def _suite(tree: SyntaxTree, node: cst.CSTNode) -> cst.CSTNode:
    return next((ancestor for ancestor in tree.ancestors(node) if type(ancestor) in _SUITES), tree.tree)


def _dominates(tree: SyntaxTree, binding: Binding, around: list[cst.CSTNode], inside: set[int]) -> bool:
    if binding.kind in (BindingKind.PARAM, BindingKind.WITH):
        return True
    if binding.kind is BindingKind.LOOP:
        return id(tree.parent(binding.node)) in inside or any(
            isinstance(node, (cst.For, cst.CompFor)) and node.target is binding.node for node in around
        )
    return id(_suite(tree, binding.node)) in inside


def _excludes(tree: SyntaxTree, binding: Binding, inside: set[int]) -> bool:
    """Whether binding and use stand in branches of one `if` that exclude each other: it is the nearest around both."""
    child: cst.CSTNode = binding.node
    for ancestor in tree.ancestors(binding.node):
        if id(ancestor) in inside:
            if type(ancestor) is not cst.If:
                return False
            assert isinstance(ancestor, cst.If)
            use_in_body = id(ancestor.body) in inside
            use_in_else = ancestor.orelse is not None and id(ancestor.orelse) in inside
            return (child is ancestor.body and use_in_else) or (child is ancestor.orelse and use_in_body)
        child = ancestor
    return False

"""Scopes and bindings of one module: who binds a name, where, with which value.

LibCST's own scope provider keeps no order of assignments and drops the assigned values; rules need both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import libcst as cst

from codemods.source.nodes import children, dotted


class BindingKind(Enum):
    """How a name came to be."""

    ASSIGN = "assign"
    UNPACK = "unpack"
    AUGMENTED = "augmented"
    IMPORT = "import"
    PARAM = "param"
    FUNCTION = "function"
    CLASS = "class"
    LOOP = "loop"
    WITH = "with"
    EXCEPT = "except"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One place that binds `name`. `value` is the assigned, iterated or entered expression, where there is one.

    For `IMPORT` `target` is the dotted name of what was imported, for relative imports with leading dots.
    """

    name: str
    kind: BindingKind
    node: cst.CSTNode
    value: cst.BaseExpression | None = None
    target: str | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class, function or comprehension."""

    node: cst.CSTNode
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    outer_names: dict[str, bool] = field(default_factory=dict)  # name -> is it `global` (else `nonlocal`)
    star_imports: list[str] = field(default_factory=list)

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, cst.ClassDef)

    @property
    def is_module(self) -> bool:
        return self.parent is None

    def module_scope(self) -> Scope:
        """Return the outermost scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def owner(self, name: str) -> Scope | None:
        """Return the scope whose bindings a use of `name` here refers to, None for builtins and unknown names."""
        scope: Scope | None = self
        first = True
        while scope is not None:
            is_global = scope.outer_names.get(name)
            if is_global:
                module = scope.module_scope()
                return module if name in module.bindings else None
            if is_global is None and name in scope.bindings and (first or not scope.is_class):
                return scope
            if not isinstance(scope.node, (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)):
                first = False
            scope = scope.parent
        return None

    def bind(self, binding: Binding) -> None:
        """Record a binding, in the scope that `global` and `nonlocal` statements send it to."""
        scope: Scope | None = self
        is_global = self.outer_names.get(binding.name)
        if is_global:
            scope = self.module_scope()
        elif is_global is False:
            scope = self.parent
        if scope is not None:
            scope.bindings.setdefault(binding.name, []).append(binding)


@dataclass(frozen=True, slots=True)
class ScopeIndex:
    """The scopes of a module: by node, and the parent of every node."""

    module_scope: Scope
    scope_of: dict[cst.CSTNode, Scope]
    parent_of: dict[cst.CSTNode, cst.CSTNode]
    order: dict[cst.CSTNode, int]


_COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
_BINDING = (
    cst.Assign,
    cst.AnnAssign,
    cst.AugAssign,
    cst.NamedExpr,
    cst.For,
    cst.CompFor,
    cst.WithItem,
    cst.ExceptHandler,
    cst.ExceptStarHandler,
    cst.Del,
    cst.Global,
    cst.Nonlocal,
    cst.Import,
    cst.ImportFrom,
)
_SPECIAL = frozenset({*_COMPREHENSIONS, *_BINDING, cst.FunctionDef, cst.ClassDef, cst.Lambda, cst.Param})


class ScopeBuilder:
    """Builds the index in one walk."""

    def __init__(self, module: cst.Module) -> None:
        self._scope_of: dict[cst.CSTNode, Scope] = {}
        self._parent_of: dict[cst.CSTNode, cst.CSTNode] = {}
        self._order: dict[cst.CSTNode, int] = {}
        self._module_scope = Scope(module, None)
        self._visit(module, self._module_scope)

    def index(self) -> ScopeIndex:
        """Return what was found."""
        return ScopeIndex(self._module_scope, self._scope_of, self._parent_of, self._order)

    def _visit(self, node: cst.CSTNode, scope: Scope) -> None:
        self._scope_of[node] = scope
        self._order[node] = len(self._order)
        if type(node) not in _SPECIAL:  # most nodes; `isinstance` on LibCST's abstract classes is slow
            self._descend(node, scope)
        elif isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self._visit_definition(node, scope)
        elif isinstance(node, cst.Lambda):
            inner = Scope(node, scope)
            self._bind_parameters(node.params, inner)
            self._descend(node, inner)
        elif isinstance(node, _COMPREHENSIONS):
            self._descend(node, Scope(node, scope))
        elif isinstance(node, cst.Param):
            self._visit_parameter(node, scope)
        else:
            self._bind_statement(node, scope)
            self._descend(node, scope)

    def _descend(self, node: cst.CSTNode, scope: Scope) -> None:
        ordered = children(node)
        if type(node) in _COMPREHENSIONS:
            ordered = iter(sorted(ordered, key=lambda child: not isinstance(child, cst.CompFor)))
        for child in ordered:
            self._parent_of[child] = node
            self._visit(child, scope)

    def _visit_definition(self, node: cst.FunctionDef | cst.ClassDef, scope: Scope) -> None:
        kind = BindingKind.FUNCTION if isinstance(node, cst.FunctionDef) else BindingKind.CLASS
        scope.bind(Binding(node.name.value, kind, node))
        inner = Scope(node, scope)
        if isinstance(node, cst.FunctionDef):
            self._bind_parameters(node.params, inner)
        for child in children(node):
            self._parent_of[child] = node
            outside = child in node.decorators or child is node.name
            outside = outside or (isinstance(node, cst.ClassDef) and child is not node.body)
            self._visit(child, scope if outside else inner)

    def _visit_parameter(self, node: cst.Param, scope: Scope) -> None:
        """A default is evaluated where the function is defined: in `def f(x=x)` it is the outer `x`."""
        for child in children(node):
            self._parent_of[child] = node
            is_default = child is node.default and scope.parent is not None
            self._visit(child, scope.parent if is_default and scope.parent is not None else scope)

    def _bind_parameters(self, parameters: cst.Parameters, scope: Scope) -> None:
        everything = [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]
        for extra in (parameters.star_arg, parameters.star_kwarg):
            if isinstance(extra, cst.Param):
                everything.append(extra)
        for parameter in everything:
            scope.bind(Binding(parameter.name.value, BindingKind.PARAM, parameter, parameter.default))

    def _bind_statement(self, node: cst.CSTNode, scope: Scope) -> None:
        binder = _BINDERS.get(type(node))
        if binder is not None:
            binder(self, node, scope)

    def _bind_assign(self, node: cst.Assign, scope: Scope) -> None:
        for target in node.targets:
            self._bind_target(target.target, BindingKind.ASSIGN, node.value, scope)

    def _bind_annotated(self, node: cst.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self._bind_target(node.target, BindingKind.ASSIGN, node.value, scope)

    def _bind_augmented(self, node: cst.AugAssign, scope: Scope) -> None:
        self._bind_target(node.target, BindingKind.AUGMENTED, node.value, scope)

    def _bind_named(self, node: cst.NamedExpr, scope: Scope) -> None:
        self._bind_target(node.target, BindingKind.ASSIGN, node.value, _not_comprehension(scope))

    def _bind_loop(self, node: cst.For | cst.CompFor, scope: Scope) -> None:
        self._bind_target(node.target, BindingKind.LOOP, node.iter, scope)

    def _bind_with(self, node: cst.WithItem, scope: Scope) -> None:
        if node.asname is not None:
            self._bind_target(node.asname.name, BindingKind.WITH, node.item, scope)

    def _bind_except(self, node: cst.ExceptHandler | cst.ExceptStarHandler, scope: Scope) -> None:
        if node.name is not None:
            self._bind_target(node.name.name, BindingKind.EXCEPT, None, scope)

    def _bind_deletion(self, node: cst.Del, scope: Scope) -> None:
        for name in _target_names(node.target):
            scope.bind(Binding(name.value, BindingKind.DELETE, name))

    def _bind_outer(self, node: cst.Global | cst.Nonlocal, scope: Scope) -> None:
        for item in node.names:
            scope.outer_names[item.name.value] = isinstance(node, cst.Global)

    def _bind_target(
        self, target: cst.BaseExpression, kind: BindingKind, value: cst.BaseExpression | None, scope: Scope
    ) -> None:
        if isinstance(target, cst.Name):
            scope.bind(Binding(target.value, kind, target, value))
            return
        for name in _target_names(target):
            scope.bind(Binding(name.value, BindingKind.UNPACK, name, value))

    def _bind_import(self, node: cst.Import | cst.ImportFrom, scope: Scope) -> None:
        if isinstance(node, cst.Import):
            for alias in node.names:
                full = dotted(alias.name) or ""
                bound = _alias_name(alias)
                name, target = (bound, full) if bound else (full.split(".")[0],) * 2
                scope.bind(Binding(name, BindingKind.IMPORT, alias, None, target))
            return
        prefix = "." * len(node.relative) + (dotted(node.module) or "" if node.module is not None else "")
        if isinstance(node.names, cst.ImportStar):
            scope.star_imports.append(prefix)
            return
        for alias in node.names:
            name = dotted(alias.name) or ""
            target = f"{prefix}{name}" if prefix.endswith(".") else f"{prefix}.{name}"
            scope.bind(Binding(_alias_name(alias) or name, BindingKind.IMPORT, alias, None, target))


# By type: `isinstance` for each kind in turn, asked of every node of a file, is slow.
_BINDERS: dict[type[cst.CSTNode], Callable[[ScopeBuilder, Any, Scope], None]] = {
    cst.Assign: ScopeBuilder._bind_assign,
    cst.AnnAssign: ScopeBuilder._bind_annotated,
    cst.AugAssign: ScopeBuilder._bind_augmented,
    cst.NamedExpr: ScopeBuilder._bind_named,
    cst.For: ScopeBuilder._bind_loop,
    cst.CompFor: ScopeBuilder._bind_loop,
    cst.WithItem: ScopeBuilder._bind_with,
    cst.ExceptHandler: ScopeBuilder._bind_except,
    cst.ExceptStarHandler: ScopeBuilder._bind_except,
    cst.Del: ScopeBuilder._bind_deletion,
    cst.Global: ScopeBuilder._bind_outer,
    cst.Nonlocal: ScopeBuilder._bind_outer,
    cst.Import: ScopeBuilder._bind_import,
    cst.ImportFrom: ScopeBuilder._bind_import,
}


def _alias_name(alias: cst.ImportAlias) -> str | None:
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    return None


def _target_names(target: cst.CSTNode) -> Iterator[cst.Name]:
    """Yield the names a target binds; subscripts and attributes bind none."""
    if isinstance(target, cst.Name):
        yield target
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _target_names(element.value)


def _not_comprehension(scope: Scope) -> Scope:
    while isinstance(scope.node, _COMPREHENSIONS) and scope.parent is not None:
        scope = scope.parent
    return scope


def build_index(module: cst.Module) -> ScopeIndex:
    """Return scopes, parents and the source order of every node of the module."""
    return ScopeBuilder(module).index()

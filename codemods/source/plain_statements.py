"""What plain statements name, bind, assign and call."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.source.module import Module
from codemods.source.nodes import walk
from codemods.source.scopes import BindingKind


def names_in(module: Module, node: cst.CSTNode) -> Iterator[cst.Name]:
    """Yield the names that a node uses, those that only look like names (keywords, attributes) left out."""
    for child in walk(node):
        if isinstance(child, cst.Name) and child in module.names.get(child.value, ()):
            yield child


def names_bound(module: Module, statement: cst.CSTNode) -> set[str]:
    """Return the names a statement binds in its own scope."""
    scope = module.scope(statement)
    inside = {id(node) for node in walk(statement)}
    return {
        name
        for name, bindings in scope.bindings.items()
        for binding in bindings
        if id(binding.node) in inside and binding.kind is not BindingKind.PARAM
    }


def assigned_value(statement: cst.CSTNode) -> cst.BaseExpression | None:
    """Return the value of a statement that assigns to one plain name and does nothing else."""
    if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
        part = statement.body[0]
        if isinstance(part, cst.Assign) and len(part.targets) == 1 and isinstance(part.targets[0].target, cst.Name):
            return part.value
    return None


def assigned_call(statement: cst.CSTNode) -> cst.Call | None:
    """Return the call of a statement that assigns its result to one plain name."""
    value = assigned_value(statement)
    return value if isinstance(value, cst.Call) else None


def only_call(statement: cst.CSTNode) -> cst.Call | None:
    """Return the call of a statement that is nothing but a call."""
    if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
        part = statement.body[0]
        if isinstance(part, cst.Expr) and isinstance(part.value, cst.Call):
            return part.value
    return None


def binds_names_only(part: cst.CSTNode) -> bool:
    """Whether an assignment has plain names as targets: no attribute and no item of anything is changed."""
    targets = (
        [target.target for target in part.targets] if isinstance(part, cst.Assign) else [getattr(part, "target", None)]
    )
    return all(
        isinstance(node, (cst.Name, cst.Tuple, cst.List))
        and not any(isinstance(n, (cst.Subscript, cst.Attribute)) for n in walk(node))
        for node in targets
        if node is not None
    )

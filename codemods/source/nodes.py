"""A fast walk over LibCST nodes: children by field, without the visitor machinery and without whitespace nodes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache

import libcst as cst

_LAYOUT = frozenset(
    {"header", "footer", "leading_lines", "lines_after_decorators", "comma", "semicolon", "colon", "dot"}
)


@cache
def _fields(node_class: type[cst.CSTNode]) -> tuple[str, ...]:
    names = (field.name for field in dataclasses.fields(node_class))
    return tuple(name for name in names if "whitespace" not in name and name not in _LAYOUT)


_NODE_TYPES: dict[type, bool] = {}


def _is_node(kind: type) -> bool:
    """Whether values of a type are nodes. Asking `isinstance` each time goes through `abc` and is slow."""
    known = _NODE_TYPES.get(kind)
    if known is None:
        known = _NODE_TYPES[kind] = issubclass(kind, cst.CSTNode)
    return known


def children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield the direct children that mean something, in source order but for comprehensions."""
    for name in _fields(type(node)):
        value = getattr(node, name)
        kind = type(value)
        if kind is list or kind is tuple:
            for item in value:
                if _is_node(type(item)):
                    yield item
        elif _is_node(kind):
            yield value


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield the node and everything below it, parents first."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(children(current))))


def dotted(node: cst.CSTNode) -> str | None:
    """Return `a.b.c` for a chain of names, None for anything else."""
    parts: list[str] = []
    current: cst.CSTNode = node
    while isinstance(current, cst.Attribute):
        parts.append(current.attr.value)
        current = current.value
    if not isinstance(current, cst.Name):
        return None
    parts.append(current.value)
    return ".".join(reversed(parts))


def root_names(expression: cst.CSTNode) -> frozenset[str]:
    """Return the name an attribute chain hangs on: the import that may become unused."""
    while isinstance(expression, cst.Attribute):
        expression = expression.value
    return frozenset({expression.value}) if isinstance(expression, cst.Name) else frozenset()


def bound_name(alias: cst.ImportAlias) -> str:
    """Return the name that an import binds."""
    return alias.evaluated_alias or alias.evaluated_name.split(".")[0]

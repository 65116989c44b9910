"""Stock ops in place of ops that a TensorFlow 2 SavedModel cannot hold: they give the same numbers, bit for bit.

An op is one module here, which says in `STAND_INS` what makes its nodes; its numbers are those of a model in `fixtures`
that TensorFlow 1.15.5 ran. `python -m tests.gone_ops` lists the ops of TensorFlow 1.15 that are gone.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from migrate.graph.stand_ins.nodes import Builder

StandIn = Callable[[Builder], Iterable[Any]]
_HELPERS = frozenset({"nodes", "traced"})


@cache
def stand_ins() -> Mapping[str, StandIn]:
    """Return what makes the nodes that stand in for an op, by op."""
    found: dict[str, StandIn] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name not in _HELPERS:
            found.update(importlib.import_module(f"{__name__}.{module.name}").STAND_INS)
    return found


def with_stand_ins(nodes: Iterable[Any]) -> tuple[Any, ...]:
    """Return the nodes, with each one that has a stand-in replaced by nodes that give the same numbers."""
    known = stand_ins()
    return tuple(
        replacement
        for node in nodes
        for replacement in (known[node.op](Builder(node)) if node.op in known else (node,))
    )


def without_stand_ins(nodes: Iterable[Any]) -> tuple[Any, ...]:
    """Return the nodes that stay as they are."""
    return tuple(node for node in nodes if node.op not in stand_ins())

"""Exports that are handed on as values instead of being called: `partial(tf.saved_model.simple_save, sess)`."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.rule import Draft
from codemods.site import Guidance, Outcome
from codemods.source.module import Module
from codemods.source.tensorflow_uses import tensorflow_uses


def handed_on(module: Module, symbol: str) -> Iterator[Draft]:
    """Yield a site for every use of the symbol as a value; a plain alias is none: its calls are found by themselves."""
    for use in tensorflow_uses(module):
        if use.name != symbol.partition(".")[2]:
            continue
        parent = module.parent(use.node)
        if isinstance(parent, cst.Call) and parent.func is use.node:
            continue
        if _is_alias(parent) or module.enclosing(use.node, cst.Annotation) is not None:
            continue
        reason = (
            f"`{module.code(use.node)}` is handed on or derived from here, not called: look at what uses it, "
            "then take the one of migrate.shim"
        )
        yield Draft(use.node, symbol, Outcome.MANUAL, reason, guidance=Guidance.REVIEW)


def _is_alias(parent: cst.CSTNode | None) -> bool:
    """Whether the value only gets a name: the name is followed to its calls."""
    if isinstance(parent, cst.AnnAssign):
        return isinstance(parent.target, cst.Name)
    return isinstance(parent, cst.Assign) and all(isinstance(each.target, cst.Name) for each in parent.targets)

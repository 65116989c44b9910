"""Native drafts for exports of a restored graph, shared by the rules for `simple_save` and for the builder."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from codemods.compat.generations import meant_by
from codemods.edit.tensorflow_names import Api, NoSpelling, spelling
from codemods.exports.session_exports import session_exports
from codemods.graphs.restored_code import restored_edits
from codemods.graphs.restored_graphs import restored_build
from codemods.rule import Draft
from codemods.site import Guidance, Outcome
from codemods.source.generation import Generation
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.nodes import root_names

_REASON = (
    "the graph is built here on local placeholders and restored from a checkpoint, for nothing but this export: "
    "a tf.Module builds it from the same code"
)

_NAMES = ("Module", "function", "TensorSpec", "saved_model.save")


def restored_drafts(module: Module, symbol: str) -> Mapping[cst.CSTNode, Draft]:
    """Return the native drafts by their first call; only in eager mode, and where TensorFlow can be compat.v1."""
    if module.program.mode is not Mode.EAGER:
        return {}
    tf = spelling(module, module.tree, *_NAMES, api=Api.V2)
    if isinstance(tf, NoSpelling) or tf.imports:
        return {}  # its weights and placeholders are spelled through what the file imports
    drafts: dict[cst.CSTNode, Draft] = {}
    for export in session_exports(module):
        if export.symbol != symbol or (build := restored_build(module, export)) is None:
            continue
        freed = frozenset[str]().union(
            *(root_names(call.func) for call in module.calls if _is_gone(module, call, build.gone))
        )
        drafts[export.node] = Draft(
            node=export.node,
            symbol=symbol,
            outcome=Outcome.NATIVE,
            reason=_REASON,
            edits=restored_edits(module, build, tf.code),
            freed=freed,
            claims=export.calls[1:],
            guidance=Guidance.REVIEW,
            wants_v1=meant_by(module) is Generation.V1,
        )
    return drafts


def _is_gone(module: Module, call: cst.Call, gone: tuple[cst.CSTNode, ...]) -> bool:
    return any(ancestor in gone for ancestor in module.ancestors(call))

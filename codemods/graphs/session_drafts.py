"""Exports in graph mode without the shim (`--self-contained`): a class and a function in the file, a call a site.

Only for repositories that may not depend on tf1to2 when they run: it is the shim's machinery, copied into the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libcst as cst

from codemods.compat.v1_spelling import spelled_out
from codemods.compat.v1_usage import switches_import
from codemods.edit.edits import Edit, Import
from codemods.edit.layout import call_lines, free_name, indent_at, indent_unit, newline_of
from codemods.edit.lines import in_place_of, lines
from codemods.edit.statements import Replacement
from codemods.edit.tensorflow_names import Api, NoSpelling, spelling
from codemods.edit.top_level import definition_edit
from codemods.exports.session_exports import SessionExport, own_statement
from codemods.exports.signatures import constant
from codemods.graphs.code_around import no_signature_left, signature_key, tensors_for_infos
from codemods.graphs.session_graphs import GraphOrigin, SessionGraph, session_graphs
from codemods.graphs.session_moves import are_only_exported, may_move
from codemods.graphs.session_template import session_graph_source
from codemods.rule import Draft
from codemods.site import Guidance, Outcome
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.nodes import walk
from codemods.source.tensorflow_uses import tensorflow_uses

_REASONS = {
    GraphOrigin.IMPORTED: (
        "self-contained: the graph is imported and served as it is, with the values that the session holds"
    ),
    GraphOrigin.KERAS: (
        "self-contained: the session is that of Keras, its graph is served as it is, with the weights that it holds"
    ),
    GraphOrigin.IN_REACH: (
        "self-contained: all code that builds the graph is in reach, makes only ops and weights, and is served as it is"
    ),
}


SELF_CONTAINED = (
    "With --self-contained, what only the shim keeps (tables, assets, classify and regress, other tags) is reported, "
    "and a gradient through a custom gradient fails."
)
"""A limit of the rules for live sessions."""


def session_graph_drafts(module: Module, origin: GraphOrigin, symbol: str | None = None) -> Mapping[cst.CSTNode, Draft]:
    """Return the drafts of one origin by their first call, those of one symbol where it is given."""
    if not module.program.self_contained or module.program.mode is not Mode.GRAPH:
        return {}
    drafts = module.program_memo.get("session_graph_drafts")
    if not isinstance(drafts, list):
        drafts = module.program_memo["session_graph_drafts"] = list(_drafts(module))
    return {
        item.export.node: draft
        for item, draft in drafts
        if item.origin is origin and symbol in (None, item.export.symbol)
    }


@dataclass(frozen=True, slots=True)
class _Rewrite:
    """How one export changes, but for the class and the function that all of a file share."""

    item: SessionGraph
    call: Edit
    edits: tuple[Edit, ...]
    freed: frozenset[str]


def _drafts(module: Module) -> Iterator[tuple[SessionGraph, Draft]]:
    spelled = _spelled_v1(module)
    if spelled is None:
        return
    v1, imports, wants_v1 = spelled
    names = free_name(module, "ServedGraph"), free_name(module, "save_graph")
    rewrites = [
        rewrite
        for item in session_graphs(module)
        if (rewrite := _rewrite(module, item, names[1], wants_v1)) is not None
    ]
    if not rewrites:
        return
    source = session_graph_source(v1, *names, indent_unit(module))
    definition = definition_edit(module, rewrites[0].item.export.node, source, (rewrites[0].call, *rewrites[0].edits))
    bound = module.index.module_scope.bindings.get(v1.split(".")[0], [])
    if any(module.start(binding.node) > definition.start for binding in bound):
        return  # a class derives from TensorFlow's: it cannot stand above the import
    for rewrite in rewrites:
        item, export = rewrite.item, rewrite.item.export
        yield (
            item,
            Draft(
                node=export.node,
                symbol=export.symbol,
                outcome=Outcome.SHIM,
                reason=_REASONS[item.origin],
                edits=tuple(dict.fromkeys((definition, rewrite.call, *rewrite.edits))),
                imports=imports,
                freed=rewrite.freed,
                packages=frozenset({"tf-keras"}) if item.origin is GraphOrigin.KERAS else frozenset(),
                claims=export.calls[1:],
                guidance=Guidance.REVIEW,
                wants_v1=wants_v1,
            ),
        )


def _rewrite(module: Module, item: SessionGraph, function_name: str, wants_v1: bool) -> _Rewrite | None:
    export = item.export
    statements = [own_statement(module, call) for call in export.calls]
    taking = own_statement(module, export.taking)
    if taking is None:
        return None
    gone = [statement for statement in (*statements, *export.spent) if statement is not None]
    kept = list(_kept(module, export))
    if not may_move(module, export, kept):
        return None
    change = Replacement(module, gone, kept, list(_inside(module, export, kept, wants_v1)))
    if not no_signature_left(module, export, change) or not are_only_exported(
        module, module.function(export.node), change.gone
    ):
        return None
    code = call_lines(function_name, list(_arguments(module, export, change)), indent_unit(module))
    body = lines(indent_at(module, taking), newline_of(module), *change.comments([taking]), *code)
    return _Rewrite(item, in_place_of(module, taking, body), tuple(change.edits([taking])), change.freed())


def _kept(module: Module, export: SessionExport) -> Iterator[cst.BaseExpression]:
    yield export.session
    yield export.path
    for signature in export.signatures:
        if signature.key is not None and constant(module, signature.key) is None:
            yield signature.key
        yield signature.inputs
        yield signature.outputs


def _inside(module: Module, export: SessionExport, kept: list[cst.BaseExpression], wants_v1: bool) -> Iterator[Edit]:
    yield from tensors_for_infos(module, module.function(export.node))
    if not wants_v1:
        inside = {id(node) for expression in kept for node in walk(expression)}
        yield from spelled_out(module, [use for use in tensorflow_uses(module) if id(use.node) in inside])


def _spelled_v1(module: Module) -> tuple[str, tuple[Import, ...], bool] | None:
    """Return how to spell `tensorflow.compat.v1` at the top level, what that imports, and if the file's import does."""
    found = spelling(module, module.tree, "Session", "gfile.Exists", api=Api.V1)
    if isinstance(found, NoSpelling):
        return None
    tf = found.code.removesuffix(".compat.v1")
    if tf == found.code or not switches_import(module, tensorflow_uses(module)):
        return found.code, found.imports, False
    return tf, (), True


def _arguments(module: Module, export: SessionExport, change: Replacement) -> Iterator[str]:
    yield change.text(export.session)
    yield change.text(export.path)
    entries = []
    for signature in export.signatures:
        ends = f"({change.text(signature.inputs)}, {change.text(signature.outputs)})"
        entries.append(f"{signature_key(module, signature, change)}: {ends}")
    yield "{" + ", ".join(entries) + "}"

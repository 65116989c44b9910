"""A frozen GraphDef that is imported and exported again becomes a native TF2 SavedModel.

The import stays as it is, in its graph; that is then wrapped by `tf.compat.v1.wrap_function`, pruned to each signature,
and written by `tf.saved_model.save` under the same keys. A graph with variables, whose values are the session's, stays
with the shim, and so does a program in graph mode.
"""

from __future__ import annotations

import itertools
import keyword
from collections.abc import Iterator
from dataclasses import dataclass, replace

import libcst as cst

from codemods.edit.edits import Edit
from codemods.edit.layout import call_lines, free_name, indent_at, indent_unit, newline_of
from codemods.edit.lines import after_lines, end_of, in_place_of, lines
from codemods.edit.statements import Replacement
from codemods.edit.tensorflow_names import Api, NoSpelling, Spelling, spelling
from codemods.edit.top_level import definition_edit
from codemods.engine.runnable import RunnableRule
from codemods.exports.input_keys import refuses_keys
from codemods.exports.session_exports import (
    OVERWRITES,
    SessionExport,
    is_tables_initializer,
    own_statement,
    same_value,
    session_exports,
)
from codemods.exports.signatures import conditions, constant
from codemods.graphs.code_around import adopted_calls, moved_code, no_signature_left, signature_key, tensors_for_infos
from codemods.graphs.graph_template import IMPORTED_TRACE, function_source
from codemods.graphs.imported_graphs import ImportedSession, graph_blocks, imported_session, is_logging
from codemods.graphs.session_drafts import session_graph_drafts
from codemods.graphs.session_graphs import GraphOrigin
from codemods.graphs.session_template import SESSION_TRACE
from codemods.rule import Draft, Example
from codemods.site import Guidance, Outcome
from codemods.source.mode import Mode
from codemods.source.module import Module

_NAMES = ("Module", "function", "TensorSpec", "Variable", "import_graph_def", "saved_model.save")
_BEFORE = """import tensorflow as tf

with tf.Session(graph=tf.Graph()) as sess:
    tf.import_graph_def(graph_def, name="")
    x = sess.graph.get_tensor_by_name("x:0")
    y = sess.graph.get_tensor_by_name("y:0")
    tf.saved_model.simple_save(sess, path, inputs={"x": x}, outputs={"y": y})
"""
_AFTER = (
    "import tensorflow as tf\n\n\n",
    """

with tf.compat.v1.Session(graph=tf.Graph()) as sess:
    tf.import_graph_def(graph_def, name="")
    x = sess.graph.get_tensor_by_name("x:0")
    y = sess.graph.get_tensor_by_name("y:0")

serving_default = imported_function(sess.graph, inputs={"x": x}, outputs={"y": y})
tf.saved_model.save(tf.Module(), path, signatures={"serving_default": serving_default})
""",
)


_REASON = "the graph is an imported GraphDef without variables: it is wrapped as it is and cut to each signature"


@dataclass(frozen=True, slots=True)
class _Site:
    """An export of an imported graph, the outermost block that enters its graph, and a condition inside of that."""

    export: SessionExport
    session: ImportedSession
    block: cst.With | None
    condition: cst.If | None


class ImportedGraph(RunnableRule):
    """Exports of imported graphs."""

    id = "SM104"
    name = "imported-graph"
    summary = "A frozen GraphDef, imported and exported again, becomes a native TF2 SavedModel"
    why = "The export was written in the TF1 format; the graph is data here, so TensorFlow 2 can wrap it as it is."
    link = "https://www.tensorflow.org/api_docs/python/tf/compat/v1/wrap_function"
    guidance = Guidance.REVIEW
    tokens = (b"import_graph_def", b"import_meta_graph")
    traces = (IMPORTED_TRACE, SESSION_TRACE)
    precedence = 10
    examples = (
        Example(
            before=_BEFORE,
            after=function_source("tf", "imported_function", "    ").join(_AFTER),
        ),
    )
    limits = (
        "Only predict signatures under the tag serve; other methods and tags stay with the shim.",
        "A graph with variables (a MetaGraph, or more built upon the import) stays with the shim.",
        "A custom gradient that a graph names is not kept, as no file holds its code: the ordinary one stands in.",
        OVERWRITES,
    )

    def plan(self, module: Module) -> Iterator[Draft]:
        """Yield the exports whose session runs an imported graph."""
        if module.program.mode is not Mode.EAGER:
            yield from session_graph_drafts(module, GraphOrigin.IMPORTED).values()
            return
        tf = spelling(module, module.tree, *_NAMES, api=Api.V2)
        if isinstance(tf, NoSpelling):
            return
        exports = list(session_exports(module))
        sites = [site for export in exports if (site := _site(module, export, exports)) is not None]
        drafts = [draft for site in sites if (draft := _draft(module, site, tf)) is not None]
        drafts.sort(key=lambda draft: module.start(draft.node))
        for draft in drafts:
            definition = _definition(module, drafts[0], tf)
            yield replace(draft, edits=tuple(dict.fromkeys((definition, *draft.edits))))


def _site(module: Module, export: SessionExport, exports: list[SessionExport]) -> _Site | None:
    session = imported_session(module, export.session, export.taking)
    if session is None or session.has_state:
        return None
    if any(refuses_keys(module, signature.inputs) for signature in export.signatures):
        return None
    if export.init_op is not None and not is_tables_initializer(module, export.init_op):
        return None
    function = module.function(export.node)
    if function is not None and sum(module.function(other.node) is function for other in exports) > 1:
        return None
    blocks = list(graph_blocks(module, export.writing))
    if not blocks:
        return _Site(export, session, None, None)
    inner = [block for block in conditions(module, export.writing) if blocks[-1] in module.ancestors(block)]
    condition: cst.If | None = None
    if inner:
        parent = module.parent(inner[0])
        if len(inner) > 1 or not isinstance(parent, cst.If) or parent.body is not inner[0] or parent.orelse is not None:
            return None
        if not isinstance(parent.test, (cst.Name, cst.Attribute)) or export.node is not export.writing:
            return None
        condition = parent
    if not _nothing_follows(module, export, blocks[-1]):
        return None
    return _Site(export, session, blocks[-1], condition)


def _nothing_follows(module: Module, export: SessionExport, block: cst.With) -> bool:
    """Whether the block does nothing of weight after the export, so that it can be written after the block."""
    statement: cst.CSTNode | None = own_statement(module, export.writing)
    while statement is not None and statement is not block:
        suite = module.parent(statement)
        if isinstance(suite, cst.IndentedBlock):
            later = itertools.dropwhile(lambda other: other is not statement, suite.body)  # noqa: B023 - used at once
            rest = list(later)[1:]
            if not all(is_logging(module, other) for other in rest):
                return False
        statement = module.parent(statement)
    return True


def _draft(module: Module, site: _Site, tf: Spelling) -> Draft | None:
    export, session = site.export, site.session
    statements = [own_statement(module, call) for call in export.calls]
    gone = [statement for statement in (*statements, *export.spent) if statement is not None]
    kept: list[cst.BaseExpression] = [export.path]
    for signature in export.signatures:
        kept += [signature.inputs, signature.outputs]
        if signature.key is not None and constant(module, signature.key) is None:
            kept.append(signature.key)
    moved = moved_code(module, kept, session)
    if moved is None or not all(same_value(module, node, export.writing) for node in kept):
        return None
    unwraps = list(tensors_for_infos(module, module.function(export.node)))
    change = Replacement(module, gone, kept, [*unwraps, *moved])
    if not no_signature_left(module, export, change):
        return None
    newline, unit = newline_of(module), indent_unit(module)
    anchor = site.block if site.block is not None else own_statement(module, export.writing)
    if anchor is None:
        return None
    indent = indent_at(module, anchor)
    edits: list[Edit] = []
    code = list(_export_code(module, site, change, tf.code, unit))
    comments = change.comments([anchor])
    if site.condition is not None:
        test = module.code(site.condition.test)
        code = [f"if {test}:", *(unit + line for statement in (*comments, *code) for line in statement.split("\n"))]
        comments = []
    body = lines(indent, newline, *comments, *code)
    if site.block is not None:
        edits.append(after_lines(module, end_of(module, site.block), newline + body))
    else:
        edits.append(in_place_of(module, anchor, body))
    edits.extend(change.edits([anchor]))
    edits.extend(adopted_calls(module, session))
    return Draft(
        node=export.node,
        symbol=export.symbol,
        outcome=Outcome.NATIVE,
        reason=_REASON,
        edits=tuple(dict.fromkeys(edits)),
        imports=tf.imports,
        wants_v2=tf.api is Api.V2,
        freed=change.freed(),
        claims=export.calls[1:],
    )


def _export_code(module: Module, site: _Site, change: Replacement, tf: str, unit: str) -> Iterator[str]:
    export = site.export
    made_by = _function_name(module)
    graph = f"{module.code(site.session.name)}.graph"
    taken: set[str] = set()
    signatures = []
    for signature in export.signatures:
        key = "serving_default" if signature.key is None else constant(module, signature.key)
        wanted = key if key is not None and key.isidentifier() and not keyword.iskeyword(key) else "serve"
        name = next(
            candidate
            for candidate in itertools.chain([wanted], (f"{wanted}_{count}" for count in itertools.count(2)))
            if candidate not in taken and (candidate not in module.names)
        )
        taken.add(name)
        signatures.append(f"{signature_key(module, signature, change)}: {name}")
        inputs, outputs = change.text(signature.inputs), change.text(signature.outputs)
        yield from call_lines(f"{name} = {made_by}", [graph, f"inputs={inputs}", f"outputs={outputs}"], unit)
    given = [f"{tf}.Module()", change.text(export.path), "signatures={" + ", ".join(signatures) + "}"]
    yield from call_lines(f"{tf}.saved_model.save", given, unit)


def _function_name(module: Module) -> str:
    return free_name(module, "imported_function")


def _definition(module: Module, first: Draft, tf: Spelling) -> Edit:
    """Return the edit that defines the function before the first top-level statement that needs it: all share it."""
    source = function_source(tf.code, _function_name(module), indent_unit(module))
    return definition_edit(module, first.node, source, first.edits)

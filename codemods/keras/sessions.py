"""What the session of Keras means to the code around an export: its block, its options, where it comes from."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.edit.edits import Edit
from codemods.edit.layout import indent_at
from codemods.edit.lines import end_of
from codemods.edit.statements import Replacement
from codemods.exports.session_exports import SessionExport, own_statement
from codemods.keras.models import keras_name
from codemods.source.module import Module
from codemods.source.nodes import walk


def session_block(module: Module, session: cst.BaseExpression) -> cst.With | bool | None:
    """Return the `with` block of the Keras session, None where there is none, False where it is no Keras session."""
    if isinstance(session, cst.Call):
        return None if keras_name(module, session.func) == "backend.get_session" else False
    if not isinstance(session, cst.Name):
        return False
    found = module.bindings(session)
    if len(found) != 1 or not isinstance(found[0].value, cst.Call):
        return False
    if keras_name(module, found[0].value.func) != "backend.get_session":
        return False
    block = module.enclosing(found[0].node, cst.With)
    if block is not None and any(item.item is found[0].value for item in block.items):
        return block if len(block.items) == 1 and isinstance(block.body, cst.IndentedBlock) else False
    return None


def phase_statement(module: Module, call: cst.Call) -> cst.SimpleStatementLine | None:
    """Return the statement that sets learning phase 0, which `training=False` replaces."""
    statement = own_statement(module, call)
    off = module.code(call.args[0].value) in ("0", "False")
    return statement if off and isinstance(module.parent(call), cst.Expr) else None


def session_statement(module: Module, call: cst.Call) -> cst.SimpleStatementLine | None:
    """Return the statement that makes Keras use a session without options: it means nothing to an eager model."""
    if keras_name(module, call.func) != "backend.set_session" or len(call.args) != 1:
        return None
    made = module.value(call.args[0].value)
    if not isinstance(made, cst.Call) or made.args or module.resolve_call(made) != "tensorflow.Session":
        return None
    return own_statement(module, call) if isinstance(module.parent(call), cst.Expr) else None


def uses_session(module: Module, session: cst.BaseExpression, statement: cst.CSTNode, change: Replacement) -> bool:
    """Whether a statement that stays uses the session."""
    if statement in change.gone or not isinstance(session, cst.Name):
        return False
    going = {id(node) for other in change.gone for node in walk(other)}
    return any(
        isinstance(node, cst.Name) and node.value == session.value and id(node) not in going for node in walk(statement)
    )


def without_header(module: Module, block: cst.With, change: Replacement) -> Iterator[Edit]:
    """Yield the edits that leave the body of a `with` block without its header, one step less indented."""
    header = module.line_end(module.end(block.items[-1]))
    yield Edit(module.line_start(module.start(block)), header, "")
    outer = len(indent_at(module, block))
    step = len(indent_at(module, block.body.body[0])) - outer
    strings = [
        (module.start(node), module.end(node))
        for node in walk(block)
        if isinstance(node, (cst.SimpleString, cst.FormattedString)) and "\n" in module.code(node)
    ]
    spans = change.spans()
    position, stop = header, end_of(module, block)
    while position < stop:
        line = module.text[position : module.line_end(position)]
        inside = any(a < position < b for a, b in strings) or any(a <= position + outer + step < b for a, b in spans)
        if line.strip() and not inside and not line[: outer + step].strip():
            yield Edit(position + outer, position + outer + step, "")
        position = module.line_end(position)


def is_foreign_session(module: Module, export: SessionExport, model: cst.BaseExpression) -> bool:
    """Whether a model of standalone Keras is exported from the session of tf.keras: two sessions, before Keras 2.3."""
    session = module.value(export.session)
    if session is None and isinstance(export.session, cst.Name):
        session = module.bindings(export.session)[0].value
    made = module.value(model)
    names = [module.resolve_call(call) or "" for call in (session, made) if isinstance(call, cst.Call)]
    return len(names) == 2 and names[0].startswith("tensorflow.") and names[1].startswith("keras.")

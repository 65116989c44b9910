"""What code around an exported graph becomes: spelled for TensorFlow 2, and tensors in the place of tensor infos."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.compat.v1_spelling import spelled_out
from codemods.edit.edits import Edit
from codemods.edit.layout import string_literal
from codemods.edit.lines import edited
from codemods.edit.statements import Replacement
from codemods.exports.session_exports import SessionExport
from codemods.exports.signatures import PREDICT_DEF, SIGNATURE_DEF, TENSOR_INFO, Signature, constant
from codemods.graphs.imported_graphs import ImportedSession
from codemods.source.module import Module
from codemods.source.nodes import walk
from codemods.source.symbols import is_tensorflow
from codemods.source.tensorflow_uses import tensorflow_uses

_HARMLESS = ("tensorflow.saved_model.", "tensorflow.compat.", "tensorflow.flags.", "tensorflow.gfile.")


def tensors_for_infos(module: Module, function: cst.FunctionDef | None) -> Iterator[Edit]:
    """Yield the edits that put a tensor where its tensor info was built; the tensor's own code is left to others."""
    for call in module.calls:
        if module.function(call) is function and module.resolve_call(call) == TENSOR_INFO and len(call.args) == 1:
            start, end = module.outer_span(call)
            first, last = module.outer_span(call.args[0].value)
            if "\n" in module.text[first:last]:
                yield Edit(start, module.end(call.func), "")
            else:
                yield Edit(start, first, "")
                yield Edit(last, end, "")


def no_signature_left(module: Module, export: SessionExport, change: Replacement) -> bool:
    """Whether no SignatureDef is built any more: it would want the tensor infos, or a graph."""
    function = module.function(export.node)
    going = {id(node) for statement in change.gone for node in walk(statement)}
    return all(
        id(call) in going or module.function(call) is not function
        for call in module.calls
        if module.resolve_call(call) in (PREDICT_DEF, SIGNATURE_DEF)
    )


def signature_key(module: Module, signature: Signature, change: Replacement) -> str:
    """Return a signature's key as code: its value where that is certain, else what the code says."""
    if signature.key is None:
        return string_literal(module, "serving_default")
    key = constant(module, signature.key)
    return string_literal(module, key) if key is not None else change.text(signature.key)


def moved_code(module: Module, kept: list[cst.BaseExpression], session: ImportedSession) -> list[Edit] | None:
    """Return the edits for code that moves behind the session's block; None where it would build something there."""
    edits: list[Edit] = []
    inside = {id(node) for expression in kept for node in walk(expression)}
    for node in (node for expression in kept for node in walk(expression)):
        if not isinstance(node, cst.Call):
            continue
        if module.resolve_call(node) == "tensorflow.get_default_graph":
            edits.append(Edit(module.start(node), module.end(node), f"{session.name.value}.graph"))
        elif builds(module, node):
            return None
    replaced = [(edit.start, edit.end) for edit in edits]
    uses = [use for use in tensorflow_uses(module) if id(use.node) in inside]
    spelled = [edit for edit in spelled_out(module, uses) if not any(a <= edit.start < b for a, b in replaced)]
    return [*edits, *spelled]


def builds(module: Module, call: cst.Call) -> bool:
    """Whether a call may add to the default graph: one of TensorFlow, but those that only describe or read files."""
    name = module.resolve_call(call)
    return name is not None and is_tensorflow(name) and not name.startswith(_HARMLESS)


def adopted_calls(module: Module, session: ImportedSession) -> Iterator[Edit]:
    """Yield the edits that spell session and imports for TensorFlow 2: they run in the session's graph."""
    for call in (session.creation, *session.imports):
        start, end = module.start(call.func), module.end(call.func)
        code = module.text[start:end]
        uses = [use for use in tensorflow_uses(module) if use.node is call.func]
        yield Edit(start, end, edited(module.text, start, end, list(spelled_out(module, uses))) if uses else code)

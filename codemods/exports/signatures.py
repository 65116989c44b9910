"""The signatures of an export as the code spells them: maps, dicts of tensors, and the names of constants."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from codemods.source.arguments import bound_arguments
from codemods.source.module import Module

TENSOR_INFO = "tensorflow.saved_model.build_tensor_info"
PREDICT_DEF = "tensorflow.saved_model.predict_signature_def"
SIGNATURE_DEF = "tensorflow.saved_model.build_signature_def"
_DEFAULT_KEY = "tensorflow.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY"
_CONSTANTS = {
    _DEFAULT_KEY: "serving_default",
    "tensorflow.saved_model.SERVING": "serve",
    "tensorflow.saved_model.PREDICT_METHOD_NAME": "tensorflow/serving/predict",
    "tensorflow.saved_model.PREDICT_INPUTS": "inputs",
    "tensorflow.saved_model.PREDICT_OUTPUTS": "outputs",
    "tensorflow.saved_model.CLASSIFY_INPUTS": "inputs",
    "tensorflow.saved_model.CLASSIFY_OUTPUT_CLASSES": "classes",
    "tensorflow.saved_model.CLASSIFY_OUTPUT_SCORES": "scores",
    "tensorflow.saved_model.REGRESS_INPUTS": "inputs",
    "tensorflow.saved_model.REGRESS_OUTPUTS": "outputs",
}
Entries = list[tuple[cst.BaseExpression, cst.BaseExpression]]


@dataclass(frozen=True, slots=True)
class Signature:
    """A predict signature. `key` None is the default key; `inputs` and `outputs` are dicts of tensors or infos."""

    key: cst.BaseExpression | None
    inputs: cst.BaseExpression
    outputs: cst.BaseExpression


def constant(module: Module, node: cst.BaseExpression) -> str | None:
    """Return the string an expression stands for, where that is certain."""
    value = module.value(node)
    if isinstance(value, (cst.SimpleString, cst.ConcatenatedString)):
        text = value.evaluated_value
        return text if isinstance(text, str) else None
    return _CONSTANTS.get(module.resolve(node if value is None else value) or "")


def conditions(module: Module, node: cst.CSTNode) -> list[cst.CSTNode]:
    """Return the blocks around a node, inside out, whose running depends on something: all but those of `with`."""
    return [
        ancestor
        for ancestor in module.ancestors(node)
        if isinstance(ancestor, (cst.BaseSuite, cst.Lambda, cst.CompFor))
        and not isinstance(module.parent(ancestor), cst.With)
    ]


def read_signatures(
    module: Module, node: cst.BaseExpression
) -> tuple[tuple[Signature, ...], tuple[cst.SimpleStatementLine, ...]]:
    """Return the predict signatures of a map, and the statements that only fill it; none where one cannot be read."""
    entries, spent = _entries(module, node)
    found = [_signature(module, key, value) for key, value in entries]
    read = tuple(signature for signature in found if signature is not None)
    return (read, spent) if len(read) == len(found) else ((), ())


def _entries(module: Module, node: cst.BaseExpression) -> tuple[Entries, tuple[cst.SimpleStatementLine, ...]]:
    """Return the keys and values of a map written as a literal, or as an empty one filled by subscripts."""
    value = module.value(node)
    if not isinstance(value, cst.Dict):
        return [], ()
    if not all(isinstance(element, cst.DictElement) for element in value.elements):
        return [], ()
    entries: Entries = [(item.key, item.value) for item in value.elements if isinstance(item, cst.DictElement)]
    if not isinstance(node, cst.Name):
        return entries, ()
    spent: list[cst.SimpleStatementLine] = []
    for name in module.names[node.value]:
        if name is node or isinstance(module.parent(name), cst.AssignTarget):
            continue
        if module.scope(name).owner(name.value) is not module.scope(node).owner(node.value):
            continue
        stored = stored_entry(module, name)
        if stored is None or conditions(module, name) != conditions(module, node):
            return [], ()
        entries.append((stored[0], stored[1]))
        spent.append(stored[2])
    return entries, tuple(spent)


def stored_entry(
    module: Module, name: cst.Name
) -> tuple[cst.BaseExpression, cst.BaseExpression, cst.SimpleStatementLine] | None:
    """Return key, value and statement of `name[key] = value`."""
    subscript = module.parent(name)
    if not isinstance(subscript, cst.Subscript) or subscript.value is not name or len(subscript.slice) != 1:
        return None
    index, target = subscript.slice[0].slice, module.parent(subscript)
    assign = module.parent(target) if isinstance(target, cst.AssignTarget) else None
    statement = module.parent(assign) if isinstance(assign, cst.Assign) and len(assign.targets) == 1 else None
    if not isinstance(index, cst.Index) or not isinstance(assign, cst.Assign):
        return None
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return None
    return index.value, assign.value, statement


def _signature(module: Module, key: cst.BaseExpression, node: cst.BaseExpression) -> Signature | None:
    call = module.value(node)
    if not isinstance(call, cst.Call):
        return None
    name = module.resolve_call(call)
    if name == PREDICT_DEF:
        given = bound_arguments(call, ("inputs", "outputs"))
    elif name == SIGNATURE_DEF:
        given = bound_arguments(call, ("inputs", "outputs", "method_name"))
        if given is None or "method_name" not in given:
            return None
        if constant(module, given["method_name"].value) != "tensorflow/serving/predict":
            return None
    else:
        return None
    if given is None or not {"inputs", "outputs"} <= given.keys():
        return None
    return Signature(key, given["inputs"].value, given["outputs"].value)


def dictionary(module: Module, node: cst.BaseExpression) -> Entries | None:
    """Return the entries of a dict literal, given itself or as a name; None where it is anything else."""
    value = module.value(node)
    if not isinstance(value, cst.Dict):
        return None
    if isinstance(node, cst.Name) and _is_stored_into(module, node):
        return None
    entries = [(item.key, item.value) for item in value.elements if isinstance(item, cst.DictElement)]
    return entries if len(entries) == len(value.elements) else None


def _is_stored_into(module: Module, node: cst.Name) -> bool:
    owner = module.scope(node).owner(node.value)
    for name in module.names[node.value]:
        parent = module.parent(name)
        if name is node or module.scope(name).owner(name.value) is not owner:
            continue
        if (
            isinstance(parent, cst.Subscript)
            and parent.value is name
            and isinstance(module.parent(parent), cst.AssignTarget)
        ):
            return True
        if isinstance(parent, cst.Attribute) and parent.attr.value in ("update", "setdefault", "pop", "clear"):
            return True
    return False


def unwrapped(module: Module, node: cst.BaseExpression) -> cst.BaseExpression:
    """Return the tensor that `build_tensor_info` is called on, following a name; any other expression as it is."""
    value = module.value(node)
    if isinstance(value, cst.Call) and module.resolve_call(value) == TENSOR_INFO and len(value.args) == 1:
        return value.args[0].value
    return node

"""Session exports that TensorFlow 2 can write natively: one set of predict signatures under the `serve` tag.

Reads `simple_save` calls and the three calls of a `SavedModelBuilder` into one form. What this cannot read in full
(other tags or methods, several adds, computed maps, a saver, assets) is not yielded: the shim keeps such exports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libcst as cst

from codemods.arguments import bound_arguments
from codemods.builders import BUILDER, BuilderUse, builder_uses
from codemods.module import Module
from codemods.scopes import BindingKind
from codemods.tree import walk

SIMPLE_SAVE = "tensorflow.saved_model.simple_save"
TENSOR_INFO = "tensorflow.saved_model.build_tensor_info"
PREDICT_DEF = "tensorflow.saved_model.predict_signature_def"
SIGNATURE_DEF = "tensorflow.saved_model.build_signature_def"
_SIMPLE_SAVE = ("session", "export_dir", "inputs", "outputs", "legacy_init_op")
_CONSTRUCTOR = ("export_dir",)
_SAVE = ("as_text",)
_ADD = (
    "sess",
    "tags",
    "signature_def_map",
    "assets_collection",
    "legacy_init_op",
    "clear_devices",
    "main_op",
    "strip_default_attrs",
    "saver",
)
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


@dataclass(frozen=True, slots=True)
class Signature:
    """A predict signature. `key` None is the default key; `inputs` and `outputs` are dicts of tensors or infos."""

    key: cst.BaseExpression | None
    inputs: cst.BaseExpression
    outputs: cst.BaseExpression


@dataclass(frozen=True, slots=True)
class Export:
    """One export. The state is taken at `taking` and written at `writing`; for `simple_save` both are the one call.

    `spent` are statements that only build the signature map.
    """

    node: cst.Call
    symbol: str
    session: cst.BaseExpression
    path: cst.BaseExpression
    signatures: tuple[Signature, ...]
    taking: cst.Call
    writing: cst.Call
    init_op: cst.BaseExpression | None
    spent: tuple[cst.SimpleStatementLine, ...] = ()

    @property
    def calls(self) -> tuple[cst.Call, ...]:
        """The export's calls, each once, the reported one first."""
        return tuple(dict.fromkeys((self.node, self.taking, self.writing)))


def session_exports(module: Module) -> Iterator[Export]:
    """Yield the exports that can be read in full, each of whose calls is a statement of its own."""
    for call in module.calls:
        if module.resolve_call(call) == SIMPLE_SAVE and own_statement(module, call) is not None:
            found = _simple_save(module, call)
            if found is not None:
                yield found
    for use in builder_uses(module):
        read = _builder(module, use)
        if read is not None:
            yield read


def own_statement(module: Module, call: cst.Call) -> cst.SimpleStatementLine | None:
    """Return the line that is nothing but this call, or the assignment of its value to one name."""
    parent = module.parent(call)
    if not isinstance(parent, (cst.Expr, cst.Assign)):
        return None
    statement = module.parent(parent)
    return statement if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1 else None


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


def _simple_save(module: Module, call: cst.Call) -> Export | None:
    given = bound_arguments(call, _SIMPLE_SAVE)
    if given is None or not {"session", "export_dir", "inputs", "outputs"} <= given.keys():
        return None
    if not isinstance(module.parent(call), cst.Expr):
        return None
    signature = Signature(None, given["inputs"].value, given["outputs"].value)
    init_op = _unless_none(given.get("legacy_init_op"))
    session, path = given["session"].value, given["export_dir"].value
    return Export(call, SIMPLE_SAVE, session, path, (signature,), call, call, init_op)


def _builder(module: Module, use: BuilderUse) -> Export | None:
    if use.escapes or len(use.adds) != 1 or len(use.saves) != 1:
        return None
    add, save = use.adds[0], use.saves[0]
    made, given, saved = (
        bound_arguments(use.constructor, _CONSTRUCTOR),
        bound_arguments(add, _ADD),
        bound_arguments(save, _SAVE),
    )
    if not made or given is None or saved is None or not {"sess", "tags", "signature_def_map"} <= given.keys():
        return None
    if not isinstance(add.func, cst.Attribute) or add.func.attr.value != "add_meta_graph_and_variables":
        return None
    if not _are_plain_statements(module, use) or not _is_binary(saved) or not _is_for_serving(module, given):
        return None
    signatures, spent = _signatures(module, given["signature_def_map"].value)
    if not signatures or not same_value(module, made["export_dir"].value, save):
        return None
    init_ops = [
        op for op in (_unless_none(given.get(name)) for name in ("legacy_init_op", "main_op")) if op is not None
    ]
    if len(init_ops) > 1:
        return None
    return Export(
        use.constructor,
        BUILDER,
        given["sess"].value,
        made["export_dir"].value,
        signatures,
        add,
        save,
        init_ops[0] if init_ops else None,
        spent,
    )


def _are_plain_statements(module: Module, use: BuilderUse) -> bool:
    """Whether constructor, add and save are statements that run together, once each, in this order."""
    constructor, add, save = use.constructor, use.adds[0], use.saves[0]
    if own_statement(module, constructor) is None or not isinstance(module.parent(constructor), cst.Assign):
        return False
    if any(own_statement(module, call) is None or isinstance(module.parent(call), cst.Assign) for call in (add, save)):
        return False
    around = conditions(module, constructor)
    return (
        module.before(constructor, add)
        and module.before(add, save)
        and all(conditions(module, call) == around for call in (add, save))
    )


def same_value(module: Module, expression: cst.BaseExpression, later: cst.CSTNode) -> bool:
    """Whether the names in an expression still have their values at a later place of the same flow."""
    for node in walk(expression):
        if isinstance(node, cst.Name) and node in module.names.get(node.value, []):
            owner = module.scope(node).owner(node.value)
            for binding in owner.bindings[node.value] if owner is not None else ():
                if module.before(node, binding.node) and module.before(binding.node, later):
                    return False
    return True


def _is_binary(saved: Mapping[str, cst.Arg]) -> bool:
    given = saved.get("as_text")
    return given is None or (isinstance(given.value, cst.Name) and given.value.value == "False")


def _is_for_serving(module: Module, given: Mapping[str, cst.Arg]) -> bool:
    """Whether the tags are exactly `serve`, with every variable and no asset."""
    if any(_unless_none(given.get(name)) is not None for name in ("saver", "assets_collection")):
        return False
    tags = module.value(given["tags"].value)
    if not isinstance(tags, (cst.List, cst.Tuple)) or len(tags.elements) != 1:
        return False
    return constant(module, tags.elements[0].value) == "serve"


def _unless_none(given: cst.Arg | None) -> cst.BaseExpression | None:
    if given is None or (isinstance(given.value, cst.Name) and given.value.value == "None"):
        return None
    return given.value


def _signatures(
    module: Module, node: cst.BaseExpression
) -> tuple[tuple[Signature, ...], tuple[cst.SimpleStatementLine, ...]]:
    entries, spent = _entries(module, node)
    found = [_signature(module, key, value) for key, value in entries]
    read = tuple(signature for signature in found if signature is not None)
    return (read, spent) if len(read) == len(found) else ((), ())


Entries = list[tuple[cst.BaseExpression, cst.BaseExpression]]


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


def is_tables_initializer(module: Module, node: cst.BaseExpression) -> bool:
    """Whether an init op only initialises lookup tables: nothing to do where the graph has none."""
    value = module.value(node)
    if not isinstance(value, cst.Call):
        return False
    name = module.resolve_call(value)
    if name == "tensorflow.tables_initializer":
        return True
    operands = [given for given in value.args if given.keyword is None]
    return (
        name == "tensorflow.group"
        and bool(operands)
        and all(not given.star and is_tables_initializer(module, given.value) for given in operands)
    )


def unwrapped(module: Module, node: cst.BaseExpression) -> cst.BaseExpression:
    """Return the tensor that `build_tensor_info` is called on, following a name; any other expression as it is."""
    value = module.value(node)
    if isinstance(value, cst.Call) and module.resolve_call(value) == TENSOR_INFO and len(value.args) == 1:
        return value.args[0].value
    return node


def is_parameter(module: Module, name: cst.Name) -> bool:
    """Whether a name is a parameter of the function around it."""
    return any(binding.kind is BindingKind.PARAM for binding in module.bindings(name))

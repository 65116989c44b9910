"""Session exports that TensorFlow 2 can write natively: one set of predict signatures under the `serve` tag.

Reads `simple_save` calls and the three calls of a `SavedModelBuilder` into one form. What this cannot read in full
(other tags or methods, several adds, computed maps, a saver, assets) is not yielded: the shim keeps such exports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libcst as cst

from codemods.exports.builders import BUILDER, BuilderUse, builder_uses
from codemods.exports.signatures import Signature, conditions, constant, read_signatures
from codemods.source.arguments import bound_arguments
from codemods.source.module import Module
from codemods.source.nodes import walk

OVERWRITES = "Written in eager mode, an export overwrites an existing one, where TensorFlow 1 refused the folder."
"""A limit of the rules that have native exports."""
SIMPLE_SAVE = "tensorflow.saved_model.simple_save"
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


@dataclass(frozen=True, slots=True)
class SessionExport:
    """One export.

    Args:
        node: The call that is reported: `simple_save`, or the builder's constructor.
        taking: The call that takes the session's state: `simple_save`, or the builder's add.
        writing: The call after which the files are there: `simple_save`, or the builder's `save`.
        init_op: What a loaded model runs first, None where nothing is given.
        spent: Statements that only build the signature map: without the export they have no use.
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


def session_exports(module: Module) -> Iterator[SessionExport]:
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


def _simple_save(module: Module, call: cst.Call) -> SessionExport | None:
    given = bound_arguments(call, _SIMPLE_SAVE)
    if given is None or not {"session", "export_dir", "inputs", "outputs"} <= given.keys():
        return None
    if not isinstance(module.parent(call), cst.Expr):
        return None
    signature = Signature(None, given["inputs"].value, given["outputs"].value)
    init_op = _unless_none(given.get("legacy_init_op"))
    session, path = given["session"].value, given["export_dir"].value
    return SessionExport(call, SIMPLE_SAVE, session, path, (signature,), call, call, init_op)


def _builder(module: Module, use: BuilderUse) -> SessionExport | None:
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
    signatures, spent = read_signatures(module, given["signature_def_map"].value)
    if not signatures or not same_value(module, made["export_dir"].value, save):
        return None
    init_ops = [
        op for op in (_unless_none(given.get(name)) for name in ("legacy_init_op", "main_op")) if op is not None
    ]
    if len(init_ops) > 1:
        return None
    return SessionExport(
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

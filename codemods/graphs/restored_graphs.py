"""Graphs built on local placeholders and restored from a checkpoint, for nothing but an export.

Such code says everything that a TF2 module needs: how to build the graph, from which inputs, and whose values the
variables take. What does anything else with the session, the graph or its tensors is not found here.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass

import libcst as cst

from codemods.exports.session_exports import SessionExport, is_tables_initializer, own_statement
from codemods.exports.signatures import constant, dictionary, unwrapped
from codemods.graphs.export_blocks import export_blocks
from codemods.graphs.only_builds import only_builds, touches_graph
from codemods.source.arguments import bound_arguments
from codemods.source.module import Module
from codemods.source.nodes import walk
from codemods.source.plain_statements import (
    assigned_call,
    assigned_value,
    binds_names_only,
    names_bound,
    names_in,
    only_call,
)

_PLACEHOLDER = ("dtype", "shape", "name")
_INITIALIZERS = frozenset(
    f"tensorflow.{name}"
    for name in ("global_variables_initializer", "local_variables_initializer", "tables_initializer")
)
_SCOPES = frozenset({"tensorflow.variable_scope", "tensorflow.name_scope"})
_SIGNATURE_PARTS = "tensorflow.saved_model."


@dataclass(frozen=True, slots=True)
class Input:
    """An input of the signature: its key, the placeholder's variable, and the code of its dtype and shape."""

    key: str
    name: cst.Name
    dtype: cst.BaseExpression
    shape: cst.BaseExpression | None


@dataclass(frozen=True, slots=True)
class RestoredBuild:
    """An export that can become a module built from source.

    Args:
        steps: Statements that build the graph, in order; they move into the module.
        gone: Statements that only served placeholders, session, saver and signature.
        opened: `with` blocks of the graph or the session: what else stands in them stays, one level out.
        anchor: The statement, in the suite of the export's outermost block, at which the export is written.
        local_names: Names of the function around that the steps use: the class must stand inside that function.
    """

    export: SessionExport
    key: str
    inputs: tuple[Input, ...]
    outputs: tuple[tuple[cst.BaseExpression, cst.BaseExpression], ...]
    checkpoint: cst.BaseExpression
    steps: tuple[cst.CSTNode, ...]
    gone: tuple[cst.CSTNode, ...]
    opened: tuple[cst.With, ...]
    anchor: cst.CSTNode
    local_names: frozenset[str]


def restored_build(module: Module, export: SessionExport) -> RestoredBuild | None:
    """Return what is known of an export of a restored graph, None where it is anything more than that."""
    if module.cell_starts or len(export.signatures) != 1 or not isinstance(export.session, cst.Name):
        return None
    if export.init_op is not None and not is_tables_initializer(module, export.init_op):
        return None
    return _Reader(module, export).read()


class _Reader:
    def __init__(self, module: Module, export: SessionExport) -> None:
        self.module = module
        self.export = export
        self.function = module.function(export.node)
        self.opened: tuple[cst.With, ...] = ()
        self.session = export.session.value if isinstance(export.session, cst.Name) else ""
        self.gone: list[cst.CSTNode] = []
        self.steps: list[cst.CSTNode] = []
        self.others: list[cst.CSTNode] = []
        self.built: set[str] = set()
        self.spent_names: set[str] = set()
        self.savers: dict[str, cst.CSTNode] = {}
        self.checkpoint: cst.BaseExpression | None = None

    def read(self) -> RestoredBuild | None:
        module, export = self.module, self.export
        signature = export.signatures[0]
        key = "serving_default" if signature.key is None else constant(module, signature.key)
        inputs = self._inputs(signature.inputs)
        outputs = dictionary(module, signature.outputs)
        blocks = export_blocks(module, export)
        if key is None or inputs is None or not outputs or blocks is None:
            return None
        outputs = [(name, unwrapped(module, value)) for name, value in outputs]
        if any(constant(module, name) is None for name, _ in outputs):
            return None
        self.built |= {item.name.value for item in inputs}
        self.inputs, self.opened = inputs, blocks.opened
        if not all(self._sort(statement) for statement in blocks.statements):
            return None
        if self.checkpoint is None or not self._is_closed(outputs):
            return None
        names = {
            name.value for step in (*self.steps, *(value for _, value in outputs)) for name in names_in(module, step)
        }
        return RestoredBuild(
            export,
            key,
            tuple(inputs),
            tuple(outputs),
            self.checkpoint,
            tuple(self.steps),
            tuple(self.gone),
            self.opened,
            blocks.anchor,
            self._local_names(names, inputs),
        )

    # --- inputs ---

    def _inputs(self, node: cst.BaseExpression) -> list[Input] | None:
        found = []
        for key, value in dictionary(self.module, node) or []:
            name, tensor = constant(self.module, key), unwrapped(self.module, value)
            if name is None or not name.isidentifier() or keyword.iskeyword(name) or not isinstance(tensor, cst.Name):
                return None
            placeholder = self.module.value(tensor)
            if (
                not isinstance(placeholder, cst.Call)
                or self.module.resolve_call(placeholder) != "tensorflow.placeholder"
            ):
                return None
            given = bound_arguments(placeholder, _PLACEHOLDER)
            statement = own_statement(self.module, placeholder)
            if given is None or "dtype" not in given or statement is None:
                return None
            shape = given["shape"].value if "shape" in given else None
            found.append(Input(name, tensor, given["dtype"].value, shape))
            self.gone.append(statement)
        return found or None

    def _sort(self, statement: cst.CSTNode) -> bool:
        """Put a statement where it belongs; False where that is not clear."""
        module, export = self.module, self.export
        if statement in self.gone:
            return True
        if statement in {own_statement(module, call) for call in export.calls} or statement in export.spent:
            return self._leave(statement)
        if isinstance(statement, (cst.FunctionDef, cst.ClassDef)):
            return not (
                isinstance(statement, cst.FunctionDef) and self.function is None and self._uses_built(statement)
            )
        saver = self._saver(statement)
        if saver is not None:
            self.savers[saver] = statement
            return self._leave(statement)
        if self._is_restore(statement) or self._is_initialization(statement):
            return self._leave(statement)
        if self._only_describes(statement):
            return self._leave(statement)
        if self._uses_built(statement) or touches_graph(module, statement):
            if self.checkpoint is not None or not self._is_step(statement):
                return False
            self.steps.append(statement)
            self.built |= names_bound(module, statement)
            return True
        if isinstance(statement, cst.SimpleStatementLine) or not any(
            statement in module.ancestors(block) for block in self.opened
        ):
            self.others.append(statement)
            return not names_bound(module, statement) & self.built
        return False

    def _leave(self, statement: cst.CSTNode) -> bool:
        self.gone.append(statement)
        self.spent_names |= names_bound(self.module, statement)
        return True

    def _uses_built(self, statement: cst.CSTNode) -> bool:
        return any(name.value in self.built for name in names_in(self.module, statement))

    def _saver(self, statement: cst.CSTNode) -> str | None:
        call = assigned_call(statement)
        if call is None or self.module.resolve_call(call) != "tensorflow.train.Saver" or call.args:
            return None
        return next(iter(names_bound(self.module, statement)), None)

    def _is_restore(self, statement: cst.CSTNode) -> bool:
        call = only_call(statement)
        if call is None or not isinstance(call.func, cst.Attribute) or call.func.attr.value != "restore":
            return False
        given = bound_arguments(call, ("sess", "save_path"))
        if given is None or len(given) != 2 or self.checkpoint is not None:
            return False
        saver = call.func.value
        is_saver = isinstance(saver, cst.Name) and saver.value in self.savers
        is_fresh = isinstance(saver, cst.Call) and not saver.args
        if is_fresh:
            is_saver = (
                self.module.resolve(saver.func if isinstance(saver, cst.Call) else saver) == "tensorflow.train.Saver"
            )
        session = given["sess"].value
        if not is_saver or not isinstance(session, cst.Name) or session.value != self.session:
            return False
        self.checkpoint = given["save_path"].value
        return True

    def _is_initialization(self, statement: cst.CSTNode) -> bool:
        """Whether the statement runs initialisers before the checkpoint gives every variable its value."""
        call = only_call(statement)
        if call is None or self.checkpoint is not None or not isinstance(call.func, cst.Attribute):
            return False
        if call.func.attr.value != "run" or not isinstance(call.func.value, cst.Name) or len(call.args) != 1:
            return False
        operation = self.module.value(call.args[0].value)
        return (
            call.func.value.value == self.session
            and isinstance(operation, cst.Call)
            and self.module.resolve_call(operation) in _INITIALIZERS
        )

    def _only_describes(self, statement: cst.CSTNode) -> bool:
        """Whether the statement assigns parts of the signature, the graph, or an initialiser that is then run."""
        call = assigned_call(statement)
        name = self.module.resolve_call(call) if call is not None else None
        if name is not None:
            if name in ("tensorflow.Graph", "tensorflow.ConfigProto", "tensorflow.group", *_INITIALIZERS):
                return True
            return name.startswith(_SIGNATURE_PARTS)
        value = assigned_value(statement)
        if not isinstance(value, cst.Dict) or not self._uses_built(statement):
            return False
        calls = [node for node in walk(value) if isinstance(node, cst.Call)]
        return all((self.module.resolve_call(item) or "").startswith(_SIGNATURE_PARTS) for item in calls)

    def _is_step(self, statement: cst.CSTNode) -> bool:
        if isinstance(statement, cst.With):
            scopes = all(
                isinstance(item.item, cst.Call) and self.module.resolve_call(item.item) in _SCOPES
                for item in statement.items
            )
            inner = statement.body.body if isinstance(statement.body, cst.IndentedBlock) else ()
            if not scopes or not all(self._is_step(child) for child in inner):
                return False
        elif (
            not isinstance(statement, cst.SimpleStatementLine)
            or not all(isinstance(part, (cst.Assign, cst.AugAssign, cst.AnnAssign)) for part in statement.body)
            or any(not binds_names_only(part) for part in statement.body)
        ):
            return False
        return only_builds(self.module, statement)

    # --- nothing else may need what goes ---

    def _is_closed(self, outputs: list[tuple[cst.BaseExpression, cst.BaseExpression]]) -> bool:
        module = self.module
        inside = {id(node) for statement in (*self.gone, *self.steps) for node in walk(statement)}
        inside |= {id(node) for block in self.opened for item in block.items for node in walk(item)}
        names = self.built | self.spent_names | {self.session}
        scope = module.scope(self.export.node)
        for name in names:
            owner = scope.owner(name)
            for node in module.names.get(name, []):
                if id(node) not in inside and module.scope(node).owner(name) is owner:
                    return False
            if owner is not None and owner.is_module and self.function is not None:
                return False
        placeholders = {item.name.value for item in self.inputs}
        return all(
            only_builds(module, value) and not (isinstance(value, cst.Name) and value.value in placeholders)
            for _, value in outputs
        )

    def _local_names(self, names: set[str], inputs: list[Input]) -> frozenset[str]:
        scope = self.module.scope(self.export.node)
        for item in inputs:
            for part in (item.dtype, item.shape):
                names |= {name.value for name in names_in(self.module, part)} if part is not None else set()
        if self.function is None:
            return frozenset()
        local = {
            name for name in names - self.built if (owner := scope.owner(name)) is not None and not owner.is_module
        }
        return frozenset(local)

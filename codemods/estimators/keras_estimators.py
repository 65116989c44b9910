"""Keras models that become Estimators: what made them, what exports them, and why an export cannot be Keras's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import libcst as cst

from codemods.edit.lines import names_in
from codemods.estimators.origins import EstimatorOrigin
from codemods.estimators.receivers import PassingReceiver, passing_receiver
from codemods.estimators.uses import EstimatorExport, Reference, exports, references, training_before, trainings
from codemods.exports.input_keys import is_input_key
from codemods.names.estimator import EXPORT_METHODS, EXPORTERS, MODEL_TO_ESTIMATOR, TRAINING_METHODS
from codemods.source.arguments import bound_arguments, is_simple
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.scopes import Scope

_MAKERS = (MODEL_TO_ESTIMATOR, "tensorflow.estimator.model_to_estimator")
PARAMETERS = ("keras_model", "keras_model_path", "custom_objects", "model_dir", "config", "checkpoint_format")
EXPORT_PARAMETERS = (
    "export_dir_base",
    "serving_input_receiver_fn",
    "assets_extra",
    "as_text",
    "checkpoint_path",
    "strip_default_attrs",
)
_TRAIN = (
    "the Estimator trains the model, which needs TensorFlow <= 2.15: train with `model.fit`, or load what it has "
    "trained with load_estimator_weights of migrate.shim.estimator, and export with "
)
_WITH_KERAS = "an ExportArchive endpoint that takes the receiver's keys and returns the model's output names"
_LOAD = "load what was trained with load_estimator_weights of migrate.shim.estimator and export with "
_IN_GRAPH_MODE = (
    "the program keeps TF1 graph code and runs in graph mode, where Keras does not export the values of a session: in "
    f"a program of its own, in eager mode, {_LOAD}"
)
EXPORT_BY_KERAS = _LOAD + _WITH_KERAS
"""What becomes of a Keras model that an Estimator has trained."""


@dataclass(frozen=True)
class KerasEstimators:
    """The `model_to_estimator` calls of a module, and the exports of what they make."""

    module: Module
    uses: list[Reference]
    makers: list[cst.Call]
    exports: list[EstimatorExport]

    def obstacle(self) -> str | None:
        """Return why the module cannot be rewritten, None where it can."""
        if not self.exports or any(use.name in EXPORTERS for use in self.uses):
            return _TRAIN + _WITH_KERAS
        if self.module.program.target.has_estimators and trainings(self.module):
            return _TRAIN + _WITH_KERAS  # which goes on, as long as the Estimator stays
        if self.module.program.mode is Mode.GRAPH:
            return _IN_GRAPH_MODE + _WITH_KERAS
        training = trainings(self.module)
        for each in self.exports:
            before = training_before(self.module, each.call, training)
            if before is not None:
                return f"line {self.module.line_of(self.module.start(before))}: {_TRAIN}{_WITH_KERAS}"
        reasons = (
            *(self._export_obstacle(each) for each in self.exports),
            *(self._maker_obstacle(call) or self._use_obstacle(call) for call in self.makers),
        )
        for reason in reasons:
            if reason is not None:
                return reason
        if len({receiver.fed for receiver in map(self.receiver, self.exports) if receiver is not None}) != 1:
            return "the exports have different receivers: give each an ExportArchive endpoint of its own"
        return None

    def _maker_obstacle(self, call: cst.Call) -> str | None:
        given = bound_arguments(call, PARAMETERS)
        if given is None or "keras_model" not in given or "keras_model_path" in given:
            return (
                "the Keras model is not given as `keras_model`: load it with tf.keras.models.load_model and export it"
            )
        if "config" in given and "model_dir" not in given:
            return "the folder of the checkpoint is in `config`: pass it to load_estimator_weights and export the model"
        parent = self.module.parent(call)
        is_assigned = isinstance(parent, cst.Assign) and len(parent.targets) == 1
        if not isinstance(parent, cst.Return) and not (is_assigned and isinstance(assigned_target(parent), cst.Name)):
            return "what model_to_estimator returns is used in the middle of an expression; give it a name first"
        statement = self.module.statement(call)
        if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
            return "model_to_estimator shares its line with other statements"
        if "model_dir" in given and not is_simple(given["keras_model"].value) and self.reads_target(call, given):
            return "`model_dir` reads the name that the Estimator gets; give it a name first"
        return None

    def reads_target(self, call: cst.Call, given: Mapping[str, cst.Arg]) -> bool:
        """Whether the checkpoint's folder is computed from what the Estimator's name meant before."""
        target = assigned_target(self.module.parent(call))
        return isinstance(target, cst.Name) and target.value in names_in([given["model_dir"].value])

    def _use_obstacle(self, call: cst.Call) -> str | None:
        """Whether something is asked of the Estimator that a Keras model answers otherwise, or not at all."""
        target = assigned_target(self.module.parent(call))
        for name in self.module.names.get(target.value, ()) if isinstance(target, cst.Name) else ():
            use = self.module.parent(name)
            if self._owner(name, name.value) is not self._owner(call, name.value):
                continue
            if isinstance(use, cst.Attribute) and use.attr.value not in EXPORT_METHODS | TRAINING_METHODS:
                line = self.module.line_of(self.module.start(use))
                return f"line {line}: `{self.module.code(use)}` is the Estimator's: the Keras model has no such thing"
        return None

    def _export_obstacle(self, export: EstimatorExport) -> str | None:
        given = bound_arguments(export.call, EXPORT_PARAMETERS)
        if given is None or not {"export_dir_base", "serving_input_receiver_fn"} <= given.keys():
            return "the arguments of the export cannot be told apart here"
        for name in ("assets_extra", "as_text", "checkpoint_path"):
            if name in given:
                return f"`{name}` has no counterpart in a Keras export: export with {_WITH_KERAS}"
        receiver = self.receiver(export)
        if receiver is None:
            return (
                f"the receiver computes its keys or features, or is not in this file: trace its code in {_WITH_KERAS}"
            )
        if receiver.model is not None and not self._is_the_model(receiver.model):
            return f"the receiver takes its inputs from `{self.module.code(receiver.model)}`: export with {_WITH_KERAS}"
        odd = next((each.key for each in receiver.fed if not is_input_key(each.key)), None)
        if odd is not None:
            return f"the input key {odd!r} cannot name an argument of an endpoint: {_WITH_KERAS} needs another key"
        for statement in receiver.statements:
            if self._is_used_elsewhere(statement, receiver, export):
                return "the receiver is used elsewhere too, and needs a TF1 graph: export with " + _WITH_KERAS
            if not self._leaves_a_block(statement, receiver):
                return f"the receiver is all that its line or block holds: export with {_WITH_KERAS}"
        return None

    def _leaves_a_block(self, statement: cst.CSTNode, receiver: PassingReceiver) -> bool:
        """Whether removing a statement takes nothing else with it, and something is left of the block around it."""
        if not isinstance(statement, cst.FunctionDef) and not (
            isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1
        ):
            return False
        block = self.module.parent(statement)
        body = block.body if isinstance(block, (cst.IndentedBlock, cst.Module)) else ()
        return isinstance(block, cst.Module) or any(each not in receiver.statements for each in body)

    def _is_the_model(self, name: cst.Name) -> bool:
        """Whether the name means the one Keras model that becomes an Estimator here."""
        given = [bound_arguments(call, PARAMETERS) or {} for call in self.makers]
        models = [each["keras_model"].value for each in given if "keras_model" in each]
        return (
            len(self.makers) == len(models) == 1
            and isinstance(models[0], cst.Name)
            and models[0].value == name.value
            and len(self.module.bindings(name)) == 1
            and self.module.bindings(name) == self.module.bindings(models[0])
        )

    def receiver(self, export: EstimatorExport) -> PassingReceiver | None:
        given = bound_arguments(export.call, EXPORT_PARAMETERS) or {}
        wanted = given.get("serving_input_receiver_fn")
        return passing_receiver(self.module, wanted.value) if wanted is not None else None

    def _is_used_elsewhere(self, statement: cst.CSTNode, receiver: PassingReceiver, export: EstimatorExport) -> bool:
        name = statement.name.value if isinstance(statement, cst.FunctionDef) else _assigned(statement)
        calls = [each.call for each in self.exports]
        meant = self._owner(export.call, name)
        for use in self.module.names.get(name, ()):
            around = list(self.module.ancestors(use))
            is_elsewhere = not any(each in around for each in (*receiver.statements, *calls))
            if is_elsewhere and self._owner(use, name) is meant:
                return True
        return False

    def _owner(self, node: cst.CSTNode, name: str) -> Scope | None:
        return self.module.scope(node).owner(name)

    def gone(self) -> frozenset[cst.CSTNode]:
        """What the rewrite removes or replaces as a whole."""
        receivers = [self.receiver(each) for each in self.exports]
        defining = [statement for receiver in receivers for statement in statements(receiver)]
        return frozenset({*defining, *(each.call for each in self.exports)})


def keras_estimators(module: Module) -> KerasEstimators | None:
    """Return what the module makes with `model_to_estimator`, None where it makes nothing."""
    makers = [call for call in module.calls if module.resolve_call(call) in _MAKERS]
    if not makers:
        return None
    uses = list(references(module))
    found = [each for each in exports(module, uses) if each.origin is EstimatorOrigin.KERAS]
    return KerasEstimators(module, uses, makers, found)


def removed_receivers(module: Module) -> frozenset[cst.CSTNode]:
    """Return the code that goes away with Keras exports: no other rule has to deal with it."""
    plan = keras_estimators(module)
    return frozenset() if plan is None or plan.obstacle() is not None else plan.gone()


def statements(receiver: PassingReceiver | None) -> tuple[cst.CSTNode, ...]:
    """Return the statements that define a receiver, and nothing else."""
    return receiver.statements if receiver is not None else ()


def assigned_target(parent: cst.CSTNode | None) -> cst.BaseExpression | None:
    """Return what an assignment of one target assigns to."""
    return parent.targets[0].target if isinstance(parent, cst.Assign) else None


def _assigned(statement: cst.CSTNode) -> str:
    if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Assign):
        target = statement.body[0].targets[0].target
        return target.value if isinstance(target, cst.Name) else ""
    return ""

"""A Keras model exported through `model_to_estimator` is exported by Keras, with the receiver's keys as the contract.

`model_to_estimator` left TensorFlow with `tf.estimator`. Its export was the Keras model in inference mode with the
inputs of the serving receiver and the model's output names: an `ExportArchive` endpoint says the same. Where the
Estimator had a folder, the model gets the weights of the checkpoint in it first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.edit.edits import Edit, Import
from codemods.edit.layout import free_name, indent_at, indent_unit, newline_of
from codemods.edit.tensorflow_names import Api, NoSpelling, Spelling, spelling
from codemods.edit.traces import shim_trace
from codemods.engine.runnable import RunnableRule
from codemods.estimators.keras_estimators import (
    EXPORT_PARAMETERS,
    PARAMETERS,
    KerasEstimators,
    assigned_target,
    keras_estimators,
    statements,
)
from codemods.estimators.keras_export_code import EXPORT_TRACE, export_function
from codemods.estimators.receivers import PassingReceiver
from codemods.estimators.uses import EstimatorExport, trainings
from codemods.names.estimator import MODEL_TO_ESTIMATOR, RECEIVER_NAMES
from codemods.rule import Draft, Example
from codemods.site import Guidance, Outcome
from codemods.source.arguments import bound_arguments, is_simple
from codemods.source.module import Module
from codemods.source.nodes import root_names, walk

_WEIGHTS = Import("migrate.shim.estimator", "load_estimator_weights")
_WEIGHTS_TRACE = shim_trace("migrate.shim.estimator", ("load_estimator_weights",), None, is_export=True)
_NAMES = ("keras.export.ExportArchive", "function", "TensorSpec", "nest.flatten")
_LATEST = "train.latest_checkpoint"
_KEPT = "the TensorFlow it is to run on has model_to_estimator: the Estimator stays, and export_estimator exports it"


class ModelToEstimator(RunnableRule):
    """Exports of Keras models through `model_to_estimator`."""

    id = "SM112"
    name = "model-to-estimator"
    summary = "model_to_estimator and its export become a Keras export with the receiver's keys"
    why = "model_to_estimator left TensorFlow with tf.estimator; Keras exports its models itself."
    link = "https://www.tensorflow.org/guide/migrate/migrating_estimator"
    guidance = Guidance.REVIEW
    tokens = (b"model_to_estimator",)
    traces = (EXPORT_TRACE, _WEIGHTS_TRACE)
    precedence = 5
    keeps_session = False  # its shim reads a checkpoint into a Keras model, in eager mode
    examples = (
        Example(
            before="import tensorflow as tf\n\n\ndef receiver_fn():\n"
            '    x = tf.placeholder(tf.float32, [None, 4], name="x")\n'
            '    return tf.estimator.export.ServingInputReceiver({"x": x}, {"x": x})\n\n\n'
            "estimator = tf.keras.estimator.model_to_estimator(keras_model=model)\n"
            'estimator.export_saved_model("export", receiver_fn)\n',
            after="import tensorflow as tf\nimport os\nimport time\n\n\nestimator = model\n\n\n"
            "def export_keras_model(model, export_dir_base):\n"
            '    """Exports the model for the inputs that receiver_fn took; returns the new folder."""\n\n'
            '    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])\n'
            "    def serving_default(x):\n"
            "        outputs = model(x, training=False)\n"
            "        return dict(zip(model.output_names, tf.nest.flatten(outputs)))\n\n"
            "    export_dir = os.path.join(export_dir_base, str(int(time.time())))\n"
            "    archive = tf.keras.export.ExportArchive()\n"
            "    archive.track(model)\n"
            '    archive.add_endpoint("serving_default", serving_default)\n'
            "    archive.write_out(export_dir)\n"
            "    return export_dir.encode()\n\n\n"
            'export_keras_model(estimator, "export")\n',
        ),
    )
    limits = (
        "Receivers that compute something between placeholder and feature are reported.",
        "Models that the program trains through the Estimator before the export are reported.",
    )

    def plan(self, module: Module) -> Iterator[Draft]:
        """Yield a draft for every `model_to_estimator` and for every export of what it made."""
        found = keras_estimators(module)
        if found is None:
            return
        obstacle = found.obstacle()
        if obstacle is None:
            tf = _tensorflow(module, found)
            if isinstance(tf, Spelling):
                yield from _Rewrite(module, found, tf).drafts()
                return
            obstacle = tf.reason
        for call in found.makers:
            if module.program.target.has_estimators:
                yield Draft(call, MODEL_TO_ESTIMATOR, Outcome.SKIP, _KEPT)
            else:
                yield Draft(call, MODEL_TO_ESTIMATOR, Outcome.MANUAL, obstacle)
        for each in () if module.program.target.has_estimators else found.exports:
            yield Draft(each.call, f"tensorflow.estimator.Estimator.{each.method.value}", Outcome.MANUAL, obstacle)


def _tensorflow(module: Module, found: KerasEstimators) -> Spelling | NoSpelling:
    """Return how the function that exports spells TensorFlow; where models are made, it must be spelled too."""
    for call in found.makers:
        made = spelling(module, call, _LATEST, api=Api.V2)
        if isinstance(made, NoSpelling) and "model_dir" in (bound_arguments(call, PARAMETERS) or {}):
            return made
    return spelling(module, module.tree, *_NAMES, api=Api.V2)


@dataclass(frozen=True)
class _Rewrite:
    """Edits and drafts of a module whose Keras Estimators nothing keeps from being exported by Keras."""

    module: Module
    found: KerasEstimators
    tf: Spelling

    def drafts(self) -> Iterator[Draft]:
        """One unit: the models, the exports, and the function that exports."""
        first = self.found.exports[0]
        receiver = self.found.receiver(first)
        assert receiver is not None
        helper = free_name(self.module, "export_keras_model")
        restores = [call for call in self.found.makers if "model_dir" in (bound_arguments(call, PARAMETERS) or {})]
        outcome = Outcome.SHIM if restores else Outcome.NATIVE
        edits: list[Edit] = []
        for call in self.found.makers:
            edits.extend(self._maker_edits(call))
        for each in self.found.exports:
            edits.extend(self._export_edits(each, helper))
        edits.append(self._helper(first, receiver, helper))
        removed = {id(node): node for each in self.found.exports for node in statements(self.found.receiver(each))}
        edits.extend(self._removal(node) for node in removed.values())
        imports = [Import("os"), Import("time"), *self.tf.imports, *([_WEIGHTS] if restores else [])]
        imports += [needed for call in restores for needed in self._checkpoints(call).imports]
        reason = (
            "the Keras model is exported by an ExportArchive endpoint with the receiver's keys and the model's outputs"
        )
        if restores:
            reason += "; its weights come from the Estimator's checkpoint, where there is one"
        training = trainings(self.module)
        if training:
            lines = ", ".join(str(self.module.line_of(self.module.start(call))) for call in training)
            reason += f"; what trains the Estimator (line {lines}) must become model.fit"
        yield Draft(
            node=first.call,
            symbol=f"tensorflow.estimator.Estimator.{first.method.value}",
            outcome=outcome,
            reason=reason,
            edits=tuple(sorted(set(edits))),
            imports=tuple(imports),
            freed=frozenset[str]().union(
                *(root_names(call.func) for call in self.found.makers),
                *(root_names(call.func) for call, _ in self._receiver_calls()),
            ),
            packages=frozenset({"tf-keras"} | ({"tf1to2"} if restores else set())),
            wants_v2=self.tf.api is Api.V2,
        )
        for each in self.found.exports[1:]:
            yield self._follower(
                each.call, f"tensorflow.estimator.Estimator.{each.method.value}", outcome, first.call, reason
            )
        for use, symbol in self._receiver_calls():
            yield self._follower(
                use, symbol, outcome, first.call, "the endpoint of the Keras export takes the same keys"
            )
        for call in self.found.makers:
            yield self._follower(call, MODEL_TO_ESTIMATOR, outcome, first.call, reason, tuple(self._maker_edits(call)))

    def _follower(
        self, node: cst.Call, symbol: str, outcome: Outcome, first: cst.Call, reason: str, edits: tuple[Edit, ...] = ()
    ) -> Draft:
        return Draft(node, symbol, outcome, reason, edits=edits, needs=(first,), packages=frozenset({"tf-keras"}))

    def _receiver_calls(self) -> Iterator[tuple[cst.Call, str]]:
        """The constructions of the receiver, which go away."""
        gone = self.found.gone()
        for use in self.found.uses:
            if use.name in RECEIVER_NAMES and use.call is not None and gone & set(self.module.ancestors(use.call)):
                yield use.call, f"tensorflow.estimator.{use.name}"

    def _maker_edits(self, call: cst.Call) -> Iterator[Edit]:
        given = bound_arguments(call, PARAMETERS) or {}
        module, statement = self.module, self.module.statement(call)
        assert statement is not None
        start, end = module.outer_span(given["keras_model"].value)
        model = module.text[start:end]
        if "model_dir" not in given:
            yield Edit(module.start(call), module.end(call), model)
            return
        parent, newline, indent = module.parent(call), newline_of(module), indent_at(module, call)
        target = assigned_target(parent)
        name = target.value if isinstance(target, cst.Name) else self._local_name(call)
        lines, folder = [f"{name} = {model}"], module.code(given["model_dir"].value)
        reads_target = self.found.reads_target(call, given)
        if reads_target or not is_simple(given["model_dir"].value):  # computed once, in its turn
            computed, folder = _on_lines(module, given["model_dir"].value), free_name(module, "model_dir")
            is_first = list(given).index("model_dir") < list(given).index("keras_model")
            lines.insert(0 if reads_target or is_first else 1, f"{folder} = {computed}")
        latest = f"{self._checkpoints(call).of(_LATEST)}({folder})"
        lines.append(f"if {folder} and {latest}:")
        lines.append(f"{indent_unit(module)}{_WEIGHTS.name}({name}, {folder})")
        if isinstance(parent, cst.Return):
            lines.append(f"return {name}")
        small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else call
        yield Edit(module.start(small), module.end(call), f"{newline}{indent}".join(lines))

    def _local_name(self, call: cst.Call) -> str:
        """`model`, or a longer name where the function around uses that."""
        function = self.module.function(call)
        around = self.module.names.get("model", ()) if function is None else walk(function)
        is_used = any(isinstance(node, cst.Name) and node.value == "model" for node in around)
        return free_name(self.module, "restored_model") if is_used else "model"

    def _checkpoints(self, call: cst.Call) -> Spelling:
        """How TensorFlow is spelled where a model is made, which may be inside of a function that imports it."""
        found = spelling(self.module, call, _LATEST, api=Api.V2)
        return found if isinstance(found, Spelling) else self.tf

    def _export_edits(self, export: EstimatorExport, helper: str) -> Iterator[Edit]:
        module, call = self.module, export.call
        receiver = module.text[slice(*module.outer_span(export.receiver))]
        given = bound_arguments(call, EXPORT_PARAMETERS) or {}
        opening = module.text.index("(", module.end(call.func)) + 1
        yield Edit(module.start(call.func), module.end(call.func), helper)
        base = given["export_dir_base"]
        close = module.end(call) - 1
        yield Edit(opening, close, f"{receiver}, {module.text[slice(*module.outer_span(base.value))]}")

    def _helper(self, export: EstimatorExport, receiver: PassingReceiver, helper: str) -> Edit:
        module, newline, unit = self.module, newline_of(self.module), indent_unit(self.module)
        place = self._place(export, receiver)
        written = export_function(self.tf.code, helper, receiver.fed, self._receiver_name(export), module)
        text = "".join(line.replace("    ", unit) + newline if line else newline for line in written)
        blank = re.search(r"(?:\A|\n)((?:[ \t]*\r?\n)*)\Z", module.text[:place])
        missing = 2 - (blank.group(1).count("\n") if blank is not None else 0) if module.text[:place].strip() else 0
        return Edit(place, place, newline * max(missing, 0) + text + newline * 2)

    def _receiver_name(self, export: EstimatorExport) -> str:
        given = bound_arguments(export.call, EXPORT_PARAMETERS) or {}
        wanted = given["serving_input_receiver_fn"].value
        return wanted.value if isinstance(wanted, cst.Name) else "the receiver"

    def _place(self, export: EstimatorExport, receiver: PassingReceiver) -> int:
        """Before the top-level statement that exports."""
        top: cst.CSTNode = export.call
        for ancestor in self.module.ancestors(export.call):
            if ancestor is self.module.tree:
                break
            top = ancestor
        start = self.module.start(top)
        if isinstance(top, (cst.FunctionDef, cst.ClassDef)) and top.decorators:
            start = self.module.start(top.decorators[0])
        return self.module.line_start(start)

    def _removal(self, node: cst.CSTNode) -> Edit:
        module = self.module
        start, end = module.line_start(module.start(node)), module.line_end(max(module.end(node) - 1, 0))
        if isinstance(node, cst.FunctionDef):
            rest = re.match(r"(?:[ \t]*\r?\n)*", module.text[end:])
            end += len(rest.group()) if rest is not None and module.text[end + len(rest.group()) :].strip() else 0
        return Edit(start, end, "")


def _on_lines(module: Module, expression: cst.BaseExpression) -> str:
    """Return the code of an expression as it can be assigned, which over several lines takes brackets."""
    start, end = module.outer_span(expression)
    code = module.text[start:end]
    return f"({code})" if "\n" in code and not expression.lpar and not isinstance(expression, cst.Call) else code

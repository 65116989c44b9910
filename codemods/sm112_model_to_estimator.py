"""A Keras model exported through `model_to_estimator` is exported by Keras, with the receiver's keys as the contract.

`model_to_estimator` left TensorFlow with `tf.estimator`. Its export was the Keras model in inference mode with the
inputs of the serving receiver and the model's output names: an `ExportArchive` endpoint says the same. Where the
Estimator had a folder, the model gets the weights of the checkpoint in it first.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.arguments import bound_arguments, is_simple
from codemods.emit import free_name, indent_at, indent_unit, newline_of, string_literal
from codemods.estimator_names import EXPORTERS, MODEL_TO_ESTIMATOR, RECEIVER_NAMES
from codemods.estimator_origins import Origin
from codemods.estimators import Export, Reference, exports, references, training_before, trainings
from codemods.module import Module
from codemods.receivers import Fed, PassingReceiver, passing_receiver
from codemods.rule import Draft, Example, Rule
from codemods.site import Edit, Guidance, Import, Outcome
from codemods.tree import root_names, walk

_MAKERS = (MODEL_TO_ESTIMATOR, "tensorflow.estimator.model_to_estimator")
_PARAMETERS = ("keras_model", "keras_model_path", "custom_objects", "model_dir", "config", "checkpoint_format")
_EXPORT_PARAMETERS = (
    "export_dir_base",
    "serving_input_receiver_fn",
    "assets_extra",
    "as_text",
    "checkpoint_path",
    "strip_default_attrs",
)
_WEIGHTS = Import("migrate.shim.estimator", "load_estimator_weights")
_TRAIN = "the Estimator trains the model, which needs TensorFlow <= 2.15: train with `model.fit` and export with "
_WITH_KERAS = "an ExportArchive endpoint that takes the receiver's keys and returns the model's output names"


class ModelToEstimator(Rule):
    """Exports of Keras models through `model_to_estimator`."""

    id = "SM112"
    name = "model-to-estimator"
    summary = "model_to_estimator and its export become a Keras export with the receiver's keys"
    why = "model_to_estimator left TensorFlow with tf.estimator; Keras exports its models itself."
    link = "https://www.tensorflow.org/guide/migrate/migrating_estimator"
    guidance = Guidance.REVIEW
    tokens = (b"model_to_estimator",)
    precedence = 5
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
        plan = _plan_of(module)
        if plan is None:
            return
        obstacle = plan.obstacle()
        if obstacle is None:
            yield from plan.drafts()
            return
        for call in plan.makers:
            yield Draft(call, MODEL_TO_ESTIMATOR, Outcome.MANUAL, obstacle)
        for each in plan.exports:
            yield Draft(each.call, f"tensorflow.estimator.Estimator.{each.method.value}", Outcome.MANUAL, obstacle)


def removed_receivers(module: Module) -> frozenset[cst.CSTNode]:
    """Return the code that goes away with Keras exports: no other rule has to deal with it."""
    plan = _plan_of(module)
    return frozenset() if plan is None or plan.obstacle() is not None else plan.gone()


def _plan_of(module: Module) -> _Plan | None:
    makers = [call for call in module.calls if module.resolve_call(call) in _MAKERS]
    if not makers:
        return None
    uses = list(references(module))
    return _Plan(module, uses, makers, [each for each in exports(module, uses) if each.origin is Origin.KERAS])


@dataclass(frozen=True)
class _Plan:
    module: Module
    uses: list[Reference]
    makers: list[cst.Call]
    exports: list[Export]

    def obstacle(self) -> str | None:
        """Return why the module cannot be rewritten, None where it can."""
        if not self.exports or any(use.name in EXPORTERS for use in self.uses):
            return _TRAIN + _WITH_KERAS
        for call in self.makers:
            reason = self._maker_obstacle(call)
            if reason is not None:
                return reason
        training = trainings(self.module)
        for each in self.exports:
            before = training_before(self.module, each.call, training)
            if before is not None:
                return f"line {self.module.line_of(self.module.start(before))}: {_TRAIN}{_WITH_KERAS}"
            reason = self._export_obstacle(each)
            if reason is not None:
                return reason
        if len({receiver.fed for receiver in map(self._receiver, self.exports) if receiver is not None}) != 1:
            return "the exports have different receivers: give each an ExportArchive endpoint of its own"
        return None

    def _maker_obstacle(self, call: cst.Call) -> str | None:
        given = bound_arguments(call, _PARAMETERS)
        if given is None or "keras_model" not in given or "keras_model_path" in given:
            return (
                "the Keras model is not given as `keras_model`: load it with tf.keras.models.load_model and export it"
            )
        if "config" in given and "model_dir" not in given:
            return "the folder of the checkpoint is in `config`: pass it to load_estimator_weights and export the model"
        if "model_dir" in given and not is_simple(given["model_dir"].value):
            return "`model_dir` is an expression that would be evaluated twice; give it a name first"
        parent = self.module.parent(call)
        is_assigned = isinstance(parent, cst.Assign) and len(parent.targets) == 1
        if not isinstance(parent, cst.Return) and not (is_assigned and isinstance(_target(parent), cst.Name)):
            return "what model_to_estimator returns is used in the middle of an expression; give it a name first"
        statement = self.module.statement(call)
        if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
            return "model_to_estimator shares its line with other statements"
        return None

    def _export_obstacle(self, export: Export) -> str | None:
        given = bound_arguments(export.call, _EXPORT_PARAMETERS)
        if given is None or not {"export_dir_base", "serving_input_receiver_fn"} <= given.keys():
            return "the arguments of the export cannot be told apart here"
        for name in ("assets_extra", "as_text", "checkpoint_path"):
            if name in given:
                return f"`{name}` has no counterpart in a Keras export: export with {_WITH_KERAS}"
        receiver = self._receiver(export)
        if receiver is None:
            return f"the receiver computes its features, or is not in this file: trace its code in {_WITH_KERAS}"
        odd = next((each.key for each in receiver.fed if not _is_plain(each.key)), None)
        if odd is not None:
            return f"the input key {odd!r} cannot name an argument of an endpoint: {_WITH_KERAS} needs another key"
        for statement in receiver.statements:
            if self._is_used_elsewhere(statement, export):
                return "the receiver is used elsewhere too, and needs a TF1 graph: export with " + _WITH_KERAS
        return None

    def _receiver(self, export: Export) -> PassingReceiver | None:
        given = bound_arguments(export.call, _EXPORT_PARAMETERS) or {}
        wanted = given.get("serving_input_receiver_fn")
        return passing_receiver(self.module, wanted.value) if wanted is not None else None

    def _is_used_elsewhere(self, statement: cst.CSTNode, export: Export) -> bool:
        name = statement.name.value if isinstance(statement, cst.FunctionDef) else _assigned(statement)
        calls = [each.call for each in self.exports]
        for use in self.module.names.get(name, ()):
            around = list(self.module.ancestors(use))
            if statement not in around and not any(call in around for call in calls):
                return True
        return False

    def drafts(self) -> Iterator[Draft]:
        """One unit: the models, the exports, and the function that exports."""
        first = self.exports[0]
        receiver = self._receiver(first)
        assert receiver is not None
        helper = free_name(self.module, "export_keras_model")
        restores = [call for call in self.makers if "model_dir" in (bound_arguments(call, _PARAMETERS) or {})]
        outcome = Outcome.SHIM if restores else Outcome.NATIVE
        edits: list[Edit] = []
        for call in self.makers:
            edits.extend(self._maker_edits(call))
        for each in self.exports:
            edits.extend(self._export_edits(each, helper))
        edits.append(self._helper(first, receiver, helper))
        removed = {id(node): node for each in self.exports for node in _statements(self._receiver(each))}
        edits.extend(self._removal(node) for node in removed.values())
        imports = [Import("os"), Import("time"), *([_WEIGHTS] if restores else [])]
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
            freed=frozenset[str]().union(*(root_names(call.func) for call in self.makers)),
            packages=frozenset({"tf-keras"} | ({"tf1to2"} if restores else set())),
        )
        for each in self.exports[1:]:
            yield self._follower(
                each.call, f"tensorflow.estimator.Estimator.{each.method.value}", outcome, first.call, reason
            )
        for use, symbol in self._receiver_calls():
            yield self._follower(
                use, symbol, outcome, first.call, "the endpoint of the Keras export takes the same keys"
            )
        for call in self.makers:
            yield self._follower(call, MODEL_TO_ESTIMATOR, outcome, first.call, reason, tuple(self._maker_edits(call)))

    def _follower(
        self, node: cst.Call, symbol: str, outcome: Outcome, first: cst.Call, reason: str, edits: tuple[Edit, ...] = ()
    ) -> Draft:
        return Draft(node, symbol, outcome, reason, edits=edits, needs=(first,), packages=frozenset({"tf-keras"}))

    def _receiver_calls(self) -> Iterator[tuple[cst.Call, str]]:
        """The constructions of the receiver, which go away."""
        gone = self.gone()
        for use in self.uses:
            if use.name in RECEIVER_NAMES and use.call is not None and gone & set(self.module.ancestors(use.call)):
                yield use.call, f"tensorflow.estimator.{use.name}"

    def gone(self) -> frozenset[cst.CSTNode]:
        """What the rewrite removes or replaces as a whole."""
        receivers = [self._receiver(each) for each in self.exports]
        statements = [statement for receiver in receivers for statement in _statements(receiver)]
        return frozenset({*statements, *(each.call for each in self.exports)})

    def _maker_edits(self, call: cst.Call) -> Iterator[Edit]:
        given = bound_arguments(call, _PARAMETERS) or {}
        module, statement = self.module, self.module.statement(call)
        assert statement is not None
        start, end = module.outer_span(given["keras_model"].value)
        model = module.text[start:end]
        if "model_dir" not in given:
            yield Edit(module.start(call), module.end(call), model)
            return
        parent, newline, indent = module.parent(call), newline_of(module), indent_at(module, call)
        target = _target(parent)
        name = target.value if isinstance(target, cst.Name) else self._local_name(call)
        folder = module.code(given["model_dir"].value)
        latest = f"{self._tensorflow(call)}.train.latest_checkpoint({folder})"
        lines = [f"{name} = {model}", f"if {folder} and {latest}:"]
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

    def _tensorflow(self, near: cst.CSTNode) -> str:
        return self.module.spelling("tensorflow", near) or self.module.spelling("tensorflow.compat.v1", near) or "tf"

    def _export_edits(self, export: Export, helper: str) -> Iterator[Edit]:
        module, call = self.module, export.call
        receiver = module.text[slice(*module.outer_span(export.receiver))]
        given = bound_arguments(call, _EXPORT_PARAMETERS) or {}
        opening = module.text.index("(", module.end(call.func)) + 1
        yield Edit(module.start(call.func), module.end(call.func), helper)
        base = given["export_dir_base"]
        close = module.end(call) - 1
        yield Edit(opening, close, f"{receiver}, {module.text[slice(*module.outer_span(base.value))]}")

    def _helper(self, export: Export, receiver: PassingReceiver, helper: str) -> Edit:
        module, newline, unit = self.module, newline_of(self.module), indent_unit(self.module)
        place = self._place(export, receiver)
        written = _helper_code(self._tensorflow(export.call), helper, receiver.fed, self._receiver_name(export), module)
        text = "".join(line.replace("    ", unit) + newline if line else newline for line in written)
        blank = re.search(r"(?:\A|\n)((?:[ \t]*\r?\n)*)\Z", module.text[:place])
        missing = 2 - (blank.group(1).count("\n") if blank is not None else 0) if module.text[:place].strip() else 0
        return Edit(place, place, newline * max(missing, 0) + text + newline * 2)

    def _receiver_name(self, export: Export) -> str:
        given = bound_arguments(export.call, _EXPORT_PARAMETERS) or {}
        wanted = given["serving_input_receiver_fn"].value
        return wanted.value if isinstance(wanted, cst.Name) else "the receiver"

    def _place(self, export: Export, receiver: PassingReceiver) -> int:
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


def _is_plain(key: str) -> bool:
    """Whether a TF2 signature can be saved with this input key."""
    return bool(re.fullmatch(r"[A-Za-z0-9_.-]+", key)) and not keyword.iskeyword(key) and key != "self"


def _statements(receiver: PassingReceiver | None) -> tuple[cst.CSTNode, ...]:
    return receiver.statements if receiver is not None else ()


def _target(parent: cst.CSTNode | None) -> cst.BaseExpression | None:
    return parent.targets[0].target if isinstance(parent, cst.Assign) else None


def _assigned(statement: cst.CSTNode) -> str:
    if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Assign):
        target = statement.body[0].targets[0].target
        return target.value if isinstance(target, cst.Name) else ""
    return ""


def _helper_code(tf: str, helper: str, fed: tuple[Fed, ...], receiver: str, module: Module) -> list[str]:
    names = [_identifier(each.key, index) for index, each in enumerate(fed)]
    specs = [f"{tf}.TensorSpec({each.shape}, {each.dtype}, name={string_literal(module, each.key)})" for each in fed]
    if len(specs) == 1:
        signature = [f"    @{tf}.function(input_signature=[{specs[0]}])"]
    else:
        signature = [f"    @{tf}.function(", "        input_signature=["]
        signature += [f"            {spec}," for spec in specs] + ["        ]", "    )"]
    pairs = ", ".join(f"{string_literal(module, each.feature)}: {name}" for each, name in zip(fed, names, strict=True))
    features = names[0] if len(fed) == 1 else f"{{{pairs}}}"
    default = string_literal(module, "serving_default")
    return [
        f"def {helper}(model, export_dir_base):",
        f'    """Exports the model for the inputs that {receiver} took; returns the new folder."""',
        "",
        *signature,
        f"    def serving_default({', '.join(names)}):",
        f"        outputs = model({features}, training=False)",
        f"        return dict(zip(model.output_names, {tf}.nest.flatten(outputs)))",
        "",
        "    export_dir = os.path.join(export_dir_base, str(int(time.time())))",
        f"    archive = {tf}.keras.export.ExportArchive()",
        "    archive.track(model)",
        f"    archive.add_endpoint({default}, serving_default)",
        "    archive.write_out(export_dir)",
        "    return export_dir.encode()",
    ]


def _identifier(key: str, index: int) -> str:
    name = re.sub(r"\W", "_", key)
    return name if name.isidentifier() and name not in ("model", "None", "True", "False") else f"input_{index}"

"""The export call of an Estimator: whether the shim can take it, and how it reads then.

Where the rewritten code runs on a TensorFlow that still has `tf.estimator` (2.15), Estimators stay what they are and go
on training; `export_estimator` exports them. Elsewhere they become those of the shim, whose own method exports.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.edit.edits import Edit
from codemods.edit.small_edits import remove_argument
from codemods.estimators.origins import EstimatorOrigin
from codemods.estimators.uses import EstimatorExport
from codemods.names.estimator import estimator_name
from codemods.source.arguments import argument, has_star
from codemods.source.module import Module


def _is_stand_in(module: Module, export: EstimatorExport) -> bool:
    return export.origin is EstimatorOrigin.SHIMMED and not module.program.target.has_estimators


def export_obstacle(module: Module, export: EstimatorExport) -> str | None:
    """Return why an export cannot go through the shim, None where it can."""
    call = export.call
    if argument(call, "experimental_mode") is not None:
        mode = module.resolve(argument(call, "experimental_mode").value)  # type: ignore[union-attr]
        if estimator_name(mode or "") != "ModeKeys.PREDICT":
            return "experimental_mode: graphs for training and evaluation have no counterpart in a TF2 SavedModel"
    for old in ("serving_input_fn", "default_output_alternative_key"):
        if argument(call, old) is not None:
            return f"`{old}` is an argument of the older tf.contrib.learn, whose Estimators the shim does not have"
    if export.origin is not EstimatorOrigin.FOREIGN:
        return None
    maker = export.maker.removeprefix("tensorflow.")
    if "BoostedTrees" in maker:
        return (
            f"{maker} holds its trees in a resource that a TF2 SavedModel has no object for, so that nothing converts "
            "its exports: go on serving them with TensorFlow <= 2.15, or train another model"
        )
    if module.program.target.has_estimators and "contrib" not in maker:
        return None
    if "learn" in maker:
        return (
            f"it is a {maker}: port the model to tf.estimator's model_fn first, or convert what it exported with "
            "`tf1to2 rewrap`"
        )
    without = f"{maker} is an Estimator that migrate.shim.estimator does not have: convert what it exported with "
    if "contrib" in maker:
        return f"{without}`tf1to2 rewrap`, or port the model to a model_fn"
    return f"{without}`tf1to2 rewrap`, or export with migrate.shim.estimator.export_estimator on TensorFlow <= 2.15"


def export_reason(module: Module, export: EstimatorExport, training: cst.Call | None) -> str:
    if export.origin is EstimatorOrigin.SHIMMED:
        reason = (
            "the Estimator of migrate.shim.estimator exports a TF2 SavedModel from the checkpoint, without tf.estimator"
        )
    else:
        reason = (
            "export_estimator writes a TF2 SavedModel of whatever Estimator comes in here: one of "
            "migrate.shim.estimator, or (TensorFlow <= 2.15) of tf.estimator"
        )
    if training is not None and not module.program.target.has_estimators:
        line = module.line_of(module.start(training))
        reason += f"; the training before it (line {line}) needs TensorFlow <= 2.15: later, export the checkpoint alone"
    return reason


def export_edits(module: Module, export: EstimatorExport, shim: str) -> Iterator[Edit]:
    call = export.call
    stripped = argument(call, "strip_default_attrs", 5)
    if _is_stand_in(module, export):
        if has_star(call):
            return  # `**kwargs` may hold strip_default_attrs, which only the old name takes
        if export.method.value == "export_savedmodel":
            yield Edit(module.start(export.method), module.end(export.method), "export_saved_model")
            if stripped is not None:
                yield remove_argument(module, call, stripped)
        return
    start, end = module.start(call.func), module.end(call.func)
    receiver = module.text[slice(*module.outer_span(export.receiver))]
    function = f"{shim}.export_estimator"
    opening = module.text.index("(", end) + 1
    follows = module.text[opening : opening + 1]
    inserted = f"{receiver}, " if follows not in "\r\n" else f"{receiver},"
    yield Edit(start, end, function)
    yield Edit(opening, opening, inserted if call.args else receiver)
    if stripped is not None:
        yield remove_argument(module, call, stripped)

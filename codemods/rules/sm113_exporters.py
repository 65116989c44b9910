"""Exporters of an `EvalSpec`: what the training exports on the way becomes native, or is exported from the checkpoint.

`FinalExporter`, `LatestExporter` and `BestExporter` run inside `tf.estimator.train_and_evaluate`, which TensorFlow has
up to 2.15 (`--tensorflow 2.15`). There the exporter is wrapped and every export is turned into a native TF2 SavedModel
on the spot. On a later TensorFlow nothing can train the Estimator: the site is reported with the code that exports the
trained checkpoint instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from codemods.contrib.learn import strategies
from codemods.edit.edits import Edit, Import
from codemods.edit.imports import is_imported
from codemods.edit.layout import free_name
from codemods.edit.small_edits import realign
from codemods.engine.runnable import RunnableRule
from codemods.estimators.keras_estimators import EXPORT_BY_KERAS
from codemods.estimators.origins import EstimatorOrigin, origin_of
from codemods.estimators.shim_symbols import EXPORT_TRACE, SHIM_TRACE
from codemods.estimators.uses import Reference, references
from codemods.names.estimator import EXPORTERS, estimator_name
from codemods.names.target import OLDEST
from codemods.rule import Draft, Example
from codemods.site import Guidance, Outcome
from codemods.source.arguments import argument
from codemods.source.module import Module
from codemods.source.symbols import is_tensorflow

_SHIM = Import("migrate.shim", "estimator", "tf_estimator")
_TRAINING = (
    "training needs TensorFlow <= 2.15 (`--tensorflow 2.15` wraps the exporter, which then writes native TF2 "
    "SavedModels)"
)


class Exporters(RunnableRule):
    """Exporters of `train_and_evaluate`."""

    id = "SM113"
    name = "exporters"
    summary = "FinalExporter, LatestExporter and BestExporter write native TF2 SavedModels, or are reported"
    why = "train_and_evaluate and its exporters left TensorFlow with 2.16, and before it they write the TF1 format."
    link = "https://www.tensorflow.org/guide/migrate/migrating_estimator"
    guidance = Guidance.REVIEW
    keeps_estimators = True
    tokens = (b"FinalExporter", b"LatestExporter", b"BestExporter", b"export_strategy")
    traces = (EXPORT_TRACE, SHIM_TRACE)
    examples = (
        Example(
            before="import tensorflow as tf\n\n\ndef eval_spec(input_fn, receiver_fn):\n"
            '    exporter = tf.estimator.FinalExporter("final", receiver_fn)\n'
            "    return tf.estimator.EvalSpec(input_fn, exporters=exporter)\n",
            after="import tensorflow as tf\nfrom migrate.shim import estimator as tf_estimator\n\n\n"
            "def eval_spec(input_fn, receiver_fn):\n"
            '    exporter = tf_estimator.native_exporter(tf.estimator.FinalExporter("final", receiver_fn))\n'
            "    return tf.estimator.EvalSpec(input_fn, exporters=exporter)\n",
            target=OLDEST,
        ),
    )
    limits = ("Which of the two becomes of a site depends on --tensorflow: by default the release beside this tool.",)

    def plan(self, module: Module) -> Iterator[Draft]:
        """Yield a draft for every construction of an exporter."""
        for use in references(module):
            if use.name in EXPORTERS and use.call is not None:
                yield (
                    _wrapped(module, use, use.call)
                    if module.program.target.has_estimators
                    else _reported(module, use, use.call)
                )
        yield from strategies(module)
        yield from _of_others(module)


def _wrapped(module: Module, use: Reference, call: cst.Call) -> Draft:
    shim = _SHIM
    if not is_imported(module, _SHIM) and _SHIM.bound_name in module.names:
        shim = replace(_SHIM, asname=free_name(module, "tf2_estimator"))
    if _is_wrapped(module, call):
        return _draft(use, call, Outcome.SKIP, "already wrapped: it exports native TF2 SavedModels")
    start, end = module.outer_span(call)
    head = f"{shim.bound_name}.native_exporter("
    edits = (Edit(start, start, head), *realign(module, call, len(head)), Edit(end, end, ")"))
    return replace(
        _draft(
            use,
            call,
            Outcome.SHIM,
            "training runs on TensorFlow <= 2.15, where each export becomes a native TF2 SavedModel",
        ),
        edits=edits,
        imports=(shim,),
        packages=frozenset({"tf1to2"}),
    )


def _is_wrapped(module: Module, call: cst.Call) -> bool:
    outer = module.parent(module.parent(call) or call)
    return isinstance(outer, cst.Call) and module.code(outer.func).endswith("native_exporter")


def _reported(module: Module, use: Reference, call: cst.Call) -> Draft:
    if _is_wrapped(module, call):
        return _draft(
            use, call, Outcome.SKIP, "already wrapped: it exports native TF2 SavedModels on TensorFlow <= 2.15"
        )
    trained = _trained(module)
    if trained is not None and origin_of(module, trained)[0] is EstimatorOrigin.KERAS:
        return _draft(use, call, Outcome.MANUAL, f"{_TRAINING}; on a later one {EXPORT_BY_KERAS}")
    position = 2 if use.name == "BestExporter" else 1
    receiver = argument(call, "serving_input_receiver_fn", position)
    code = module.code(receiver.value) if receiver is not None else "serving_input_receiver_fn"
    name = argument(call, "name", 0)
    folder = " ".join(module.code(name.value).split()) if name is not None else '"best_exporter"'
    estimator = module.code(trained) if isinstance(trained, (cst.Name, cst.Attribute)) else "estimator"
    best = ", checkpoint_path=<the best checkpoint>" if use.name == "BestExporter" else ""
    return _draft(
        use,
        call,
        Outcome.MANUAL,
        f"{_TRAINING}; on a later one export the trained checkpoint with the Estimator of migrate.shim.estimator: "
        f'`{estimator}.export_saved_model(os.path.join({estimator}.model_dir, "export", {folder}), '
        f"{' '.join(code.split())}{best})`",
    )


def _trained(module: Module) -> cst.BaseExpression | None:
    """Return what `train_and_evaluate` trains here."""
    for call in module.calls:
        if estimator_name(module.resolve_call(call) or "") == "train_and_evaluate":
            given = argument(call, "estimator", 0)
            if given is not None:
                return given.value
    return None


def _of_others(module: Module) -> Iterator[Draft]:
    """Exporters that another module or package defines after those of TensorFlow."""
    for call in module.calls:
        symbol = module.resolve_call(call) or ""
        home, _, name = symbol.rpartition(".")
        if name not in EXPORTERS or is_tensorflow(symbol) or home.startswith("migrate."):
            continue
        if argument(call, "serving_input_receiver_fn") is not None:
            yield Draft(
                call,
                symbol,
                Outcome.MANUAL,
                f"{name} comes from {home}: it runs inside train_and_evaluate (TensorFlow <= 2.15) and writes what "
                "that code says; where it is the TF1 format, wrap it in native_exporter of migrate.shim.estimator, or "
                "convert what it exported with `tf1to2 rewrap`",
            )


def _draft(use: Reference, call: cst.Call, outcome: Outcome, reason: str) -> Draft:
    return Draft(call, f"tensorflow.estimator.{use.name}", outcome, reason)

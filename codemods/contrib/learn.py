"""What exporting code takes from `tf.contrib.learn`: its receivers and export strategies, which have no home.

An `InputFnOps` has other fields than what `tf.estimator` exports with, and a strategy runs inside an `Experiment`:
neither works with another Estimator, so the code stays, and the reason holds the code to use once the model is a
model_fn.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.rule import Draft
from codemods.site import Outcome
from codemods.source.arguments import argument
from codemods.source.module import Module

_LEARN = "tensorflow.contrib.learn"
_RECEIVER = "InputFnOps"
_STRATEGIES = ("make_export_strategy", "make_best_model_export_strategy", "make_parsing_export_strategy")
_LONGEST = 60


def old_receivers(module: Module) -> Iterator[Draft]:
    """Yield the constructions of `InputFnOps`."""
    for call, symbol in _calls(module, (_RECEIVER,)):
        features = _code(module, argument(call, "features", 0), "features")
        fed = _code(module, argument(call, "default_inputs", 2), "default_inputs")
        yield Draft(
            call,
            symbol,
            Outcome.MANUAL,
            "InputFnOps belongs to the Estimators of tf.contrib.learn: port the model to a model_fn, and return "
            f"`ServingInputReceiver({features}, {fed})` of migrate.shim.estimator.export here",
        )


def strategies(module: Module) -> Iterator[Draft]:
    """Yield the constructions of export strategies."""
    for call, symbol in _calls(module, _STRATEGIES):
        name = symbol.rpartition(".")[2]
        if name == "make_parsing_export_strategy":
            receiver = "build_parsing_serving_input_receiver_fn(make_parse_example_spec(feature_columns))"
        else:
            receiver = _code(module, argument(call, "serving_input_fn", 0), "serving_input_fn")
        yield Draft(
            call,
            symbol,
            Outcome.MANUAL,
            "export strategies belong to the Experiment of tf.contrib.learn, which ended with TensorFlow 1: port the "
            "model to a model_fn and export its checkpoints with the Estimator of migrate.shim.estimator, "
            f"`estimator.export_saved_model(export_dir, {receiver})`, or convert what was exported with "
            "`tf1to2 rewrap`",
        )


def _calls(module: Module, names: tuple[str, ...]) -> Iterator[tuple[cst.Call, str]]:
    for call in module.calls:
        symbol = module.resolve_call(call)
        if symbol is not None and symbol.startswith(_LEARN) and symbol.rpartition(".")[2] in names:
            yield call, symbol


def _code(module: Module, given: cst.Arg | None, name: str) -> str:
    """Return an argument as it stands, where it is short; else the name of what it is."""
    code = " ".join(module.code(given.value).split()) if given is not None else name
    return code if len(code) <= _LONGEST else name

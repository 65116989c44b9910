"""The names of `tf.estimator.export`."""

from __future__ import annotations

from migrate.shim.estimator.outputs import ClassificationOutput, ExportOutput, PredictOutput, RegressionOutput
from migrate.shim.estimator.receivers import (
    ServingInputReceiver,
    TensorServingInputReceiver,
    build_parsing_serving_input_receiver_fn,
    build_raw_serving_input_receiver_fn,
)
from migrate.shim.estimator.signatures import build_all_signature_defs

__all__ = [
    "ClassificationOutput",
    "ExportOutput",
    "PredictOutput",
    "RegressionOutput",
    "ServingInputReceiver",
    "TensorServingInputReceiver",
    "build_all_signature_defs",
    "build_parsing_serving_input_receiver_fn",
    "build_raw_serving_input_receiver_fn",
]

"""A stand-in for `tf.estimator` where TensorFlow has none (2.16 and later): it exports and predicts, it does not train.

    from migrate.shim import estimator as tf_estimator

Names and arguments are those of TensorFlow 1.15, so that a model_fn, its serving receivers and its checkpoints stay as
they are. An export is a native TF2 SavedModel with the signatures that `tf.estimator` would have written. Model code
that uses `tf.layers` or `tf.compat.v1.keras` needs tf-keras and TF_USE_LEGACY_KERAS=1, set before TensorFlow is
imported.
"""

from __future__ import annotations

from tensorflow.compat.v1.train import VocabInfo

from migrate.shim.estimator import export, inputs, tpu
from migrate.shim.estimator.canned.estimators import (
    BaselineClassifier,
    BaselineRegressor,
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNLinearCombinedRegressor,
    DNNRegressor,
    LinearClassifier,
    LinearRegressor,
)
from migrate.shim.estimator.errors import EstimatorError, EstimatorTypeError, NoTrainingError
from migrate.shim.estimator.estimator import Estimator
from migrate.shim.estimator.extenders import add_metrics, forward_features
from migrate.shim.estimator.keras_weights import load_estimator_weights
from migrate.shim.estimator.mode import ModeKeys
from migrate.shim.estimator.native import export_estimator, native_exporter
from migrate.shim.estimator.parse_specs import classifier_parse_example_spec, regressor_parse_example_spec
from migrate.shim.estimator.run_config import RunConfig
from migrate.shim.estimator.spec import EstimatorSpec
from migrate.shim.estimator.tpu import TPUEstimator, TPUEstimatorSpec
from migrate.shim.estimator.warm_start import WarmStartSettings

__all__ = [
    "BaselineClassifier",
    "BaselineRegressor",
    "DNNClassifier",
    "DNNLinearCombinedClassifier",
    "DNNLinearCombinedRegressor",
    "DNNRegressor",
    "Estimator",
    "EstimatorError",
    "EstimatorSpec",
    "EstimatorTypeError",
    "LinearClassifier",
    "LinearRegressor",
    "ModeKeys",
    "NoTrainingError",
    "RunConfig",
    "TPUEstimator",
    "TPUEstimatorSpec",
    "VocabInfo",
    "WarmStartSettings",
    "add_metrics",
    "classifier_parse_example_spec",
    "export",
    "export_estimator",
    "forward_features",
    "inputs",
    "load_estimator_weights",
    "native_exporter",
    "regressor_parse_example_spec",
    "tpu",
]

"""Names of `tf.estimator` (and its older homes in `tf.contrib`) and of `migrate.shim.estimator`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

CANNED = (
    "BaselineClassifier",
    "BaselineRegressor",
    "DNNClassifier",
    "DNNLinearCombinedClassifier",
    "DNNLinearCombinedRegressor",
    "DNNRegressor",
    "LinearClassifier",
    "LinearRegressor",
)
RECEIVERS = ("ServingInputReceiver", "TensorServingInputReceiver")
RECEIVER_BUILDERS = ("build_parsing_serving_input_receiver_fn", "build_raw_serving_input_receiver_fn")
OUTPUTS = ("ClassificationOutput", "ExportOutput", "PredictOutput", "RegressionOutput")
_TPU = ("InputPipelineConfig", "RunConfig", "TPUConfig", "TPUEstimator", "TPUEstimatorSpec")
_PLAIN = ("Estimator", "EstimatorSpec", "ModeKeys", "RunConfig", "WarmStartSettings", *CANNED)
_INPUTS = ("numpy_input_fn", "pandas_input_fn")
_PARSE_SPECS = ("classifier_parse_example_spec", "regressor_parse_example_spec")
# Functions of an Estimator that return another one.
WRAPPERS = frozenset({"add_metrics", "forward_features"})
_EXPORT = (*RECEIVERS, *RECEIVER_BUILDERS, *OUTPUTS, "build_all_signature_defs")

# Every name of `migrate.shim.estimator` that the codemods may emit.
SHIM_ESTIMATOR_NAMES = frozenset(
    {*_PLAIN, *_PARSE_SPECS, *WRAPPERS, *(f"export.{name}" for name in _EXPORT), *(f"tpu.{name}" for name in _TPU)}
    | {"native_exporter", "export_estimator", "load_estimator_weights", "export", "inputs", "tpu"}
    | {f"inputs.{name}" for name in _INPUTS}
)
# Modules of the shim: what they lack of those of `tf.estimator`, they do not stand for.
_SHIM_MODULES = frozenset({"export", "inputs", "tpu"})
CONSTRUCTORS = frozenset({"Estimator", "tpu.TPUEstimator", *CANNED})
SPECS = frozenset({"EstimatorSpec", "tpu.TPUEstimatorSpec"})
RECEIVER_NAMES = frozenset(f"export.{name}" for name in (*RECEIVERS, *RECEIVER_BUILDERS))
EXPORTERS = frozenset({"FinalExporter", "LatestExporter", "BestExporter"})
EXPORT_METHODS = frozenset({"export_savedmodel", "export_saved_model"})
TRAINING_METHODS = frozenset({"train", "evaluate", "fit"})

# Session hooks that tf.estimator re-exports from tf.compat.v1.train.
HOOKS = frozenset(
    {
        "CheckpointSaverHook",
        "CheckpointSaverListener",
        "FeedFnHook",
        "FinalOpsHook",
        "GlobalStepWaiterHook",
        "LoggingTensorHook",
        "NanLossDuringTrainingError",
        "NanTensorHook",
        "ProfilerHook",
        "SecondOrStepTimer",
        "SessionRunArgs",
        "SessionRunContext",
        "SessionRunHook",
        "SessionRunValues",
        "StepCounterHook",
        "StopAtStepHook",
        "SummarySaverHook",
        "VocabInfo",
    }
)

# Private modules of tensorflow_estimator, whose names are public one level up.
_INNER_MODULES = re.compile(
    r"^tensorflow\.estimator\.(?:estimator(?:_lib)?|model_fn|run_config|exporter|canned\.(?:dnn|linear|baseline|dnn_linear_combined))"
    r"\.(?=[A-Z])"
)
_INNER_INPUTS = re.compile(r"^tensorflow\.estimator\.inputs\.(?:inputs|numpy_io|pandas_io)\.(?=[a-z])")
_INNER_EXPORT = re.compile(r"^tensorflow\.estimator\.export\.(?:export|export_output|export_lib)\.(?=[A-Za-z])")
_TPU_MODULES = re.compile(
    r"^tensorflow\.(?:contrib\.tpu\.python\.tpu|contrib\.tpu|estimator\.tpu)\.(?:(?:tpu_estimator|tpu_config)\.)?(?=[A-Z])"
)
_WRAPPER = re.compile(
    r"^tensorflow\.(?:estimator\.)?(?:contrib\.estimator\.)(?:python\.estimator\.)?(?:extenders\.)?"
    rf"(?=(?:{'|'.join(sorted(WRAPPERS))})$)"
)
# Modes of the older tf.contrib.learn have the same values.
_LEARN_MODES: Mapping[str, str] = MappingProxyType(
    {
        "tensorflow.contrib.learn.ModeKeys": "ModeKeys",
        "tensorflow.contrib.learn.ModeKeys.TRAIN": "ModeKeys.TRAIN",
        "tensorflow.contrib.learn.ModeKeys.EVAL": "ModeKeys.EVAL",
        "tensorflow.contrib.learn.ModeKeys.INFER": "ModeKeys.PREDICT",
    }
)
_MODES = frozenset({"ModeKeys.TRAIN", "ModeKeys.EVAL", "ModeKeys.PREDICT"})
MODEL_TO_ESTIMATOR = "tensorflow.keras.estimator.model_to_estimator"


def is_for_training(name: str) -> bool:
    """Whether only a training uses an Estimator symbol; an export does without it."""
    return name in HOOKS | EXPORTERS | {"EvalSpec", "TrainSpec", "train_and_evaluate"} or name.lower().endswith("hook")


def estimator_name(symbol: str) -> str | None:
    """Return the name under `tf.estimator` of a canonical TensorFlow symbol, None for any other symbol.

    `EstimatorSpec`, `export.PredictOutput`, `tpu.TPUEstimator`, also for their older spellings; may end in members.
    """
    if symbol in _LEARN_MODES:
        return _LEARN_MODES[symbol]
    tpu, count = _TPU_MODULES.subn("tpu.", symbol)
    if count:
        return tpu if tpu.split(".")[1] in _TPU else None
    symbol = _WRAPPER.sub("tensorflow.estimator.", symbol)
    symbol = _INNER_MODULES.sub("tensorflow.estimator.", symbol)
    symbol = _INNER_INPUTS.sub("tensorflow.estimator.inputs.", symbol)
    symbol = _INNER_EXPORT.sub("tensorflow.estimator.export.", symbol)
    head = "tensorflow.estimator."
    return symbol[len(head) :] if symbol.startswith(head) else None


def shim_name(name: str) -> str | None:
    """Return the longest part of an Estimator name, from its start, that the shim has; None where it has none."""
    if name in _MODES:
        return name
    whole = name
    while name:
        if name in SHIM_ESTIMATOR_NAMES and (name == whole or name not in _SHIM_MODULES):
            return name
        name = name.rpartition(".")[0]
    return None

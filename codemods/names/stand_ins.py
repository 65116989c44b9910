"""What stands in for names that TensorFlow 2 does not have under any name: for the report of SM904."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_TRAINING = (
    "TensorFlow 2.16 and later have no Estimators: train on TensorFlow 2.15 (`--tensorflow 2.15`), or train a Keras "
    "model with `fit`"
)
_QUEUES = "read with tf.data"
_DEBUGGER = "tf.debugging.experimental.enable_dump_debug_info, or run eagerly and print"
_GPUS = "tf.distribute.MirroredStrategy"
_HUB = (
    "tensorflow_hub for TensorFlow 2 makes and loads no modules of TensorFlow 1 any more: hub.load and hub.KerasLayer "
    "take those in the format of TensorFlow 2"
)
_KERAS_SESSION = "Keras 3 has no session; legacy Keras (tf-keras) has it as tf.compat.v1.keras.backend.{}"

# By the beginning of a canonical name; the longest decides.
STAND_INS: Mapping[str, str] = MappingProxyType(
    {
        "tensorflow.examples": "the examples are in no package any more",
        "tensorflow.examples.tutorials.mnist": "tf.keras.datasets.mnist.load_data() has the same images, as integers "
        "from 0 to 255 with labels that are not one-hot",
        "tensorflow.models": "models that once came with TensorFlow are in the repository tensorflow/models",
        "tensorflow.tools.graph_transforms": "nothing in TensorFlow 2 runs its transforms: tf.compat.v1.graph_util."
        "remove_training_nodes and tensorflow.python.tools.optimize_for_inference_lib do part of it, TensorFlow Lite "
        "quantizes; an export does not need them",
        "tensorflow.estimator": _TRAINING,
        "tensorflow.estimator.Exporter": "no training calls exporters any more: call the export of "
        "migrate.shim.estimator where the evaluation is known; or train on TensorFlow 2.15 (`--tensorflow 2.15`)",
        "tensorflow.estimator.inputs": "migrate.shim.estimator.inputs has numpy_input_fn and pandas_input_fn",
        "tensorflow.estimator.canned.prediction_keys": "write its keys as the strings that they are: "
        '`PredictionKeys.CLASS_IDS` is "class_ids", and so all of them',
        "tensorflow.keras.estimator": _TRAINING,
        "tensorflow.keras.utils.multi_gpu_model": _GPUS,
        "tensorflow.keras.backend.get_session": _KERAS_SESSION.format("get_session"),
        "tensorflow.keras.backend.set_session": _KERAS_SESSION.format("set_session"),
        "tensorflow.keras.wrappers.scikit_learn": "the package scikeras",
        "tensorflow.keras.layers.CuDNNGRU": "tf.keras.layers.GRU, which uses cuDNN by itself",
        "tensorflow.keras.layers.CuDNNLSTM": "tf.keras.layers.LSTM, which uses cuDNN by itself",
        "tensorflow.keras.layers.experimental.preprocessing": "tf.keras.layers",
        "tensorflow.keras.models.model_from_yaml": "tf.keras.models.model_from_json",
        "tensorflow.keras.engine": "the public names are in tf.keras.layers, tf.keras.models and tf.keras.utils",
        "tensorflow.keras.legacy": "what supported Keras 1 is gone",
        "tensorflow.python": "where the public API has no such name there is none to rely on: write what it did",
        "tensorflow.core": "the public protos are those of tf.compat.v1",
        "tensorflow.python.client.device_lib": "tf.config.list_physical_devices",
        "tensorflow.python.debug": _DEBUGGER,
        "tensorflow.python.estimator": _TRAINING,
        "tensorflow_estimator": _TRAINING,
        "tensorflow_core": "the package is tensorflow",
        "tensorflow.train.shuffle_batch": _QUEUES,
        "tensorflow_hub": _HUB,
    }
)


def stand_in(name: str) -> str | None:
    """Return what stands in for a canonical name that is gone, None where nothing is known."""
    while name:
        if name in STAND_INS:
            return STAND_INS[name]
        name = name.rpartition(".")[0]
    return None

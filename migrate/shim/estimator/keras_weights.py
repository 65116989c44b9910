"""The weights of a `model_to_estimator` training, for the Keras model that it was made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

from migrate.shim.estimator.checkpoint import find_checkpoint
from migrate.shim.estimator.errors import EstimatorError

_OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
_WRAPPED = ("layer", "forward_layer", "backward_layer")
_HARD_SIGMOID_OF_1 = 0.7
_NEAR = 1e-6


def load_estimator_weights(keras_model: Any, model_dir: Any, checkpoint_path: Any = None) -> None:
    """Gives a Keras model (2 or 3) the weights that an Estimator made of it has saved, by variable name.

    Args:
        keras_model: the model that was passed to `model_to_estimator`, or one that is built alike.
        model_dir: the Estimator's folder.
        checkpoint_path: the checkpoint's prefix; the latest of `model_dir` when None.

    Raises:
        EstimatorError: there is no checkpoint, it lacks a weight or has another shape for it; a layer computes
            something else than in TensorFlow 1; or a TF1 graph is being built: there an assignment is an op that
            nothing runs, and an export would hold the initial values.
    """
    if not tf.executing_eagerly():
        raise EstimatorError(
            "Weights are loaded in eager mode: without tf.disable_v2_behavior(), and not inside of a tf.Graph."
        )
    for layer in _layers(keras_model):
        _check_meaning(layer)
    checkpoint = find_checkpoint(str(model_dir), checkpoint_path, None)
    reader = tf.train.load_checkpoint(checkpoint)
    keys, shapes = _keys_by_variable_name(reader), reader.get_variable_to_shape_map()
    weights = {_name(weight, keras_model, keys): weight for weight in keras_model.weights}
    missing = sorted(weights.keys() - keys.keys())
    if missing:
        raise EstimatorError(
            f"The checkpoint {checkpoint} has no weight {', '.join(missing)}, only {', '.join(sorted(keys))}: give the "
            "layers of the model the names of the training."
        )
    for name, weight in weights.items():
        if list(weight.shape) != shapes[keys[name]]:
            raise EstimatorError(
                f"The checkpoint {checkpoint} has the shape {shapes[keys[name]]} for {name}, the model "
                f"{list(weight.shape)}."
            )
    for name, weight in weights.items():
        weight.assign(reader.get_tensor(keys[name]))


def _layers(layer: Any) -> Iterator[Any]:
    """The layers of a model, those inside of others (`Bidirectional(LSTM())`) included."""
    inner = [*getattr(layer, "layers", ()), *(getattr(layer, name, None) for name in _WRAPPED)]
    for each in inner:
        if each is not None:
            yield each
            yield from _layers(each)


def _check_meaning(layer: Any) -> None:
    """Raises EstimatorError for a layer that would give other numbers with the same weights."""
    if hasattr(layer, "recurrent_activation"):
        raise EstimatorError(
            f"The recurrent layer {layer.name} had another default of recurrent_activation in TensorFlow 1 "
            "(hard_sigmoid), and a GRU of reset_after: build it as it was trained, and give it its weights with "
            "`set_weights`."
        )
    activation = getattr(layer, "activation", None)
    if not callable(activation) or getattr(activation, "__name__", "") != "hard_sigmoid":
        return
    if abs(float(activation(tf.constant(1.0))) - _HARD_SIGMOID_OF_1) > _NEAR:
        raise EstimatorError(
            f"The layer {layer.name} has the activation hard_sigmoid, which is another function in Keras 3: write "
            "`lambda x: tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)`, or take legacy Keras (TF_USE_LEGACY_KERAS=1)."
        )


def _keys_by_variable_name(reader: Any) -> dict[str, str]:
    """Checkpoint keys by variable name: the object graph of an object-based checkpoint tells them."""
    names = reader.get_variable_to_shape_map()
    if _OBJECT_GRAPH_KEY not in names:
        return {name: name for name in names}
    graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(reader.get_tensor(_OBJECT_GRAPH_KEY))
    return {each.full_name: each.checkpoint_key for node in graph.nodes for each in node.attributes if each.full_name}


def _name(weight: Any, model: Any, known: dict[str, str]) -> str:
    """The name that the weight had in TensorFlow 1; Keras 3 puts a Sequential model's own name before it."""
    name = str(getattr(weight, "path", None) or weight.name.split(":")[0])
    inside = name.removeprefix(f"{model.name}/")
    return inside if name not in known and inside in known else name

"""The weights of a `model_to_estimator` training, for the Keras model that it was made of."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

from migrate.shim.estimator.checkpoint import find_checkpoint
from migrate.shim.estimator.errors import EstimatorError

_OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


def load_estimator_weights(keras_model: Any, model_dir: Any, checkpoint_path: Any = None) -> None:
    """Gives a Keras model (2 or 3) the weights that an Estimator made of it has saved, by variable name.

    Args:
        keras_model: the model that was passed to `model_to_estimator`, or one that is built alike.
        model_dir: the Estimator's folder.
        checkpoint_path: the checkpoint's prefix; the latest of `model_dir` when None.

    Raises:
        EstimatorError: there is no checkpoint, it lacks a weight or has another shape for it, or a TF1 graph is being
            built: there an assignment is an op that nothing runs, and an export would hold the initial values.
    """
    if not tf.executing_eagerly():
        raise EstimatorError(
            "Weights are loaded in eager mode: without tf.disable_v2_behavior(), and not inside of a tf.Graph."
        )
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

"""The weights of a `model_to_estimator` checkpoint. Its export is a program's test."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.shim.estimator import EstimatorError, load_estimator_weights
from tests.shim.estimator.programs import checkpoint_folder, migrated

FOLDER = checkpoint_folder("keras_model")


def dense(units: int, name: str) -> Any:
    return tf.keras.Sequential([tf.keras.Input([2]), tf.keras.layers.Dense(units, name=name)])


def test_every_weight_is_assigned() -> None:
    model = migrated("keras_model").keras_model()
    for weight in model.weights:
        weight.assign(weight * 0 + 77.0)
    load_estimator_weights(model, FOLDER)
    assert not any(np.any(np.asarray(weight) == 77.0) for weight in model.weights)


def test_a_named_checkpoint_is_taken() -> None:
    model = dense(4, "hidden")
    load_estimator_weights(model, "elsewhere", FOLDER / "model.ckpt-5")
    assert float(np.abs(np.asarray(model.weights[0])).sum()) > 0


@pytest.mark.parametrize(
    ("units", "name", "match"),
    [(4, "other", r"no weight \S*other/.*give the layers"), (3, "hidden", r"shape \[2, 4\] for hidden/kernel")],
)
def test_another_model_is_refused(units: int, name: str, match: str) -> None:
    with pytest.raises(EstimatorError, match=match):
        load_estimator_weights(dense(units, name), FOLDER)


def test_in_a_graph_no_assignment_is_promised() -> None:
    with tf.Graph().as_default(), pytest.raises(EstimatorError, match="eager mode"):
        load_estimator_weights(dense(4, "hidden"), FOLDER)


@pytest.mark.parametrize(
    ("layer", "match"),
    [
        (lambda: tf.keras.layers.LSTM(2), "recurrent layer .*recurrent_activation"),
        (lambda: tf.keras.layers.Bidirectional(tf.keras.layers.GRU(2)), "reset_after"),
    ],
)
def test_layers_that_mean_something_else_than_in_tensorflow1_are_refused(layer: Any, match: str) -> None:
    model = tf.keras.Sequential([tf.keras.Input([3, 2]), layer()])
    with pytest.raises(EstimatorError, match=match):
        load_estimator_weights(tf.keras.Sequential([model]), FOLDER)


def test_the_hard_sigmoid_of_keras_3_is_refused() -> None:
    inner = tf.keras.layers.Dense(2, activation="hard_sigmoid", name="other")
    model = tf.keras.Sequential([tf.keras.Input([3, 2]), tf.keras.layers.TimeDistributed(inner)])
    is_that_of_tf1 = float(inner.activation(tf.constant(1.0))) == pytest.approx(0.7)
    with pytest.raises(EstimatorError, match="no weight" if is_that_of_tf1 else "clip_by_value"):
        load_estimator_weights(model, FOLDER)

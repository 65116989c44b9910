"""The saved object is a reusable SavedModel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.native_module.export_root import export_root, obvious_signature
from migrate.rewrap import rewrap
from migrate.shim import load
from tests.graph.twin import v1
from tests.verify.tiny_models import PREDICT, Signature, export


def signatures(*keys: str) -> dict[str, Signature]:
    """Make signatures of one graph: `x -> y`, and what the key tells."""
    x = v1.placeholder(tf.float32, [None], name="x")
    other = v1.placeholder(tf.float32, [None], name="other")
    y = x * v1.get_variable("w", initializer=2.0)
    tensors: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "two inputs": ({"x": x, "other key": other}, {"y": y + other}),
        "two outputs": ({"x": x}, {"y": y, "z": y + 1.0}),
        "no inputs": ({}, {"y": tf.constant(1.0)}),
    }
    return {key: (*tensors.get(key, ({"x": x}, {"y": y})), PREDICT) for key in keys}


@pytest.mark.parametrize(
    ("keys", "obvious"),
    [
        (["serving_default"], "serving_default"),
        (["a", "serving_default"], "serving_default"),
        (["predict"], "predict"),
        (["a", "b"], None),
        ([], None),
    ],
)
def test_which_signature_calling_the_model_means(keys: list[str], obvious: str | None, tmp_path: Path) -> None:
    module = load(export(tmp_path / "model", lambda: signatures(*keys)))
    found = obvious_signature(module)
    assert (None if found is None else found.signature.key) == obvious
    assert ("__call__" in vars(export_root(module))) is (obvious is not None)


@pytest.mark.parametrize(
    ("key", "inputs", "outputs"),
    [
        ("plain", [1.0, 3.0], [2.0, 6.0]),
        ("two inputs", {"x": [1.0], "other key": [5.0]}, [7.0]),
        ("two outputs", [1.0], {"y": [2.0], "z": [3.0]}),
        ("no inputs", {}, 1.0),
    ],
)
def test_calling_the_loaded_model(key: str, inputs: Any, outputs: Any, tmp_path: Path) -> None:
    rewrap(export(tmp_path / "old", lambda: signatures(key)), tmp_path / "new")
    loaded = tf.saved_model.load(str(tmp_path / "new"))
    given = {k: tf.constant(v) for k, v in inputs.items()} if isinstance(inputs, dict) else tf.constant(inputs)
    found = loaded(given)
    if isinstance(outputs, dict):
        assert {name: value.numpy().tolist() for name, value in found.items()} == outputs
    else:
        assert found.numpy().tolist() == outputs


def test_a_model_with_several_signatures_and_no_default_cannot_be_called(tmp_path: Path) -> None:
    rewrap(export(tmp_path / "old", lambda: signatures("a", "b")), tmp_path / "new")
    assert not callable(tf.saved_model.load(str(tmp_path / "new")))


def test_what_a_reusable_saved_model_has(tmp_path: Path) -> None:
    """Source: https://www.tensorflow.org/hub/reusable_saved_models."""
    rewrap(export(tmp_path / "old", lambda: signatures("serving_default")), tmp_path / "new")
    loaded = tf.saved_model.load(str(tmp_path / "new"))
    assert [v.name for v in loaded.variables] == [v.name for v in loaded.trainable_variables] == ["w:0"]
    assert list(loaded.regularization_losses) == []
    x = tf.constant([1.0, 3.0])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(loaded(x))
    (gradient,) = tape.gradient(loss, list(loaded.trainable_variables))
    assert gradient.numpy() == 4.0


def test_it_can_be_part_of_a_traced_model(tmp_path: Path) -> None:
    rewrap(export(tmp_path / "old", lambda: signatures("serving_default")), tmp_path / "new")
    loaded = tf.saved_model.load(str(tmp_path / "new"))
    outer = tf.function(lambda x: loaded(x) + 1.0, autograph=False)
    np.testing.assert_array_equal(outer(tf.constant([1.0, 2.0])), [3.0, 5.0])


def test_a_keras_layer_takes_it(tmp_path: Path) -> None:
    import tf_keras

    rewrap(export(tmp_path / "old", lambda: signatures("serving_default")), tmp_path / "new")
    layer = tf_keras.layers.Lambda(tf.saved_model.load(str(tmp_path / "new")))
    assert layer(tf.constant([1.0])).numpy().tolist() == [2.0]

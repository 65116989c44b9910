"""Custom gradients of a TF1 program are lost with its Python code: loudly, but for swish."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.graph.custom_gradients import forget_custom_gradients
from migrate.rewrap import rewrap
from migrate.shim import load
from tests.graph.twin import graph_of, v1
from tests.verify.tiny_models import PREDICT, Signature, export


@tf.custom_gradient  # type: ignore[untyped-decorator]
def reversed_gradient(x: Any) -> Any:
    return x * 1.0, lambda upstream: -upstream


@tf.custom_gradient  # type: ignore[untyped-decorator]
def swish_of_tensorflow_1(x: Any) -> Any:
    """As TF 1.15 has it."""
    return x * tf.sigmoid(x), lambda upstream: upstream


@tf.custom_gradient  # type: ignore[untyped-decorator]
def almost_swish(x: Any) -> Any:
    return x * tf.tanh(x), lambda upstream: upstream


@cache
def registered() -> str:
    """Register a gradient as a program does, and return its name."""
    tf.RegisterGradient("TestOfItsInput")(lambda op, upstream: upstream * op.inputs[0])
    return "TestOfItsInput"


def attribute(function: Callable[[Any], Any]) -> bytes | None:
    """Return what the attribute of the node is after the pass, None where there is none."""
    graph_def = graph_of(lambda: function(v1.placeholder(tf.float32, [None], name="x")))
    (node,) = (one for one in graph_def.node if one.op == "IdentityN")
    assert node.attr["_gradient_op_type"].s
    forget_custom_gradients(graph_def.node)
    found: bytes | None = node.attr["_gradient_op_type"].s if "_gradient_op_type" in node.attr else None
    return found


@pytest.mark.parametrize("function", [swish_of_tensorflow_1, tf.nn.swish, lambda x: tf.nn.swish(x, beta=1.5)])
def test_swish_has_the_ordinary_gradient(function: Callable[[Any], Any]) -> None:
    assert attribute(function) is None


@pytest.mark.parametrize("function", [reversed_gradient, almost_swish])
def test_others_get_a_name_that_nobody_registers(function: Callable[[Any], Any]) -> None:
    assert attribute(function) == b"tf1to2: lost custom gradient of IdentityN"


def test_a_name_that_the_program_chose_stays() -> None:
    def build() -> Any:
        with v1.get_default_graph().gradient_override_map({"Identity": "MyGradient"}):
            return tf.identity(v1.placeholder(tf.float32, []))

    graph_def = graph_of(build)
    forget_custom_gradients(graph_def.node)
    assert [n.attr["_gradient_op_type"].s for n in graph_def.node if n.op == "Identity"] == [b"MyGradient"]


def model(folder: Path, function: Callable[[Any], Any]) -> Path:
    def build() -> dict[str, Signature]:
        x = v1.placeholder(tf.float32, [None], name="x")
        return {"serving_default": ({"x": x}, {"y": function(x * v1.get_variable("w", initializer=2.0))}, PREDICT)}

    return export(folder, build)


def test_a_model_with_swish_is_saved_and_trained(tmp_path: Path) -> None:
    """In the process that made it, where TensorFlow knows the gradient and fails to save it."""
    rewrap(model(tmp_path / "old", tf.nn.swish), tmp_path / "new")
    x = np.array([1.0, -0.5], np.float32)
    w = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        expected = tf.nn.swish(x * w)
    gradient = tape.gradient(expected, w)
    for one in (load(tmp_path / "old"), tf.saved_model.load(str(tmp_path / "new"))):
        with tf.GradientTape() as tape:
            y = one.signatures["serving_default"](x=tf.constant(x))["y"]
        np.testing.assert_allclose(y, expected, rtol=1e-6)
        np.testing.assert_allclose(tape.gradient(y, one.trainable_variables[0]), gradient, rtol=1e-5)


def test_any_other_gradient_fails_loudly_and_the_numbers_are_right(tmp_path: Path) -> None:
    rewrap(model(tmp_path / "old", reversed_gradient), tmp_path / "new")
    for one in (load(tmp_path / "old"), tf.saved_model.load(str(tmp_path / "new"))):
        assert one.signatures["serving_default"](x=tf.constant([3.0]))["y"].numpy().tolist() == [6.0]
        with pytest.raises(LookupError), tf.GradientTape() as tape:
            y = one.signatures["serving_default"](x=tf.constant([3.0]))["y"]
            tape.gradient(y, one.trainable_variables[0])


@pytest.mark.parametrize("in_function", [False, True])
def test_gradients_of_functions_and_registered_ones_are_no_hindrance(tmp_path: Path, in_function: bool) -> None:
    """TensorFlow would refuse a custom gradient in a function, and call a registered one without its op."""

    def both(x: Any) -> Any:
        with v1.get_default_graph().gradient_override_map({"Identity": registered()}):
            return tf.identity(reversed_gradient(tf.nn.swish(x)))

    old = model(tmp_path / "old", tf.function(both, autograph=False) if in_function else both)
    load(old).save(tmp_path / "new")
    found = tf.saved_model.load(str(tmp_path / "new")).signatures["serving_default"](x=tf.constant([1.0]))["y"]
    np.testing.assert_allclose(found, tf.nn.swish(tf.constant([2.0])), rtol=1e-6)

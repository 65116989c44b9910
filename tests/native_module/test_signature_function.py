"""Signatures are called by the keys that their clients know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.native_module.signature_function import SignatureFunction
from migrate.shim import MetaGraphModule, load
from tests.golden import golden_model
from tests.graph.twin import v1
from tests.verify.tiny_models import PREDICT, Signature, export


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> MetaGraphModule:
    def build() -> dict[str, Signature]:
        x = v1.placeholder(tf.float32, [None, 2], name="x")
        y = v1.placeholder(tf.float32, [None, 2], name="y")
        scale = v1.placeholder_with_default(10.0, [], name="scale")
        sparse = v1.sparse_placeholder(tf.float32, [None, 3], name="sparse")
        total = tf.sparse.reduce_sum(sparse, axis=1)
        return {
            "awkward": ({"x:0": x, "self": y, "scale": scale}, {"a/b": (x - y) * scale, "class": x + y}, PREDICT),
            "sparse": ({"s": sparse}, {"total": total, "twice": sparse * 2.0}, PREDICT),
            "none": ({}, {"one": tf.constant(1.0)}, PREDICT),
        }

    return load(export(tmp_path_factory.mktemp("model") / "m", build))


ONE, TWO = np.array([[3.0, 4.0]], np.float32), np.array([[1.0, 1.0]], np.float32)
SPARSE = tf.SparseTensor([[0, 1], [1, 2]], [5.0, 7.0], [2, 3])


@pytest.mark.parametrize(
    "call",
    [
        lambda f: f({"x:0": ONE, "self": TWO}),
        lambda f: f({"x:0": ONE}, self=TWO),
        lambda f: f(**{"x:0": ONE, "self": TWO}),
        lambda f: f({"x:0": tf.constant(ONE), "self": TWO.tolist()}),
        # As a Session does, values of another float type are converted.
        lambda f: f({"x:0": ONE.astype(np.float64), "self": TWO}),
    ],
)
def test_calls(call: Callable[[SignatureFunction], Any], module: MetaGraphModule) -> None:
    outputs = call(module.signatures["awkward"])
    assert {key: value.numpy().tolist() for key, value in outputs.items()} == {
        "a/b": [[20.0, 30.0]],
        "class": [[4.0, 5.0]],
    }


def test_an_optional_input_may_be_given(module: MetaGraphModule) -> None:
    outputs = module.signatures["awkward"]({"x:0": ONE, "self": TWO, "scale": 1.0})
    assert outputs["a/b"].numpy().tolist() == [[2.0, 3.0]]


@pytest.mark.parametrize(
    "inputs", [{}, {"x:0": ONE}, {"self": TWO}, {"x:0": ONE, "self": TWO, "y": ONE}, {"x": ONE, "self": TWO}]
)
def test_missing_and_unknown_keys_are_refused(inputs: dict[str, Any], module: MetaGraphModule) -> None:
    with pytest.raises(TypeError, match=r"'awkward' takes \['scale', 'self', 'x:0'\], not "):
        module.signatures["awkward"](inputs)


@pytest.mark.parametrize(
    "inputs",
    [
        {"s": SPARSE},
        {"s": v1.SparseTensorValue([[0, 1], [1, 2]], [5.0, 7.0], [2, 3])},
        {"s_indices": [[0, 1], [1, 2]], "s_values": [5.0, 7.0], "s_dense_shape": [2, 3]},
    ],
    ids=["tensor", "value", "parts"],
)
def test_sparse_inputs_and_outputs(inputs: dict[str, Any], module: MetaGraphModule) -> None:
    outputs = module.signatures["sparse"](inputs)
    assert outputs["total"].numpy().tolist() == [5.0, 7.0]
    assert sorted(outputs) == ["total", "twice"]
    assert isinstance(outputs["twice"], tf.SparseTensor)
    assert tf.sparse.to_dense(outputs["twice"]).numpy().tolist() == [[0.0, 10.0, 0.0], [0.0, 0.0, 14.0]]


def test_a_part_of_a_sparse_input_alone_is_refused(module: MetaGraphModule) -> None:
    with pytest.raises(TypeError, match="s_dense_shape"):
        module.signatures["sparse"](s_values=[1.0])


def test_no_inputs(module: MetaGraphModule) -> None:
    assert module.signatures["none"]()["one"].numpy() == 1.0
    with pytest.raises(TypeError, match=r"takes \[\]"):
        module.signatures["none"](x=1.0)


def test_a_value_of_another_kind_is_refused(module: MetaGraphModule) -> None:
    with pytest.raises((TypeError, ValueError)):
        module.signatures["awkward"]({"x:0": "text", "self": TWO})


def test_specs(module: MetaGraphModule) -> None:
    specs = module.signatures["awkward"].input_specs
    assert {key: (spec.dtype, spec.shape.as_list()) for key, spec in specs.items()} == {
        "x:0": (tf.float32, [None, 2]),
        "self": (tf.float32, [None, 2]),
        "scale": (tf.float32, []),
    }


@pytest.mark.parametrize("name", ["awkward_keys", "colliding_keys"])
def test_awkward_keys_of_a_real_model(name: str) -> None:
    golden = golden_model(name)
    loaded = load(golden.path)
    for key, signature in golden.meta_graphs[0].signatures.items():
        assert set(loaded.signatures[key].input_specs) == set(signature.inputs)

"""`MetaGraphModule.run`: what `Session.run` could do."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.native_module.legacy_graph import LegacyGraph
from migrate.shim import MetaGraphModule, load
from tests.graph.twin import v1
from tests.verify.tiny_models import PREDICT, Signature, export

Pair = namedtuple("Pair", ["first", "second"])


def build() -> dict[str, Signature]:
    """Make a model with more in its graph than its signature shows: a loss, a training step, an unsaved counter."""
    x = v1.placeholder(tf.float32, [None, 2], name="x")
    target = v1.placeholder(tf.float32, [None], name="target")
    w = v1.get_variable("w", initializer=[1.0, 2.0])
    hidden = tf.multiply(x, w, name="scope/hidden")
    y = tf.reduce_sum(hidden, axis=1, name="y")
    loss = tf.reduce_mean((y - target) ** 2, name="loss")
    v1.train.GradientDescentOptimizer(0.1).minimize(loss, name="train")
    tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], shared_name="lonely", name="lonely")
    handle = v1.get_default_graph().get_tensor_by_name("lonely:0")
    tf.raw_ops.AssignVariableOp(resource=handle, value=4.0, name="lonely/Assign")
    tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32, name="lonely/Read")
    values = tf.constant([7], tf.int64)
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], values), -1, name="table")
    tf.identity(table.lookup(v1.placeholder(tf.string, [None], name="word")), name="number")
    return {"serving_default": ({"x": x}, {"y": y}, PREDICT)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("run") / "model", build, use_resource=False)


@pytest.fixture
def module(folder: Path) -> MetaGraphModule:
    return load(folder)


X = {"x:0": [[1.0, 1.0], [0.0, 3.0]]}
Y, HIDDEN = [3.0, 6.0], [[1.0, 2.0], [0.0, 6.0]]


def numbers(structure: Any) -> Any:
    return tf.nest.map_structure(lambda one: None if one is None else one.numpy().tolist(), structure)


@pytest.mark.parametrize(
    ("fetches", "result"),
    [
        ("y:0", Y),
        (["y:0"], [Y]),
        (("y:0", "scope/hidden:0"), (Y, HIDDEN)),
        ({"b": "y:0", "a": {"nested": ["scope/hidden:0", "y:0"]}}, {"b": Y, "a": {"nested": [HIDDEN, Y]}}),
        (Pair("y:0", "w:0"), Pair(Y, [1.0, 2.0])),
        # An operation gives None, as in a Session.
        ("y", None),
        (["y:0", "y"], [Y, None]),
        # Twice the same, and a feed that is fetched.
        (["y:0", "y:0", "x:0"], [Y, Y, X["x:0"]]),
        ([], []),
    ],
)
def test_structures(fetches: Any, result: Any, module: MetaGraphModule) -> None:
    found = numbers(module.run(fetches, X))
    assert found == result
    assert type(found) is type(result)


def test_intermediate_tensors_can_be_fed(module: MetaGraphModule) -> None:
    assert numbers(module.run("y:0", {"scope/hidden:0": [[1.0, 5.0]]})) == [6.0]


def test_a_variable_s_value_can_be_fed(module: MetaGraphModule) -> None:
    assert numbers(module.run("y:0", {**X, "w/read:0": [10.0, 0.0]})) == [10.0, 0.0]


def test_a_variable_needs_no_feed(module: MetaGraphModule) -> None:
    assert numbers(module.run("w:0")) == [1.0, 2.0]


def test_a_training_step_changes_the_variables(module: MetaGraphModule) -> None:
    feeds = {**X, "target:0": [0.0, 0.0]}
    before = module.run("loss:0", feeds).numpy()
    loss, done = module.run(["loss:0", "train"], feeds)
    assert (loss.numpy(), done) == (before, None)
    assert module.run("loss:0", feeds).numpy() < before
    assert module.variables[0].numpy().tolist() != [1.0, 2.0]


def test_a_table_that_no_signature_uses_is_filled(module: MetaGraphModule) -> None:
    assert numbers(module.run("number:0", {"word:0": ["a", "b"]})) == [7, -1]


def test_a_set_of_names_is_compiled_once(module: MetaGraphModule) -> None:
    with mock.patch.object(LegacyGraph, "function", autospec=True, side_effect=LegacyGraph.function) as function:
        for length in (1, 2, 3):
            module.run(["y:0", "w:0"], {"x:0": np.ones([length, 2])})
        assert function.call_count == 1
        module.run(["w:0", "y:0"], X)
        assert function.call_count == 2


@pytest.mark.parametrize(
    ("fetches", "feeds", "complaint"),
    [
        ("y:0", {}, "needs the placeholder 'x'"),
        ("y:0", {"target:0": [1.0]}, "needs the placeholder 'x'"),
        ("nowhere:0", X, "'nowhere', which is not in the graph"),
        ("nowhere", X, "'nowhere', which is not in the graph"),
        ("", X, "not in the graph"),
        (":0", X, "':0' is not the name of a tensor"),
        ("y:1", X, "y"),
        ("y:0", {**X, "nowhere:0": 1.0}, "'nowhere:0' is not in the graph"),
        ("y:0", {**X, "x:1": 1.0}, "'x:1' is not in the graph"),
        ("y:0", {"": 1.0}, "'' is not the name of a tensor"),
    ],
)
def test_names_that_do_not_work(fetches: str, feeds: Any, complaint: str, module: MetaGraphModule) -> None:
    with pytest.raises(RefusedModelError, match=complaint):
        module.run(fetches, feeds)


def test_a_variable_without_value_is_refused_until_it_has_one(module: MetaGraphModule) -> None:
    """TensorFlow 2 would silently read an empty tensor."""
    with pytest.raises(RefusedModelError, match="the variable 'lonely' has no value"):
        module.run("lonely/Read:0")
    module.run("lonely/Assign")
    assert numbers(module.run("lonely/Read:0")) == 4.0


@pytest.mark.parametrize("value", ["text", [[1.0, 2.0, 3.0]], None])
def test_values_that_do_not_fit(value: Any, module: MetaGraphModule) -> None:
    with pytest.raises((ValueError, TypeError, tf.errors.InvalidArgumentError)):
        module.run("y:0", {"x:0": value})

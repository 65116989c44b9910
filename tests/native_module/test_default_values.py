"""Optional inputs that may be left out, and those that no longer may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.rewrap import rewrap
from tests.graph.twin import v1
from tests.verify.tiny_models import PREDICT, Signature, export


def model(default: Callable[[Any], Any]) -> Callable[[], dict[str, Signature]]:
    """Make `y = x + optional`, where `optional` is made from `x`."""

    def build() -> dict[str, Signature]:
        x = v1.placeholder(tf.float32, [None], name="x")
        value = default(x)
        optional = v1.placeholder_with_default(value, value.shape, name="optional")
        return {"serving_default": ({"x": x, "optional": optional}, {"y": x + optional}, PREDICT)}

    return build


def left_out(folder: Path) -> Any:
    """Run the signature in a Session without the optional input."""
    with v1.Session(graph=tf.Graph()) as session:
        signature = v1.saved_model.load(session, ["serve"], str(folder)).signature_def["serving_default"]
        return session.run(signature.outputs["y"].name, {signature.inputs["x"].name: [1.0, 2.0]}).tolist()


@pytest.mark.parametrize(
    "default",
    [
        lambda x: tf.constant(5.0),
        lambda x: tf.identity(tf.identity(tf.constant([5.0, 6.0]))),
        lambda x: tf.fill([2], 5.0),
        lambda x: tf.reshape(tf.range(2.0) * 3.0, [2]),
        lambda x: tf.split(tf.constant([1.0, 2.0, 3.0, 4.0]), 2)[1],
        tf.zeros_like,
        lambda x: tf.zeros(tf.shape(x)),
        lambda x: tf.split(x, 2)[1],
    ],
    ids=[
        "constant",
        "through identities",
        "filled",
        "computed of constants",
        "second output",
        "of an input",
        "of an input's shape",
        "second output of an input",
    ],
)
def test_a_default_that_the_inputs_decide_stays(default: Callable[[Any], Any], tmp_path: Path) -> None:
    export(tmp_path / "old", model(default))
    result = rewrap(tmp_path / "old", tmp_path / "new")
    assert left_out(tmp_path / "new") == left_out(tmp_path / "old")
    assert "may be left out in a Session" in " ".join(result.notes)


@pytest.mark.parametrize(
    "default",
    [
        lambda x: v1.get_variable("v", initializer=5.0) * 1.0,
        lambda x: tf.random.uniform([], seed=1),
        lambda x: v1.placeholder_with_default(1.0, []) + 1.0,
    ],
    ids=["of a variable", "random", "of another optional input"],
)
def test_a_default_of_more_than_the_inputs_is_told(default: Callable[[Any], Any], tmp_path: Path) -> None:
    export(tmp_path / "old", model(default))
    result = rewrap(tmp_path / "old", tmp_path / "new")
    assert "clients could leave out optional" in " ".join(result.notes)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must feed a value for placeholder"):
        left_out(tmp_path / "new")
    function = tf.saved_model.load(str(tmp_path / "new")).signatures["serving_default"]
    optional = np.ones([2] if function.structured_input_signature[1]["optional"].shape.rank else [], np.float32)
    outputs = function(x=tf.constant([1.0, 2.0]), optional=tf.constant(optional))
    assert outputs["y"].numpy().tolist() == [2.0, 3.0]

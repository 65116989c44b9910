"""Input functions over arrays, as `predict` reads them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.shim import estimator as tf_estimator
from migrate.shim.estimator.inputs import numpy_input_fn, pandas_input_fn
from tests.shim.estimator.programs import checkpoint_folder

FOLDER = str(checkpoint_folder("custom_tensor"))
ROWS = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 0.5], [2.0, 2.0, 2.0]], np.float32)
NAMES = np.array(["a", "b", "c"], object)


def echo(features: Any, mode: str) -> Any:
    return tf_estimator.EstimatorSpec(mode, features if isinstance(features, dict) else {"x": features})


def batches(input_fn: Any) -> list[dict[str, list[Any]]]:
    read = tf_estimator.Estimator(echo, FOLDER).predict(input_fn, yield_single_examples=False)
    return [{key: value.tolist() for key, value in batch.items()} for batch in read]


@pytest.mark.parametrize("targets", [None, np.arange(3), {"t": np.arange(3)}])
def test_features_come_in_batches_in_their_order(targets: Any) -> None:
    read = batches(numpy_input_fn({"x": ROWS, "name": NAMES}, targets, batch_size=2, shuffle=False))
    assert read == [
        {"x": ROWS[:2].tolist(), "name": [b"a", b"b"]},
        {"x": ROWS[2:].tolist(), "name": [b"c"]},
    ]


def test_one_array_and_batches_across_epochs() -> None:
    read = batches(numpy_input_fn(ROWS, batch_size=2, num_epochs=2, shuffle=False))
    assert [len(batch["x"]) for batch in read] == [2, 2, 2]
    assert read[1]["x"] == [ROWS[2].tolist(), ROWS[0].tolist()]


def test_shuffled_rows_stay_together() -> None:
    (batch,) = batches(numpy_input_fn({"x": ROWS, "name": NAMES}, shuffle=True))
    together = dict(zip(batch["name"], batch["x"], strict=True))
    assert together == dict(zip([b"a", b"b", b"c"], ROWS.tolist(), strict=True))


def test_the_columns_of_a_frame() -> None:
    columns = {"n": SimpleNamespace(values=np.array([1.0, 2.0])), "name": SimpleNamespace(values=NAMES[:2])}

    class Frame(dict[str, Any]):
        columns = ("n", "name")

    target = SimpleNamespace(values=np.array([0, 1]))
    assert batches(pandas_input_fn(Frame(columns), target, shuffle=False)) == [{"n": [1.0, 2.0], "name": [b"a", b"b"]}]


def test_without_a_number_of_epochs_every_batch_is_full() -> None:
    with tf.Graph().as_default():
        features = numpy_input_fn(ROWS, batch_size=2, num_epochs=None, shuffle=False)()
    assert features.shape == [2, 3]


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="shuffle must be True or False"):
        numpy_input_fn(ROWS)
    for x, y in (({"a": ROWS, "b": NAMES[:2]}, None), (ROWS, np.arange(2)), ({}, None)):
        with tf.Graph().as_default(), pytest.raises(ValueError, match=r"one length|empty"):
            numpy_input_fn(x, y, shuffle=False)()

"""`forward_features` and `add_metrics`: the rules of TensorFlow 1.15's extenders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.shim import estimator as tf_estimator
from migrate.shim.estimator import EstimatorError, EstimatorTypeError
from tests.shim.estimator.programs import checkpoint_folder

FOLDER = str(checkpoint_folder("custom_tensor"))
PREDICT = tf1.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


def model_fn(features: Any, mode: str) -> Any:
    rows = features["rows"] if isinstance(features, dict) else features
    total = tf.matmul(rows, tf1.get_variable("weights", [3, 2])) + tf1.get_variable("offset", [2])
    outputs = {
        "first": tf_estimator.export.PredictOutput({"first": total[:, 0]}),
        PREDICT: tf_estimator.export.PredictOutput({"sum": total}),
        "predict": tf_estimator.export.PredictOutput({"sum": total}),
        "scores": tf_estimator.export.ClassificationOutput(scores=total),
    }
    return tf_estimator.EstimatorSpec(mode, {"sum": total}, export_outputs=outputs)


def plain_model_fn(features: Any, mode: str) -> Any:
    return tf_estimator.EstimatorSpec(mode, model_fn(features, mode).predictions)


def receiver_fn() -> Any:
    features = {
        "rows": tf1.placeholder(tf.float32, [None, 3]),
        "id": tf1.placeholder(tf.string, [None]),
        "tags": tf1.sparse_placeholder(tf.int64, [None, 4]),
    }
    return tf_estimator.export.ServingInputReceiver(features, features)


def exported(tmp_path: Path, forwarded: Any) -> dict[str, set[str]]:
    """Return the output keys of every signature of the export."""
    path = forwarded.export_saved_model(str(tmp_path / "out"), receiver_fn).decode()
    signatures = tf.saved_model.load(path).signatures
    return {key: set(signatures[key].structured_outputs) for key in signatures}


@pytest.mark.parametrize("keys", ["id", ["id"], ("id",)])
def test_a_feature_is_in_predictions_and_in_the_default_outputs(keys: Any, tmp_path: Path) -> None:
    forwarded = tf_estimator.forward_features(tf_estimator.Estimator(model_fn, FOLDER), keys)
    assert forwarded.model_dir == FOLDER
    assert exported(tmp_path, forwarded) == {"first": {"first"}, PREDICT: {"sum", "id"}, "predict": {"sum", "id"}}


def test_several_features_into_the_outputs_of_predictions_alone(tmp_path: Path) -> None:
    forwarded = tf_estimator.forward_features(tf_estimator.Estimator(plain_model_fn, FOLDER), ["id", "rows"])
    assert exported(tmp_path, forwarded) == {PREDICT: {"sum", "id", "rows"}}


def test_all_features_the_sparse_ones_with_a_default(tmp_path: Path) -> None:
    estimator = tf_estimator.Estimator(plain_model_fn, FOLDER)
    forwarded = tf_estimator.forward_features(estimator, sparse_default_values={"tags": -1})
    assert exported(tmp_path, forwarded) == {PREDICT: {"sum", "id", "rows", "tags"}}


def test_predictions_have_it_too() -> None:
    forwarded = tf_estimator.forward_features(tf_estimator.Estimator(model_fn, FOLDER), "id")

    def input_fn() -> Any:
        return tf.data.Dataset.from_tensors({"rows": [[1.0, 2.0, 3.0]], "id": ["a"]})

    assert [one["id"] for one in forwarded.predict(input_fn)] == [b"a"]


@pytest.mark.parametrize(
    ("keys", "defaults", "words"),
    [
        ("nothing", None, "'nothing' to forward is no feature"),
        (None, None, "'tags' is sparse"),
        ("id", {"id": "x"}, "'id' has a default"),
        ("sum", None, "is no feature"),
    ],
)
def test_what_cannot_be_forwarded(keys: Any, defaults: Any, words: str, tmp_path: Path) -> None:
    forwarded = tf_estimator.forward_features(tf_estimator.Estimator(model_fn, FOLDER), keys, defaults)
    with pytest.raises(EstimatorError, match=words):
        exported(tmp_path, forwarded)


def test_a_key_that_the_predictions_have(tmp_path: Path) -> None:
    def clashing(features: Any, mode: str) -> Any:
        spec = plain_model_fn(features, mode)
        return tf_estimator.EstimatorSpec(mode, {"id": spec.predictions["sum"]})

    with pytest.raises(EstimatorError, match="have that key already"):
        exported(tmp_path, tf_estimator.forward_features(tf_estimator.Estimator(clashing, FOLDER), "id"))


@pytest.mark.parametrize("keys", [1, {"id": 1}, ["id", 2]])
def test_keys_are_strings(keys: Any) -> None:
    with pytest.raises(EstimatorTypeError):
        tf_estimator.forward_features(tf_estimator.Estimator(model_fn, FOLDER), keys)


def test_metrics_change_no_export(tmp_path: Path) -> None:
    estimator = tf_estimator.add_metrics(tf_estimator.Estimator(plain_model_fn, FOLDER), lambda predictions: {})
    assert exported(tmp_path, estimator) == {PREDICT: {"sum"}}

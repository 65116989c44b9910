"""The Estimator stand-in: what it refuses, what it passes on, and what it predicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.errors import RefusedModelError, Tf1to2Error
from migrate.shim import estimator as tf_estimator
from migrate.shim.estimator.errors import EstimatorError, NoTrainingError
from tests.shim.estimator.programs import checkpoint_folder

FOLDER = str(checkpoint_folder("custom_tensor"))
ROWS = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 0.5], [2.0, 2.0, 2.0]], np.float32)


def model_fn(features: Any, mode: str) -> Any:
    weights = tf1.get_variable("weights", [3, 2])
    offset = tf1.get_variable("offset", [2])
    return tf_estimator.EstimatorSpec(mode, {"sum": tf.matmul(features, weights) + offset, "rows": features})


def receiver_fn() -> Any:
    rows = tf1.placeholder(tf.float32, [None, 3])
    return tf_estimator.export.TensorServingInputReceiver(rows, rows)


def expected() -> Any:
    weights, offset = (tf.train.load_variable(FOLDER, name) for name in ("weights", "offset"))
    return ROWS @ weights + offset


def nothing_in(folder: Path) -> bool:
    return not folder.exists() or list(folder.iterdir()) == []


def test_training_is_refused_at_once() -> None:
    estimator = tf_estimator.Estimator(model_fn, FOLDER)
    with pytest.raises(NoTrainingError, match=r"train and evaluate with TensorFlow <= 2.15.*`fit`") as refused:
        estimator.train(lambda: None, steps=5)
    assert isinstance(refused.value, Tf1to2Error)
    with pytest.raises(NoTrainingError, match=r"Estimator\.evaluate"):
        estimator.evaluate(lambda: None)


@pytest.mark.parametrize(
    ("receiver", "match"),
    [
        (None, "function without arguments"),
        (lambda: None, "must return a ServingInputReceiver"),
        (lambda: {"rows": tf1.placeholder(tf.float32)}, "not dict"),
    ],
)
def test_a_wrong_receiver_is_refused(receiver: Any, match: str, tmp_path: Path) -> None:
    with pytest.raises(EstimatorError, match=match):
        tf_estimator.Estimator(model_fn, FOLDER).export_saved_model(tmp_path / "exports", receiver)
    assert nothing_in(tmp_path / "exports")


@pytest.mark.parametrize(
    ("broken", "match"),
    [
        (lambda features: {"sum": features}, "must return an EstimatorSpec"),
        (lambda features: tf_estimator.TPUEstimatorSpec("infer", {"x": features}), "not TPUEstimatorSpec"),
        (lambda features: tf_estimator.EstimatorSpec("eval", features, tf.reduce_sum(features)), "of mode 'eval'"),
        (lambda features: tf_estimator.EstimatorSpec("infer", {"x": 3}), "must be a Tensor"),
        (lambda features: tf_estimator.EstimatorSpec("infer", {}), "would have no signature"),
        (
            lambda features: tf_estimator.EstimatorSpec(
                "infer", features, export_outputs={"r": tf_estimator.export.RegressionOutput(features)}
            ),
            "would have no signature: 'r' cannot be served and is left out: Regression input must be",
        ),
    ],
)
def test_a_wrong_model_fn_is_refused(broken: Any, match: str, tmp_path: Path) -> None:
    with pytest.raises(Tf1to2Error, match=match):
        tf_estimator.Estimator(broken, FOLDER).export_saved_model(tmp_path / "exports", receiver_fn)
    assert nothing_in(tmp_path / "exports")


def test_other_modes_are_refused(tmp_path: Path) -> None:
    estimator = tf_estimator.Estimator(model_fn, FOLDER)
    with pytest.raises(EstimatorError, match="experimental_mode='train'"):
        estimator.export_saved_model(tmp_path, receiver_fn, experimental_mode=tf_estimator.ModeKeys.TRAIN)
    with pytest.raises(EstimatorError, match="PREDICT"):
        estimator.experimental_export_all_saved_models(tmp_path, {"infer": receiver_fn, "eval": receiver_fn})


def test_the_predict_mode_alone_is_an_export(tmp_path: Path) -> None:
    estimator = tf_estimator.Estimator(model_fn, FOLDER)
    returned = estimator.experimental_export_all_saved_models(tmp_path, {"infer": receiver_fn})
    served = tf.saved_model.load(returned.decode()).signatures["serving_default"](input=tf.constant(ROWS))
    np.testing.assert_allclose(served["sum"], expected(), rtol=1e-6)


def test_a_missing_extra_asset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EstimatorError, match="there is no file"):
        tf_estimator.Estimator(model_fn, FOLDER).export_savedmodel(
            tmp_path / "exports", receiver_fn, assets_extra={"a": str(tmp_path / "missing")}
        )
    assert nothing_in(tmp_path / "exports")


def test_a_missing_vocabulary_is_refused(tmp_path: Path) -> None:
    def with_table(features: Any, mode: str) -> Any:
        tf1.add_to_collection(tf1.GraphKeys.ASSET_FILEPATHS, tf.constant(str(tmp_path / "words.txt")))
        return model_fn(features, mode)

    with pytest.raises(EstimatorError, match=r"missing: .*words.txt"):
        tf_estimator.Estimator(with_table, FOLDER).export_saved_model(tmp_path / "exports", receiver_fn)
    assert nothing_in(tmp_path / "exports")


def test_a_variable_that_no_saver_restores_is_refused(tmp_path: Path) -> None:
    def partly_restored(features: Any, mode: str) -> Any:
        spec = model_fn(features, mode)
        weights = [variable for variable in tf1.global_variables() if variable.op.name == "weights"]
        return spec._replace(scaffold=tf1.train.Scaffold(saver=tf1.train.Saver(weights)))

    estimator = tf_estimator.Estimator(partly_restored, FOLDER)
    try:
        returned = estimator.export_saved_model(tmp_path / "exports", receiver_fn)
    except Tf1to2Error:
        assert nothing_in(tmp_path / "exports")
    else:
        pytest.fail(f"{returned!r} lacks the value of a variable")


def test_what_cannot_become_native_is_refused_in_terms_of_the_checkpoint(tmp_path: Path) -> None:
    def calling_python(features: Any, mode: str) -> Any:
        total = model_fn(features, mode).predictions["sum"]
        return tf_estimator.EstimatorSpec(mode, tf1.py_func(lambda array: array, [total], tf.float32))

    with pytest.raises(
        RefusedModelError, match=r"^The model of .*model\.ckpt-5: the op PyFunc calls a Python function"
    ):
        tf_estimator.Estimator(calling_python, FOLDER).export_saved_model(tmp_path / "exports", receiver_fn)
    assert nothing_in(tmp_path / "exports")


def test_params_and_config_are_copies() -> None:
    params = {"list": [1]}
    estimator = tf_estimator.Estimator(lambda features, params: None, FOLDER, params=params)
    estimator.params["list"].append(2)
    params["list"].append(3)
    estimator.config.model_dir = "elsewhere"
    assert estimator.params == {"list": [1]}
    assert estimator.model_dir == FOLDER


def test_the_model_fn_gets_params_and_config(tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    def spying(features: Any, labels: Any, mode: str, params: Any, config: Any) -> Any:
        seen.update(labels=labels, mode=mode, params=params, seed=config.tf_random_seed)
        return model_fn(features, mode)

    config = tf_estimator.RunConfig(tf_random_seed=5)
    tf_estimator.Estimator(spying, FOLDER, config, {"a": 1}).export_saved_model(tmp_path, receiver_fn)
    assert seen == {"labels": None, "mode": "infer", "params": {"a": 1}, "seed": 5}


def test_what_the_checkpoint_holds() -> None:
    estimator = tf_estimator.Estimator(model_fn, FOLDER)
    assert estimator.latest_checkpoint() == f"{FOLDER}/model.ckpt-5"
    assert set(estimator.get_variable_names()) == {"global_step", "offset", "weights"}
    assert estimator.get_variable_value("global_step") == 5


def input_fn() -> Any:
    return tf.data.Dataset.from_tensor_slices(ROWS).batch(2)


def test_predict_yields_examples() -> None:
    rows = list(tf_estimator.Estimator(model_fn, FOLDER).predict(input_fn))
    assert [set(row) for row in rows] == [{"sum", "rows"}] * 3
    np.testing.assert_allclose([row["sum"] for row in rows], expected(), rtol=1e-6)


def test_predict_yields_batches_of_wanted_keys() -> None:
    estimator = tf_estimator.Estimator(model_fn, FOLDER)
    batches = list(estimator.predict(input_fn, predict_keys=["rows"], yield_single_examples=False))
    assert [set(batch) for batch in batches] == [{"rows"}] * 2
    np.testing.assert_array_equal(np.concatenate([batch["rows"] for batch in batches]), ROWS)


def test_predict_takes_features_with_labels_and_one_tensor() -> None:
    def one_tensor(features: Any, mode: str) -> Any:
        return tf_estimator.EstimatorSpec(mode, model_fn(features, mode).predictions["sum"])

    def labelled() -> Any:
        return tf.data.Dataset.from_tensors((ROWS, [1, 2, 3]))

    rows = list(tf_estimator.Estimator(one_tensor, FOLDER).predict(labelled))
    np.testing.assert_allclose(rows, expected(), rtol=1e-6)


def test_the_callers_code_between_predictions_is_its_own() -> None:
    for _ in tf_estimator.Estimator(model_fn, FOLDER).predict(input_fn):
        assert tf.executing_eagerly()


def test_predict_refuses_unknown_keys_and_a_missing_model(tmp_path: Path) -> None:
    with pytest.raises(EstimatorError, match="None of"):
        list(tf_estimator.Estimator(model_fn, FOLDER).predict(input_fn, predict_keys=["nothing"]))
    with pytest.raises(EstimatorError, match="no trained model"):
        list(tf_estimator.Estimator(model_fn, tmp_path).predict(input_fn))


def test_only_the_signatures_that_can_be_served_are_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def with_regression(features: Any, mode: str) -> Any:
        value = model_fn(features, mode).predictions["sum"]
        outputs = {
            "serving_default": tf_estimator.export.PredictOutput(value),
            "regression": tf_estimator.export.RegressionOutput(value),
        }
        return tf_estimator.EstimatorSpec(mode, value, export_outputs=outputs)

    returned = tf_estimator.Estimator(with_regression, FOLDER).export_saved_model(tmp_path, receiver_fn)
    assert set(tf.saved_model.load(returned.decode()).signatures) == {"serving_default"}
    assert "'regression' cannot be served and is left out" in caplog.text

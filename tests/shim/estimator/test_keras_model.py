"""The Keras model of a model_fn: the export of the checkpoint, a training step that changes it, and refusals."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.shim.estimator import EstimatorError, EstimatorSpec, export
from tests.exports import compare_export, contract_differences, missing_variables, read_proto
from tests.shim.estimator.programs import checkpoint_folder, golden, migrated

pytestmark = pytest.mark.filterwarnings("ignore:`tf.layers:UserWarning", "ignore:`layer.updates:UserWarning")


def loaded_model(name: str, params: Any = None) -> Any:
    """A Keras model of a program's model_fn with the values of its checkpoint."""
    from migrate.shim.estimator.keras_model import ModelFnModel

    program = migrated(name)
    receiver_fn = getattr(program, "serving_input_receiver_fn", None) or program.Task().serving_input_fn
    model_class = type("Network", (ModelFnModel,), {"model_fn": staticmethod(program.model_fn), "params": params or {}})
    model = model_class()
    model.build_from(receiver_fn)
    model.load_tf1_checkpoint(tf.train.latest_checkpoint(str(checkpoint_folder(name))))
    return model, program


@pytest.mark.parametrize(
    ("name", "params"),
    [("custom_default", {"hidden": 5}), ("custom_image_bytes", None), ("custom_regression", {"side": 2})],
)
def test_it_exports_what_tensorflow_1_exported(name: str, params: Any, tmp_path: Path) -> None:
    model, _ = loaded_model(name, params)
    model.export(tmp_path / "export")
    shutil.copytree(tmp_path / "export", tmp_path / "copy")
    assert compare_export(golden(name), tmp_path / "export", tmp_path) == []
    assert missing_variables(golden(name), tmp_path / "copy") == []


def test_a_training_step_changes_the_export(tmp_path: Path) -> None:
    # Dropout and shuffling by chance can leave a hidden unit without a gradient.
    tf.random.set_seed(7)
    model, program = loaded_model("custom_default", {"hidden": 5})
    model.export(tmp_path / "before")
    before = {weight.name: weight.numpy() for weight in model.weights}
    import tf_keras

    model.compile(optimizer=tf_keras.optimizers.SGD(0.1))
    history = model.fit(program.train_input_fn().take(1), verbose=0).history
    model.export(tmp_path / "after")

    assert 0 < history["loss"][0] < 10
    assert [weight.name for weight in model.weights if np.array_equal(weight.numpy(), before[weight.name])] == []
    assert list(contract_differences(golden("custom_default"), read_proto(tmp_path / "after"))) == []
    image = tf.constant([[0.5, -1.0, 2.0, 0.0]])
    old, new = (
        tf.saved_model.load(str(tmp_path / name)).signatures["serving_default"](image=image)["probabilities"].numpy()
        for name in ("before", "after")
    )
    np.testing.assert_allclose(old.sum(), 1.0, rtol=1e-6)
    assert np.abs(old - new).max() > 1e-3
    np.testing.assert_allclose(model({"image": image})["probabilities"], new, rtol=1e-5)


def test_the_step_is_the_gradient_of_the_model_fns_loss() -> None:
    """One step of plain gradient descent, with regularisation: the TF1 optimizer of the model_fn takes none."""
    model, program = loaded_model("custom_regression", {"side": 2})
    import tf_keras

    features, labels = next(iter(program.input_fn()))
    kernel = next(weight for weight in model.weights if "kernel" in weight.name)
    before = kernel.numpy()
    with tf.GradientTape() as tape:
        error = tf.reduce_mean((model(features)["y"] - labels) ** 2) + 0.05 * tf.reduce_sum(kernel**2)
    gradient = tape.gradient(error, kernel)
    model.compile(optimizer=tf_keras.optimizers.SGD(0.25))
    loss = model.train_on_batch(features, labels)
    np.testing.assert_allclose(loss, error, rtol=1e-5)
    np.testing.assert_allclose(kernel.numpy(), before - 0.25 * gradient, rtol=1e-4)


def test_the_model_fn_has_a_global_step() -> None:
    """For decays and the like; an optimizer of the program's own takes no step either."""

    class Descent(tf1.train.Optimizer):  # type: ignore[misc]
        def apply_gradients(self, pairs: Any, global_step: Any = None, name: Any = None) -> Any:
            return tf.group(*(variable.assign(variable - 100.0) for _, variable in pairs))

    def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        step = tf1.train.get_global_step()
        value = tf1.get_variable("w", [], initializer=tf1.ones_initializer()) * features["x"]
        if mode == "infer":
            return EstimatorSpec(mode, {"y": value, "step": step + 0})
        rate = tf1.train.exponential_decay(0.5, tf1.train.get_or_create_global_step(), 1, 0.5)
        loss = tf.reduce_sum(value) * rate
        optimizer = Descent(use_locking=False, name="descent")
        train_op = optimizer.apply_gradients(optimizer.compute_gradients(loss))
        return EstimatorSpec(mode, loss=loss, train_op=tf.group(train_op, step.assign(step + 1)))

    model = built(model_fn, lambda: export.ServingInputReceiver(*[{"x": tf1.placeholder(tf.float32, [None])}] * 2))
    import tf_keras

    model.compile(optimizer=tf_keras.optimizers.SGD(0.1))
    data = tf.data.Dataset.from_tensors(({"x": [1.0, 1.0]}, [0.0])).repeat(2)
    model.fit(data, verbose=0)
    assert model({"x": tf.constant([1.0])})["step"] == 2
    np.testing.assert_allclose(model({"x": tf.constant([1.0])})["y"], [1.0 - 0.1 * 2 * 0.5 - 0.1 * 2 * 0.25], rtol=1e-6)


def test_a_loss_of_keras_comes_before_the_model_fns() -> None:
    model, program = loaded_model("custom_regression", {"side": 2})
    model.compile(optimizer="sgd", loss={"y": "mae"})
    features, labels = next(iter(program.input_fn()))
    expected = float(tf.reduce_mean(tf.abs(model(features)["y"] - labels)) + sum(model.losses))
    np.testing.assert_allclose(model.train_on_batch(features, {"y": labels}), expected, rtol=1e-5)


def test_code_that_reads_the_trainable_variables_finds_them() -> None:
    from migrate.shim.estimator.keras_model import ModelFnModel

    found: list[list[str]] = []

    def model_fn(features: Any, mode: str) -> Any:
        prediction = features["x"] * tf1.get_variable("w", [2])
        found.append([variable.name for variable in tf1.trainable_variables()])
        return EstimatorSpec(mode, prediction)

    model = type("Network", (ModelFnModel,), {"model_fn": staticmethod(model_fn)})()
    model.build_from(export.build_raw_serving_input_receiver_fn({"x": tf.zeros([1, 2])}))
    model.build_from(export.build_raw_serving_input_receiver_fn({"x": tf.zeros([1, 2])}))
    model.build_from(export.build_raw_serving_input_receiver_fn({"x": tf.zeros([1, 2])}))
    assert found == [[], ["w:0"], ["w:0"], ["w:0"]][: len(found)] and len(found) > 2


def built(model_fn: Any, receiver_fn: Any = None) -> Any:
    from migrate.shim.estimator.keras_model import ModelFnModel

    model = type("Network", (ModelFnModel,), {"model_fn": staticmethod(model_fn)})()
    model.build_from(receiver_fn or export.build_raw_serving_input_receiver_fn({"x": tf.zeros([1, 2])}))
    return model


def with_table(features: Any, mode: str) -> Any:
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [1]), 0)
    return EstimatorSpec(mode, {"found": table.lookup(tf.strings.as_string(features["x"]))})


def with_plain_variable(features: Any, mode: str) -> Any:
    return EstimatorSpec(mode, {"y": features["x"] + tf1.Variable(tf.zeros([2]), name="offset")})


def with_slices(features: Any, mode: str) -> Any:
    weights = tf1.get_variable("w", [4, 2], partitioner=tf1.fixed_size_partitioner(2))
    return EstimatorSpec(mode, {"y": features["x"] + tf.convert_to_tensor(weights)[0]})


def with_alternatives() -> Any:
    x = tf1.placeholder(tf.float32, [None, 2])
    return export.ServingInputReceiver({"x": x}, {"x": x}, {"other": x})


def with_sparse_input() -> Any:
    x = tf1.sparse_placeholder(tf.float32)
    return export.ServingInputReceiver({"x": x}, {"x": x})


def doubled(features: Any, mode: str) -> Any:
    return EstimatorSpec(mode, {"y": features["x"] * tf1.get_variable("w", [2])})


@pytest.mark.parametrize(
    ("model_fn", "receiver_fn", "match"),
    [
        (with_table, None, "lookup tables"),
        (with_plain_variable, None, "tf.Variable instead of get_variable"),
        (with_slices, None, "a partitioner cuts them"),
        (lambda features, mode: features["x"], None, "must return an EstimatorSpec"),
        (doubled, with_alternatives, "alternatives"),
        (doubled, with_sparse_input, "sparse"),
        (doubled, lambda: {"x": tf1.placeholder(tf.float32)}, "no receiver"),
    ],
)
def test_refused(model_fn: Any, receiver_fn: Any, match: str) -> None:
    with pytest.raises(EstimatorError, match=match):
        built(model_fn, receiver_fn)


def test_a_checkpoint_that_does_not_fit_is_refused() -> None:
    checkpoint = tf.train.latest_checkpoint(str(checkpoint_folder("custom_checkpoint_path")))
    with pytest.raises(EstimatorError, match=r"shape \[3\] for w"):
        built(doubled).load_tf1_checkpoint(checkpoint)
    checkpoint = tf.train.latest_checkpoint(str(checkpoint_folder("custom_tensor")))
    with pytest.raises(EstimatorError, match="no variable w"):
        built(doubled).load_tf1_checkpoint(checkpoint)


def test_it_must_be_built_first(tmp_path: Path) -> None:
    from migrate.shim.estimator.keras_model import ModelFnModel

    model = type("Network", (ModelFnModel,), {"model_fn": staticmethod(doubled)})()
    with pytest.raises(EstimatorError, match="build_from"):
        model.load_tf1_checkpoint("anything")
    with pytest.raises(EstimatorError, match="build_from"):
        model.export(tmp_path / "export")
    with pytest.raises(EstimatorError, match="onnx"):
        built(doubled).export(tmp_path / "export", format="onnx")
    assert list(tmp_path.iterdir()) == []

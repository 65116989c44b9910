"""`MetaGraphModule`: variables, gradients, fine-tuning, saving."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.errors import RefusedModelError, Tf1to2Error, UnreadableModelError
from migrate.rewrap import rewrap
from migrate.shim import MetaGraphModule, load
from tests.golden import golden_model
from tests.graph.twin import v1
from tests.verify.tiny_models import CLASSIFY, PREDICT, Signature, export

X = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]], np.float32)


def dense() -> dict[str, Signature]:
    """One layer, with a moving average that no optimizer may touch."""
    x = v1.placeholder(tf.float32, [None, 3], name="x")
    w = v1.get_variable("layer/w", [3, 2], initializer=v1.glorot_uniform_initializer(seed=1))
    b = v1.get_variable("layer/b", initializer=[0.5, -0.5])
    mean = v1.get_variable("layer/mean", initializer=[1.0, 1.0], trainable=False)
    y = tf.tanh(tf.matmul(x, w) + b) - mean
    return {"serving_default": ({"x": x}, {"y": y}, PREDICT)}


@pytest.fixture(scope="module", params=["ref", "resource"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp(request.param)
    export(root / "old", dense, use_resource=request.param == "resource")
    rewrap(root / "old", root / "new")
    return root


def live(folder: Path) -> Any:
    return load(folder / "old")


def rewrapped(folder: Path) -> Any:
    return tf.saved_model.load(str(folder / "new"))


def fine_tune(model: Any, call: Callable[[], Any]) -> None:
    """Make one step towards zero."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(call() ** 2)
    gradients = tape.gradient(loss, list(model.trainable_variables))
    assert all(gradient is not None and np.any(gradient) for gradient in gradients)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        variable.assign_sub(0.1 * gradient)


@pytest.mark.parametrize("get", [live, rewrapped])
def test_variables_have_their_names_and_roles(get: Callable[[Path], Any], folder: Path) -> None:
    model = get(folder)
    assert {v.name: v.trainable for v in model.variables} == {
        "layer/w:0": True,
        "layer/b:0": True,
        "layer/mean:0": False,
    }
    assert [v.name for v in model.trainable_variables] == ["layer/w:0", "layer/b:0"]


@pytest.mark.parametrize("get", [live, rewrapped])
def test_gradients_reach_the_variables_and_the_inputs(get: Callable[[Path], Any], folder: Path) -> None:
    model, x = get(folder), tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(model.signatures["serving_default"](x=x)["y"])
    w, b, _ = (variable.numpy() for variable in model.variables)
    slope = 1 - np.tanh(X @ w + b) ** 2
    gradients = tape.gradient(loss, [*model.trainable_variables, x])
    np.testing.assert_allclose(gradients[0], X.T @ slope, atol=1e-6)
    np.testing.assert_allclose(gradients[1], slope.sum(axis=0), atol=1e-6)
    np.testing.assert_allclose(gradients[2], slope @ w.T, atol=1e-6)


def test_a_fine_tuned_module_is_saved_with_its_new_values(folder: Path, tmp_path: Path) -> None:
    module = load(folder / "old")
    before = module.signatures["serving_default"](x=X)["y"].numpy()
    fine_tune(module, lambda: module.signatures["serving_default"](x=X)["y"])
    after = module.signatures["serving_default"](x=X)["y"].numpy()
    assert not np.allclose(before, after)
    module.save(tmp_path / "tuned")
    tuned = tf.saved_model.load(str(tmp_path / "tuned"))
    np.testing.assert_array_equal(tuned.signatures["serving_default"](x=tf.constant(X))["y"], after)
    # The source has not changed.
    np.testing.assert_array_equal(load(folder / "old").signatures["serving_default"](x=X)["y"], before)


def test_a_fine_tuned_rewrapped_model_is_saved_with_its_new_values(folder: Path, tmp_path: Path) -> None:
    model = rewrapped(folder)
    fine_tune(model, lambda: model(tf.constant(X)))
    after = model.signatures["serving_default"](x=tf.constant(X))["y"].numpy()
    np.testing.assert_array_equal(model(tf.constant(X)), after)
    tf.saved_model.save(model, str(tmp_path / "tuned"), signatures=model.signatures)
    tuned = tf.saved_model.load(str(tmp_path / "tuned"))
    np.testing.assert_array_equal(tuned.signatures["serving_default"](x=tf.constant(X))["y"], after)
    np.testing.assert_array_equal(tuned(tf.constant(X)), after)
    assert [v.name for v in tuned.trainable_variables] == [v.name for v in model.trainable_variables]


def test_a_module_is_part_of_a_larger_model(folder: Path, tmp_path: Path) -> None:
    class Head(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.base = load(folder / "old")
            self.scale = tf.Variable(3.0)

        def __call__(self, x: Any) -> Any:
            return self.base.signatures["serving_default"](x=x)["y"] * self.scale

    head = Head()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(head(X))
    assert all(one is not None for one in tape.gradient(loss, [head.scale, *head.base.trainable_variables]))
    traced = tf.function(head, autograph=False)
    np.testing.assert_allclose(traced(tf.constant(X)), head(X), rtol=1e-6)


def test_saving_keeps_the_contract(tmp_path: Path) -> None:
    golden = golden_model("vocab_classify_regress_predict")
    load(golden.path).save(tmp_path / "saved")
    with tf.Graph().as_default(), v1.Session() as session:
        meta_graph = v1.saved_model.load(session, list(golden.meta_graphs[0].tags), str(tmp_path / "saved"))
    methods = {key: one.method_name for key, one in meta_graph.signature_def.items() if not key.startswith("__")}
    assert methods == {key: one.method for key, one in golden.meta_graphs[0].signatures.items()}


@pytest.mark.parametrize("there", [Path.mkdir, Path.touch])
def test_saving_over_something_is_refused(there: Callable[[Path], None], folder: Path, tmp_path: Path) -> None:
    there(tmp_path / "target")
    with pytest.raises(Tf1to2Error, match="exists already"):
        load(folder / "old").save(tmp_path / "target")


def test_signatures_cannot_be_replaced(folder: Path) -> None:
    signatures: Any = load(folder / "old").signatures
    with pytest.raises(TypeError):
        signatures["other"] = signatures["serving_default"]


def test_counters_count(tmp_path: Path) -> None:
    def build() -> dict[str, Signature]:
        x = v1.placeholder(tf.int64, [None], name="x")
        seen = v1.get_variable("seen", initializer=np.zeros(3, np.int64), trainable=False)
        y = v1.scatter_add(seen, x, tf.ones_like(x))
        return {"serving_default": ({"x": x}, {"y": tf.identity(y)}, PREDICT)}

    export(tmp_path / "old", build, use_resource=False)
    rewrap(tmp_path / "old", tmp_path / "new")
    for model in (load(tmp_path / "old"), tf.saved_model.load(str(tmp_path / "new"))):
        for expected in ([1, 0, 1], [2, 0, 2]):
            outputs = model.signatures["serving_default"](x=tf.constant([0, 2], tf.int64))
            assert outputs["y"].numpy().tolist() == expected


def test_a_missing_asset_is_refused(tmp_path: Path) -> None:
    copy = shutil.copytree(golden_model("vocab_classify_regress_predict").path, tmp_path / "copy")
    next((copy / "assets").iterdir()).unlink()
    with pytest.raises(UnreadableModelError, match=r"the asset '.*' is not in .*assets; copy the export again"):
        load(copy)


def test_an_unset_variable_in_use_is_refused(tmp_path: Path) -> None:
    def build() -> dict[str, Signature]:
        x = v1.placeholder(tf.float32, [], name="x")
        v1.get_variable("saved", initializer=1.0)
        lost = v1.get_variable("lost", initializer=2.0, collections=[v1.GraphKeys.LOCAL_VARIABLES])
        return {"serving_default": ({"x": x}, {"y": x * lost}, CLASSIFY)}

    with pytest.raises(RefusedModelError, match="the variable 'lost' is in use, but neither"):
        load(export(tmp_path / "old", build))


def test_a_module_without_its_values_says_so_by_its_shape() -> None:
    """Made directly, a module has handles alone; `load` gives them values."""
    module = MetaGraphModule(load(golden_model("ref_simple_save").path).legacy)
    assert module.variables
    assert not any(v1.is_variable_initialized(variable) for variable in module.variables)

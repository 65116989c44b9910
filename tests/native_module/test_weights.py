"""Weights are taken over as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from migrate.errors import UnreadableModelError
from migrate.native_module.weights import adopt_checkpoint, variable_keys
from migrate.tensorflow_private.object_root import object_root
from migrate.tensorflow_private.uninitialized_variable import uninitialized_variable
from tests.native_module.test_bundle_index import read_bundle, write_bundle

LEGACY = {"w": np.arange(6.0, dtype=np.float32).reshape(2, 3), "b": np.array([5, 6]), "unused": np.array([7.0])}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model with a set variable between two unset ones."""
    root = object_root()
    root.variables = [
        uninitialized_variable("b", [2], tf.int64, True),
        tf.Variable([1.0, 2.0], name="set"),
        uninitialized_variable("w", [2, 3], tf.float32, True),
    ]
    tf.saved_model.save(root, str(tmp_path / "model"))
    return tmp_path / "model"


def test_unset_variables_get_the_legacy_values(model: Path, tmp_path: Path) -> None:
    adopt_checkpoint(model, write_bundle(tmp_path / "legacy", LEGACY), {0: "b", 2: "w"})
    loaded = tf.saved_model.load(str(model))
    np.testing.assert_array_equal(loaded.variables[0], LEGACY["b"])
    np.testing.assert_array_equal(loaded.variables[1], [1.0, 2.0])
    np.testing.assert_array_equal(loaded.variables[2], LEGACY["w"])
    # Never drop a weight.
    np.testing.assert_array_equal(read_bundle(model / "variables" / "variables")["unused"], LEGACY["unused"])


def test_the_data_files_are_copied_byte_for_byte(model: Path, tmp_path: Path) -> None:
    prefix = write_bundle(tmp_path / "legacy", LEGACY)
    (data,) = tmp_path.glob("legacy.data-*")
    before = data.read_bytes()
    adopt_checkpoint(model, prefix, {0: "b", 2: "w"})
    assert (model / "variables" / "variables.data-00000-of-00002").read_bytes() == before
    assert data.read_bytes() == before
    names = sorted(path.name for path in (model / "variables").iterdir())
    assert names == ["variables.data-00000-of-00002", "variables.data-00001-of-00002", "variables.index"]


def test_one_tensor_for_two_variables(model: Path, tmp_path: Path) -> None:
    legacy = write_bundle(tmp_path / "legacy", {"w": np.ones([2, 3], np.float32), "b": np.array([1, 2])})
    adopt_checkpoint(model, legacy, {0: "b", 2: "w"})
    assert tf.saved_model.load(str(model)).variables[2].shape == (2, 3)


def test_a_model_without_unset_variables_stays_as_it_is(model: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in model.rglob("*") if path.is_file()}
    adopt_checkpoint(model, tmp_path / "there is none", {})
    assert {path: path.read_bytes() for path in model.rglob("*") if path.is_file()} == before


def test_keys_come_in_the_order_of_the_variables(model: Path) -> None:
    keys = variable_keys(model / "variables" / "variables")
    assert list(keys) == [f"variables/{n}/.ATTRIBUTES/VARIABLE_VALUE" for n in range(3)]


def test_more_than_ten_variables_keep_their_order(tmp_path: Path) -> None:
    """Children are named `0`, `1`, `10`, `2` where they are sorted as text."""
    root = object_root()
    root.variables = [uninitialized_variable(f"v{n}", [], tf.float32, True) for n in range(12)]
    tf.saved_model.save(root, str(tmp_path / "model"))
    legacy = write_bundle(tmp_path / "legacy", {f"v{n}": np.array(float(n), np.float32) for n in range(12)})
    adopt_checkpoint(tmp_path / "model", legacy, {n: f"v{n}" for n in range(12)})
    assert [v.numpy() for v in tf.saved_model.load(str(tmp_path / "model")).variables] == list(range(12))


def test_a_damaged_legacy_index_is_refused(model: Path, tmp_path: Path) -> None:
    (tmp_path / "legacy.index").write_bytes(b"nothing")
    with pytest.raises(UnreadableModelError, match=r"legacy\.index"):
        adopt_checkpoint(model, tmp_path / "legacy", {0: "b"})

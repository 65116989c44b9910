"""What is loaded can be saved again by plain TensorFlow, whatever the keys of the inputs are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.native_module.argument_names import argument_names, saved_names
from migrate.rewrap import rewrap
from migrate.verify import Loading, prove
from tests.golden import golden_model
from tests.verify.tiny_models import PREDICT, Signature, export

v1 = tf.compat.v1


@pytest.mark.parametrize(
    ("keys", "saved"),
    [
        (("x", "mask"), ("x", "mask")),
        (("x.y", "0", "with-dash"), ("x.y", "0", "with-dash")),
        (("a b", "x"), ("input_0", "x")),
        (("_lead", "x"), ("input_0", "x")),
        (("größe", "图"), ("input_0", "input_1")),
        (("a/b", "c"), ("input_0", "c")),
        # TensorFlow takes them for the same.
        (("X", "x"), ("input_0", "input_1")),
        (("a.b", "a-b"), ("input_0", "input_1")),
        (("class", "self", ""), ("input_1", "input_2", "input_0")),
    ],
)
def test_names_that_plain_tensorflow_saves(keys: tuple[str, ...], saved: tuple[str, ...]) -> None:
    found = saved_names(keys, argument_names(keys))
    assert {name for name, key in zip(found, keys, strict=True) if name == key} == set(saved) & set(keys)
    assert len({name.lower() for name in found}) == len(keys)


KEYS: dict[str, Any] = {
    "_lead": tf.int32,
    "a b": tf.float32,
    "X": tf.string,
    "x": tf.float64,
    "größe": tf.int64,
    "0": tf.bool,
}


def many_keys() -> dict[str, Signature]:
    """One input of each dtype, under a key that TensorFlow 2 spells in another way."""
    inputs = {key: v1.placeholder(dtype, [None], name=f"p{number}") for number, (key, dtype) in enumerate(KEYS.items())}
    return {"serving_default": (inputs, {key: tf.identity(value) for key, value in inputs.items()}, PREDICT)}


def test_values_go_where_they_belong_after_a_second_save(tmp_path: Path) -> None:
    old = export(tmp_path / "old", many_keys)
    rewrap(old, tmp_path / "new")
    proof = prove(old, tmp_path / "new")
    assert not proof.causes
    assert Loading.SECOND_SAVE in {check.loading for check in proof.checks}
    loaded = tf.saved_model.load(str(tmp_path / "new"))
    called = loaded.signatures["serving_default"].structured_input_signature[1]
    assert {"X", "x"} <= set(called), "the others would go where they do not belong, as their order differs"
    given = {
        key: tf.cast([1], spec.dtype) if spec.dtype != tf.string else tf.constant(["1"]) for key, spec in called.items()
    }
    outputs = loaded.signatures["serving_default"](**given)
    assert all(outputs[key].dtype == dtype for key, dtype in KEYS.items())
    tf.saved_model.save(loaded, str(tmp_path / "second"), signatures=loaded.signatures)
    again = tf.saved_model.load(str(tmp_path / "second")).signatures["serving_default"]
    specs = again.structured_input_signature[1]
    by_dtype = {spec.dtype: name for name, spec in specs.items()}
    assert set(by_dtype) == set(KEYS.values())
    values = {name: tf.constant(["7"]) if s.dtype == tf.string else tf.cast([1], s.dtype) for name, s in specs.items()}
    for key, dtype in KEYS.items():
        np.testing.assert_array_equal(again(**values)[key].numpy(), values[by_dtype[dtype]].numpy())


@pytest.mark.parametrize("name", ["awkward_keys", "colliding_keys", "keras_tensor_name_keys"])
def test_fixtures(name: str, tmp_path: Path) -> None:
    model = golden_model(name).path
    rewrap(model, tmp_path / "new")
    proof = prove(model, tmp_path / "new")
    assert not proof.causes
    assert not any("refuses to save" in note for note in proof.notes)
    assert Loading.SECOND_SAVE in {check.loading for check in proof.checks}

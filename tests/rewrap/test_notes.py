"""What the row says of a rewrapped model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.inspection.read import read_facts
from migrate.inspection.verdict import verdict
from migrate.rewrap import rewrap
from tests.golden import GoldenModel, golden_model
from tests.graph.twin import ref_variable, v1
from tests.verify.tiny_models import PREDICT, Signature, dense, export


def counter(ordered: bool) -> dict[str, Signature]:
    """Give twice a count, and add to the count: beside each other, or one after the other."""
    x = v1.placeholder("float32", [], name="x")
    count = ref_variable("count", 1.0)
    twice = count * 2.0
    with v1.control_dependencies([twice] if ordered else []):
        added = v1.assign_add(count, x)
    return {"serving_default": ({"x": x}, {"twice": twice, "count": added}, PREDICT)}


@pytest.mark.parametrize(
    ("ordered", "said"),
    [pytest.param(False, "no order between reads and writes of count within a call", id="open"), (True, "")],
)
def test_an_open_order_is_told(ordered: bool, said: str, tmp_path: Path) -> None:
    export(tmp_path / "old", lambda: counter(ordered))
    notes = " ".join(rewrap(tmp_path / "old", tmp_path / "new").notes)
    assert said in notes
    assert bool(said) == ("no order" in notes)


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("while_v1", True),
        ("dynamic_rnn", True),
        ("cond_v1", False),
        ("ref_simple_save", False),
        ("resource_variables", False),
        ("control_flow_v2", False),
        # A loop without a variable before it.
        ("image_decode_map_fn", False),
    ],
)
def test_gradients_that_do_not_pass_loops_are_told(name: str, lost: bool, tmp_path: Path) -> None:
    model = golden_model(name)
    notes = " ".join(rewrap(model.path, tmp_path / "new").notes)
    facts = read_facts(model.path)
    assert ("no gradients through loops of TensorFlow 1" in notes) == lost
    assert any("no gradients through loops" in reason for reason in verdict(facts).reasons) == lost
    loaded = tf.saved_model.load(str(tmp_path / "new"))
    if name in ("dynamic_rnn", "ref_simple_save", "resource_variables", "control_flow_v2"):
        assert has_gradients(model, loaded) != lost


def has_gradients(model: GoldenModel, loaded: Any) -> bool:
    """Whether some trainable variable gets a gradient of the first call."""
    call = model.meta_graphs[0].sequences[0].calls[0]
    function = loaded.signatures[call.signature]
    specs = function.structured_input_signature[1]
    given = {key: tf.constant(call.inputs[key], specs[key].dtype) for key in specs}
    try:
        with tf.GradientTape() as tape:
            outputs = [value for value in function(**given).values() if value.dtype.is_floating]
            total = tf.add_n([tf.reduce_sum(tf.cast(value, tf.float32)) for value in outputs])
        return any(gradient is not None for gradient in tape.gradient(total, loaded.trainable_variables))
    except (AttributeError, LookupError, ValueError, tf.errors.OpError):
        return False


@pytest.mark.parametrize(
    ("main_op", "drawn"),
    [(v1.global_variables_initializer, True), (v1.tables_initializer, False), (v1.no_op, False)],
)
def test_weights_that_an_init_op_draws_anew_are_told(main_op: Any, drawn: bool, tmp_path: Path) -> None:
    export(tmp_path / "old", dense, main_op=main_op)
    notes = " ".join(rewrap(tmp_path / "old", tmp_path / "new").notes)
    assert ("draws random numbers over the stored weights of weights at every load" in notes) == drawn

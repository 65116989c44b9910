"""Requests take both sides of conditions where some can be found; what they leave untried is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.legacy.saved_model import read_saved_model
from migrate.verify.decisions import decisions
from migrate.verify.proof import ProofOptions
from migrate.verify.reference import Reference, run_reference
from tests.verify import tiny_models
from tests.verify.tiny_models import PREDICT, Signature

v1 = tf.compat.v1


@contextmanager
def control_flow_v1() -> Iterator[None]:
    """Build conditions of Switch and Merge, as TensorFlow 1 does."""
    v1.disable_control_flow_v2()
    try:
        yield
    finally:
        v1.enable_control_flow_v2()


def _floats(name: str = "x") -> Any:
    return v1.placeholder(tf.float32, [None, 2], name=name)


def training_switch() -> dict[str, Signature]:
    """A flag with a default that every request left alone would take."""
    x, training = _floats(), v1.placeholder_with_default(False, [], name="training")
    y = v1.cond(training, lambda: x * 2.0, lambda: x + 1.0)
    return {"serving_default": ({"x": x, "training": training}, {"y": y}, PREDICT)}


def sum_threshold() -> dict[str, Signature]:
    x = _floats()
    return {"serving_default": ({"x": x}, {"y": v1.cond(tf.reduce_sum(x) > 150.0, lambda: x, lambda: -x)}, PREDICT)}


def negative_elements() -> dict[str, Signature]:
    x = v1.placeholder(tf.float32, [None], name="x")
    return {"serving_default": ({"x": x}, {"y": tf.where(x * x * x < -400.0, x, x * 3.0)}, PREDICT)}


def nested() -> dict[str, Signature]:
    x = _floats()
    inner = lambda: v1.cond(tf.reduce_max(x) > 500.0, lambda: x, lambda: -x)  # noqa: E731
    return {"serving_default": ({"x": x}, {"y": v1.cond(tf.reduce_min(x) > 0.0, inner, lambda: x * 7.0)}, PREDICT)}


def never_true() -> dict[str, Signature]:
    x = _floats()
    return {"serving_default": ({"x": x}, {"y": v1.cond(tf.reduce_sum(x * x) < -1.0, lambda: x, lambda: -x)}, PREDICT)}


def in_a_loop() -> dict[str, Signature]:
    x = v1.placeholder(tf.float32, [], name="x")
    body = lambda i, y: (i + 1, v1.cond(y > 0.0, lambda: y - 1.0, lambda: y + 1.0))  # noqa: E731
    _, y = v1.while_loop(lambda i, _: i < 3, body, (0, x))
    return {"serving_default": ({"x": x}, {"y": y}, PREDICT)}


def fixed() -> dict[str, Signature]:
    """A condition on a constant is no question."""
    x = _floats()
    return {"serving_default": ({"x": x}, {"y": v1.cond(tf.constant(True), lambda: x, lambda: -x)}, PREDICT)}


def reference(path: Path, build: Any) -> tuple[Reference, Any]:
    with control_flow_v1():
        old = tiny_models.export(path / "model", build)
    meta_graph = read_saved_model(old).meta_graphs[0]
    return run_reference(old, frozenset({"serve"}), meta_graph, ProofOptions()), meta_graph


@pytest.mark.parametrize("build", [training_switch, sum_threshold, negative_elements, nested])
def test_both_sides_are_run(tmp_path: Path, build: Any) -> None:
    found, _ = reference(tmp_path, build)
    assert not [note for note in found.notes if "condition" in note]
    run = found.runs["serving_default"]
    assert len(run.outputs) == len(run.requests) <= 8


@pytest.mark.parametrize(
    ("build", "told"),
    [
        pytest.param(
            never_true,
            "signature 'serving_default': 1 of 1 conditions were not run both ways (Less:0 always false): what was not "
            "run is compared by structure alone",
            id="no request takes one side",
        ),
        pytest.param(
            in_a_loop,
            "signature 'serving_default': 1 condition in loops and functions could not be watched: what was not run is "
            "compared by structure alone",
            id="in a loop",
        ),
    ],
)
def test_what_stays_untried_is_told(tmp_path: Path, build: Any, told: str) -> None:
    found, _ = reference(tmp_path, build)
    assert told in found.notes


@pytest.mark.parametrize("build", [fixed, tiny_models.dense])
def test_nothing_is_told_and_added_where_nothing_is_decided(tmp_path: Path, build: Any) -> None:
    found, meta_graph = reference(tmp_path, build)
    assert not [note for note in found.notes if "condition" in note]
    run = found.runs["serving_default"]
    assert len(run.requests) == 2
    outputs = [each.name for each in run.signature.outputs.values()]
    assert decisions(meta_graph.graph_def, outputs, ["x:0"]).tensors == ()


def test_requests_of_the_user_are_not_added_to(tmp_path: Path) -> None:
    with control_flow_v1():
        old = tiny_models.export(tmp_path / "model", sum_threshold)
    inputs = tmp_path / "inputs.npz"
    np.savez(inputs, x=np.zeros((1, 2), np.float32))
    options = ProofOptions(inputs=str(inputs))
    found = run_reference(old, frozenset({"serve"}), read_saved_model(old).meta_graphs[0], options)
    assert len(found.runs["serving_default"].requests) == 1
    assert [note for note in found.notes if "always false" in note]

"""Holds what a stand-in gives against what TensorFlow 1.15.5 gave with the op, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.legacy.saved_model import read_saved_model
from migrate.rewrap import rewrap
from migrate.shim import load
from tests.golden import GoldenCall, golden_model
from tests.rewrap.test_against_tensorflow_1 import call_shim, call_tf1, call_tf2, plain


def assert_same_bits(name: str, tmp_path: Path) -> None:
    """Rewrap a fixture and compare every call, by both loaders and live; what failed must fail."""
    golden = golden_model(name)
    (original,) = read_saved_model(golden.path).meta_graphs
    rewrap(golden.path, tmp_path / "new")
    signatures = tf.saved_model.load(str(tmp_path / "new")).signatures
    live = load(golden.path).signatures
    sequences = golden.meta_graphs[0].sequences
    calls = [call for sequence in sequences for call in sequence.calls]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta_graph = tf.compat.v1.saved_model.load(session, ["serve"], str(tmp_path / "new"))
        for call in calls:
            _compare(call, partial(call_tf1, session, meta_graph.signature_def[call.signature], call))
    for call in calls:
        _compare(call, partial(call_tf2, signatures[call.signature], original, call))
        _compare(call, partial(call_shim, live[call.signature], call))


def _compare(call: GoldenCall, run: Callable[[], Any]) -> None:
    if call.outputs is None:
        with pytest.raises(tf.errors.OpError):
            run()
        return
    found = run()
    for output, expected in call.outputs.items():
        actual, wanted = plain(found[output]), plain(expected)
        assert (actual.dtype, actual.shape) == (wanted.dtype, wanted.shape), output
        np.testing.assert_array_equal(actual, wanted, output)
        if actual.dtype.kind == "f":
            zero = wanted == 0
            np.testing.assert_array_equal(np.signbit(actual[zero]), np.signbit(wanted[zero]), output)

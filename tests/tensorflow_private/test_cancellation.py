"""A function that never ends is stopped by TensorFlow's cancellation."""

from __future__ import annotations

import time

import pytest
import tensorflow as tf

from migrate.tensorflow_private.cancellation import cancelled_after


def test_a_function_that_never_ends_is_stopped() -> None:
    count = tf.function(lambda x: tf.while_loop(lambda i: i * 0.0 < 1.0, lambda i: i + 1.0, [x])[0])
    started = time.monotonic()
    with pytest.raises(tf.errors.CancelledError), cancelled_after(0.5):
        count(tf.constant(0.0))
    assert time.monotonic() - started < 30


def test_others_are_left_alone() -> None:
    double = tf.function(lambda x: x * 2.0)
    with cancelled_after(30.0):
        assert float(double(tf.constant(2.0))) == 4.0
    assert float(double(tf.constant(3.0))) == 6.0

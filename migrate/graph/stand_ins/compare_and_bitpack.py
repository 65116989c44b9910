"""`CompareAndBitpack`: eight comparisons make a byte, the first of them its highest bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrate.graph.stand_ins.nodes import Builder
from migrate.graph.stand_ins.traced import traced


def compare_and_bitpack(build: Builder) -> Iterator[Any]:
    """Source: tensorflow/core/kernels/compare_and_bitpack_op.cc of TensorFlow 1.15."""
    return traced(build, [build.node.attr["T"].type] * 2, _packed)


def _packed(values: Any, threshold: Any) -> Any:
    import tensorflow as tf

    # Booleans are set where they are; there is no order among them.
    above = values if values.dtype == tf.bool else values > threshold
    shape = tf.shape(values)
    bytes_of_bits = tf.reshape(above, tf.concat([shape[:-1], shape[-1:] // 8, [8]], 0))
    powers = tf.constant([128, 64, 32, 16, 8, 4, 2, 1], tf.int32)
    return tf.cast(tf.reduce_sum(tf.cast(bytes_of_bits, tf.int32) * powers, -1), tf.uint8)


STAND_INS = {"CompareAndBitpack": compare_and_bitpack}

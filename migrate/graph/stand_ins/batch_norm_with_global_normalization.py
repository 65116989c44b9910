"""`BatchNormWithGlobalNormalization`, which graphs of GraphDef versions before 9 hold and newer graphs may not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from migrate.graph.stand_ins.nodes import Builder
from migrate.graph.stand_ins.traced import traced


def batch_norm(build: Builder) -> Iterator[Any]:
    """Give `(t - m) * (rsqrt(v + epsilon) * gamma) + beta`, or without `gamma`, in this order.

    Source: tensorflow/core/kernels/batch_norm_op.h of TensorFlow 1.15.
    """
    attributes = build.node.attr
    scale = attributes["scale_after_normalization"].b
    body = partial(_normalised, epsilon=attributes["variance_epsilon"].f, scale=scale)
    return traced(build, [attributes["T"].type] * 5, body)


def _normalised(t: Any, mean: Any, variance: Any, beta: Any, gamma: Any, *, epsilon: float, scale: bool) -> Any:
    import tensorflow as tf

    factor = tf.math.rsqrt(variance + tf.constant(epsilon, variance.dtype))
    return (t - mean) * (factor * gamma if scale else factor) + beta


STAND_INS = {"BatchNormWithGlobalNormalization": batch_norm}

"""`Resampler` of tf.contrib.resampler: bilinear samples of an image, as spatial transformers take them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrate.graph.stand_ins.nodes import Builder
from migrate.graph.stand_ins.traced import traced


def resampler(build: Builder) -> Iterator[Any]:
    """Weigh the four pixels around each point; there are zeros around the image, and nothing further out.

    Source: tensorflow/contrib/resampler/kernels/resampler_ops.cc of TensorFlow 1.15.
    """
    return traced(build, [build.node.attr["T"].type] * 2, _sampled)


def _sampled(data: Any, warp: Any) -> Any:
    import tensorflow as tf

    data.set_shape([None, None, None, None])
    shape, places = tf.shape(data), tf.shape(warp)
    height, width = shape[1], shape[2]
    points = tf.reshape(warp, [places[0], -1, 2])
    x, y = points[..., 0], points[..., 1]
    one = tf.ones([], data.dtype)
    inside = (x > -one) & (y > -one) & (x < tf.cast(width, x.dtype)) & (y < tf.cast(height, y.dtype))
    x, y = (tf.where(inside, each, tf.zeros_like(each)) for each in (x, y))
    left, top = (tf.cast(tf.floor(tf.cast(each, tf.float32)), tf.int32) for each in (x, y))
    right, bottom = left + 1, top + 1
    dx, dy = tf.cast(right, x.dtype) - x, tf.cast(bottom, y.dtype) - y

    def pixels(column: Any, row: Any) -> Any:
        is_there = (column >= 0) & (row >= 0) & (column <= width - 1) & (row <= height - 1)
        indices = tf.stack([tf.clip_by_value(row, 0, height - 1), tf.clip_by_value(column, 0, width - 1)], -1)
        found = tf.gather_nd(data, indices, batch_dims=1)
        return tf.where(is_there[..., tf.newaxis], found, tf.zeros_like(found))

    weighted = [
        (dx * dy)[..., tf.newaxis] * pixels(left, top),
        ((one - dx) * (one - dy))[..., tf.newaxis] * pixels(right, bottom),
        (dx * (one - dy))[..., tf.newaxis] * pixels(left, bottom),
        ((one - dx) * dy)[..., tf.newaxis] * pixels(right, top),
    ]
    found = weighted[0] + weighted[1] + weighted[2] + weighted[3]
    found = tf.where(inside[..., tf.newaxis], found, tf.zeros_like(found))
    return tf.reshape(found, tf.concat([places[:-1], shape[3:]], 0))


STAND_INS = {"Resampler": resampler}

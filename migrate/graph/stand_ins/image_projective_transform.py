"""`ImageProjectiveTransform` of tf.contrib.image before TensorFlow 1.11: the output has the size of the input."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from migrate.graph.stand_ins.nodes import DT_FLOAT, Builder
from migrate.graph.stand_ins.traced import traced


def projective_transform(build: Builder) -> Iterator[Any]:
    """Give the size as an input."""
    interpolation = build.node.attr["interpolation"].s.decode()
    body = partial(_transformed, interpolation=interpolation)
    return traced(build, [build.node.attr["dtype"].type, DT_FLOAT], body)


def _transformed(images: Any, transforms: Any, *, interpolation: str) -> Any:
    import tensorflow as tf

    return tf.raw_ops.ImageProjectiveTransformV2(
        images=images, transforms=transforms, output_shape=tf.shape(images)[1:3], interpolation=interpolation
    )


STAND_INS = {"ImageProjectiveTransform": projective_transform}

"""`GatherTree` of tf.contrib.seq2seq: the sequences of a beam search, walked back from their last steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrate.graph.stand_ins.nodes import DT_INT32, Builder
from migrate.graph.stand_ins.traced import traced


def gather_tree(build: Builder) -> Iterator[Any]:
    """Give each beam's ids by way of its parents; the end token stands after the first end token and the last step.

    A parent that is no beam fails, as in the original. Source: tensorflow/contrib/seq2seq/kernels/beam_search_ops.cc of
    TensorFlow 1.15.
    """
    return traced(build, [DT_INT32] * 4, _walk_back)


def _walk_back(step_ids: Any, parent_ids: Any, lengths: Any, end_token: Any) -> Any:
    import tensorflow as tf

    for each in (step_ids, parent_ids):
        each.set_shape([None, None, None])
    lengths.set_shape([None])
    end_token.set_shape([])
    shape = tf.shape(step_ids)
    steps, batch, beams = shape[0], shape[1], shape[2]
    lengths = tf.minimum(steps, lengths)[:, tf.newaxis]
    itself = tf.tile(tf.range(beams)[tf.newaxis], [batch, 1])

    def back(step: Any, walked: Any, found: Any) -> Any:
        is_reached = step < lengths
        ids = tf.where(is_reached, tf.gather(step_ids[step], walked, batch_dims=1), end_token)
        parents = tf.gather(parent_ids[step], walked, batch_dims=1)
        return step - 1, tf.where(is_reached, parents, walked), tf.concat([ids[tf.newaxis], found], 0)

    loop = (steps - 1, itself, step_ids[:0])
    shapes = (tf.TensorShape([]), tf.TensorShape([None, None]), tf.TensorShape([None, None, None]))
    _, _, found = tf.compat.v1.while_loop(lambda step, *_: step >= 0, back, loop, shapes, back_prop=False)
    ended = tf.cumsum(tf.cast(tf.equal(found, end_token), tf.int32), exclusive=True) > 0
    return tf.where(ended, end_token, found)


STAND_INS = {"GatherTree": gather_tree}

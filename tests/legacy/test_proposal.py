"""The one obvious signature of a graph is found, and where there is none the possible ones are listed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.legacy.asked import parse_signature
from migrate.legacy.proposal import obvious_signature

v1 = tf.compat.v1


def graph_of(build: Callable[[], Any]) -> Any:
    with tf.Graph().as_default() as graph:
        build()
    return graph.as_graph_def()


def _x(name: str = "x") -> Any:
    return v1.placeholder(tf.float32, [None, 3], name=name)


def _weights(x: Any) -> Any:
    return tf.matmul(x, v1.get_variable("w", [3, 2], use_resource=False))


def _train(logits: Any, optimizer: Any) -> None:
    labels = v1.placeholder(tf.float32, [None, 2], name="labels")
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, logits), name="loss")
    v1.summary.scalar("loss", loss)
    v1.summary.merge_all()
    optimizer.minimize(loss, global_step=v1.train.get_or_create_global_step())
    v1.train.Saver(sharded=True)


def trained_with_prediction() -> None:
    logits = _weights(_x())
    tf.nn.softmax(logits, name="probabilities")
    _train(logits, v1.train.AdamOptimizer())


def trained_with_accuracy() -> None:
    logits = _weights(_x())
    predicted = tf.argmax(logits, 1, name="predicted")
    _train(logits, v1.train.MomentumOptimizer(0.1, 0.9))
    v1.metrics.accuracy(v1.placeholder(tf.int64, [None], name="truth"), predicted)
    tf.nn.softmax(logits, name="probabilities")


def two_results() -> None:
    x = _x("image/x")
    tf.nn.softmax(x, name="scores")
    tf.argmax(x, 1, name="classes")


def gradient_is_the_result() -> None:
    x = _x()
    tf.identity(tf.gradients(tf.reduce_sum(x * x), x)[0], name="saliency")


def no_inputs() -> None:
    tf.add(tf.constant(1.0), 2.0, name="three")


@pytest.mark.parametrize(
    ("build", "signature"),
    [
        (trained_with_prediction, "serving_default:x=x:0->probabilities=probabilities:0"),
        (trained_with_accuracy, "serving_default:x=x:0->probabilities=probabilities:0"),
        (two_results, "serving_default:x=image/x:0->scores=scores:0, classes=classes:0"),
        (gradient_is_the_result, "serving_default:x=x:0->Sum=Sum:0, saliency=saliency:0"),
        (no_inputs, "serving_default:->three=three:0"),
    ],
)
def test_the_obvious_one(build: Callable[[], None], signature: str) -> None:
    found = obvious_signature(graph_of(build), "model")
    wanted = parse_signature(signature)
    assert (found.key, found.inputs, set(found.outputs)) == (wanted.key, wanted.inputs, set(wanted.outputs))


def logits_alone() -> None:
    """What is served is an inner tensor: nothing tells that it is more than a step to the loss."""
    _train(_weights(_x()), v1.train.AdamOptimizer())


def two_models() -> None:
    tf.nn.relu(_x("a"), name="of_a")
    tf.nn.relu(_x("b"), name="of_b")


def one_needs_more() -> None:
    """Not trained, so that a second input is no label."""
    x = _x()
    tf.nn.relu(x, name="simple")
    tf.add(x, _x("y"), name="both")


@pytest.mark.parametrize(
    ("build", "listed"),
    [
        (logits_alone, "serving_default:x=x:0->MatMul=MatMul:0"),
        (two_models, "serving_default:b=b:0->of_b=of_b:0"),
        (one_needs_more, "serving_default:x=x:0, y=y:0->both=both:0"),
    ],
)
def test_where_none_is_obvious_the_possible_ones_are_listed_as_they_are_given(
    build: Callable[[], None], listed: str
) -> None:
    with pytest.raises(RefusedModelError, match="no one signature is obvious") as caught:
        obvious_signature(graph_of(build), "model")
    found = [parse_signature(text) for text in re.findall(r"--signature '([^']*)'", str(caught.value))]
    assert parse_signature(listed) in found


def test_a_graph_that_computes_nothing() -> None:
    with pytest.raises(RefusedModelError, match="nothing in its graph looks like the result"):
        obvious_signature(graph_of(_x), "model")

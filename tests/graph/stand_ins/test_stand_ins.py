"""Stock ops give what the ops that they stand for gave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.graph.stand_ins import with_stand_ins, without_stand_ins
from tests.graph.twin import assert_same_as_in_session, node, ref_variable, v1


def bucketize(values: list[float], boundaries: list[float]) -> list[int]:
    """Run the stand-in for one feature."""
    made = node("b", "BoostedTreesBucketize", "values", "boundaries", num_features=1)
    nodes = [
        node("values", "Placeholder", dtype=tf.float32),
        node("boundaries", "Placeholder", dtype=tf.float32),
        *with_stand_ins([made]),
    ]
    graph_def = v1.GraphDef(node=nodes)
    graph_def.versions.producer = 134
    with tf.Graph().as_default(), v1.Session() as session:
        tf.graph_util.import_graph_def(graph_def, name="")
        result: list[int] = session.run("b:0", {"values:0": values, "boundaries:0": boundaries}).tolist()
    return result


@pytest.mark.parametrize(
    ("values", "boundaries", "buckets"),
    [
        # min(lower_bound, count - 1): a value at a boundary belongs to it, one above all belongs to the last.
        ([-1.0, 1.0, 1.5, 2.0, 3.0, 9.0], [1.0, 2.0, 3.0], [0, 0, 1, 1, 2, 2]),
        ([0.0, 5.0], [1.0], [0, 0]),
        ([2.0], [2.0, 2.0, 4.0], [0]),
        ([], [1.0, 2.0], []),
        ([float("-inf"), float("inf")], [0.0, 1.0], [0, 1]),
    ],
)
def test_bucketize(values: list[float], boundaries: list[float], buckets: list[int]) -> None:
    assert bucketize(values, boundaries) == buckets


# What the kernel of tf.contrib.boosted_trees gave in TensorFlow 1.15.5.
_NAN, _INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("dtype", "values", "boundaries", "buckets"),
    [
        (tf.float32, [-5.0, 0, 5, 10, 10.5, 100, 101, _INF, -_INF], [0.0, 10, 100], [0, 1, 1, 2, 2, 3, 3, 3, 0]),
        (tf.float32, [_NAN], [0.0, 10, 100], [3]),
        (tf.float32, [1.0, 5, 9], [5.0, 5, 5], [0, 3, 3]),
        (tf.float32, [1.0, _NAN], [], [0, 0]),
        (tf.float32, [[1.0, 11], [0, 100]], [0.0, 10, 100], [[1, 2], [1, 3]]),
        (tf.float32, 3.0, [1.0, 2, 5], 2),
        (tf.int32, [0, 1, 2], [0.5, 1.5], [1, 2, 2]),
        (tf.int64, [-1, 0, 1, 2], [-0.5, 1.5], [0, 1, 2, 2]),
        (tf.int64, [2**24 + 1, 2**24 - 1], [2.0**24 + 2], [0, 0]),
        (tf.float64, [0.1, float(np.float32(0.1))], [0.1], [0, 1]),
    ],
)
def test_bucketize_with_input_boundaries(dtype: Any, values: Any, boundaries: list[float], buckets: Any) -> None:
    made = node("b", "BucketizeWithInputBoundaries", "values", "boundaries", T=dtype)
    nodes = [
        node("values", "Placeholder", dtype=dtype),
        node("boundaries", "Placeholder", dtype=tf.float32),
        *with_stand_ins([made]),
    ]
    graph_def = v1.GraphDef(node=nodes)
    graph_def.versions.producer = 134
    with tf.Graph().as_default(), v1.Session() as session:
        tf.graph_util.import_graph_def(graph_def, name="")
        assert session.run("b:0", {"values:0": values, "boundaries:0": boundaries}).tolist() == buckets


def test_every_feature_has_its_output() -> None:
    made = node("b", "BoostedTreesBucketize", "v0", "v1", "b0", "b1", "^wait", num_features=2)
    nodes = with_stand_ins([made])
    (result,) = (one for one in nodes if one.name == "b")
    assert result.op == "IdentityN"
    assert len(result.attr["T"].list.type) == 2
    assert result.input[-1] == "^wait"


def test_count_up_to_counts_and_then_fails() -> None:
    def build() -> Any:
        return v1.count_up_to(ref_variable("v", 0, tf.int32), 3)

    module = assert_same_as_in_session(build, [{}, {}, {}])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Reached limit of 3"):
        module.run("CountUpTo:0")
    assert module.state.variable("v").numpy() == 3, "the failing call must not count"


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_count_up_to_keeps_the_dtype(dtype: Any) -> None:
    module = assert_same_as_in_session(lambda: v1.count_up_to(ref_variable("v", 1, dtype), 3))
    assert module.run("CountUpTo:0").dtype == dtype
    assert np.asarray(module.state.variable("v")) == 3


def test_other_nodes_stay_as_they_are() -> None:
    nodes = (node("a", "Neg", "x", T=tf.float32), node("b", "ReadVariableOp", "v", dtype=tf.float32))
    assert with_stand_ins(nodes) == nodes
    assert without_stand_ins(nodes) == nodes


def test_what_has_a_stand_in_is_not_checked_for_a_kernel() -> None:
    ops = ("BoostedTreesBucketize", "BucketizeWithInputBoundaries", "ResourceCountUpTo")
    nodes = (*(node(op, op) for op in ops), node("b", "Neg"))
    assert [one.name for one in without_stand_ins(nodes)] == ["b"]

"""Graphs that no TensorFlow can import are told; what TensorFlow 1.15.5 wrote is sound, loops included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from migrate.graph.soundness import graph_faults
from migrate.legacy.saved_model import read_saved_model
from tests.golden import MODELS_DIR


def loop() -> Any:
    """A TF1 while loop: its back edge closes a circle, which is legal."""
    with tf.Graph().as_default() as graph:
        tf.compat.v1.disable_control_flow_v2()
        try:
            x = tf.compat.v1.placeholder(tf.float32, [], "x")
            tf.compat.v1.while_loop(lambda i: i < 10.0, lambda i: i + x, [x], name="loop")
        finally:
            tf.compat.v1.enable_control_flow_v2()
        tf.constant([1.0, 2.0], name="c")
    return graph.as_graph_def()


def function() -> Any:
    twice = tf.function(lambda x: x * 2.0, autograph=False)

    with tf.Graph().as_default() as graph:
        twice(tf.compat.v1.placeholder(tf.float32, [], "x"))
    return graph.as_graph_def()


def node(graph: Any, name: str) -> Any:
    return next(each for each in graph.node if each.name == name)


def negative_shape(graph: Any) -> None:
    node(graph, "c").attr["value"].tensor.tensor_shape.dim[0].size = -3


def huge_constant(graph: Any) -> None:
    node(graph, "c").attr["value"].tensor.tensor_shape.dim[0].size = 1 << 33


def uncountable(graph: Any) -> None:
    for size in ((1 << 63) - 1, 1):
        node(graph, "x").attr["shape"].shape.dim.add(size=size)


def no_dtype(graph: Any) -> None:
    node(graph, "c").attr["dtype"].type = 9999


def wrong_kind(graph: Any) -> None:
    node(graph, "c").attr["dtype"].s = b"float"


DAMAGES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no name": (lambda g: node(g, "c").ClearField("name"), "a node has no name"),
    "same name": (lambda g: g.node.append(node(g, "c")), "2 nodes have the name 'c'"),
    "dangling": (lambda g: node(g, "loop/add").input.__setitem__(0, "gone"), "'gone', which is not in the graph"),
    "empty edge": (lambda g: node(g, "loop/add").input.__setitem__(0, ":0"), "':0', which is not in the graph"),
    "no index": (lambda g: node(g, "loop/add").input.__setitem__(0, "c:x"), "'c:x', which names no tensor"),
    "no such output": (lambda g: node(g, "loop/add").input.__setitem__(0, "c:1"), "Const 'c' has 1 outputs"),
    "too few inputs": (lambda g: node(g, "loop/add").input.pop(), "has 1 inputs, AddV2 takes 2"),
    "self-loop": (lambda g: node(g, "loop/add").input.__setitem__(0, "loop/add"), "in a circle"),
    "control circle": (lambda g: node(g, "x").input.append("^loop/Exit"), "in a circle"),
    "no attribute": (lambda g: node(g, "c").attr.pop("dtype"), "lacks the attribute 'dtype' of Const"),
    "wrong kind": (wrong_kind, "is no type"),
    "no dtype": (no_dtype, "which is no dtype"),
    "negative": (negative_shape, "negative shape"),
    "handles": (
        lambda g: node(g, "c").attr["value"].tensor.__setattr__("dtype", 20),
        "a tensor of references or handles",
    ),
    "short content": (lambda g: node(g, "c").attr["value"].tensor.__setattr__("tensor_content", b"x"), "of 8 bytes"),
    "uncountable": (uncountable, "more elements than TensorFlow can count"),
    "huge": (huge_constant, "8,589,934,592 elements"),
}


@pytest.mark.parametrize(("damage", "told"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_graph_is_told(damage: Callable[[Any], Any], told: str) -> None:
    graph = loop()
    assert list(graph_faults(graph)) == []
    damage(graph)
    assert told in " | ".join(graph_faults(graph))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda f: f.node_def[-1].input.__setitem__(0, "gone:y:0"), "'gone:y:0', which is not there"),
        (lambda f: f.node_def[-1].input.__setitem__(0, f.node_def[0].name), "which names no tensor"),
        (lambda f: f.ret.clear(), "comes from ''"),
        (lambda f: f.signature.ClearField("name"), "nothing can be called"),
    ],
)
def test_a_damaged_function_is_told(damage: Callable[[Any], Any], told: str) -> None:
    graph = function()
    assert list(graph_faults(graph)) == []
    damage(graph.library.function[0])
    assert told in " | ".join(graph_faults(graph))


def calls(op: str, attribute: str) -> Any:
    """A graph with a function that calls itself by an op."""
    graph = tf.compat.v1.GraphDef()
    body = graph.library.function.add()
    body.signature.name = "f"
    call = body.node_def.add(name="again", op=op)
    call.attr[attribute].func.name = "f"
    return graph


def test_a_function_that_calls_itself_without_end_is_told() -> None:
    assert "'f' calls itself" in " | ".join(graph_faults(calls("PartitionedCall", "f")))
    assert "calls itself" not in " | ".join(graph_faults(calls("If", "then_branch")))


def test_what_tensorflow_1_wrote_is_sound() -> None:
    models = [path.parent for path in MODELS_DIR.rglob("saved_model.pb*")]
    assert len(models) > 50
    for model in models:
        read_saved_model(model)

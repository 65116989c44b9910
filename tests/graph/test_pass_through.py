"""Identities that only hand on go; what orders, names a place or is somebody's output stays."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from migrate.graph.pass_through import without_pass_through
from tests.graph.twin import graph_of, node, v1


def identity(name: str, *inputs: str, **attributes: Any) -> Any:
    return node(name, "Identity", *inputs, T=tf.float32, **attributes)


def shaped(one: Any, *dims: int) -> Any:
    shape = one.attr["_output_shapes"].list.shape.add()
    for size in dims:
        shape.dim.add(size=size)
    return one


SHORTENED: dict[str, tuple[list[Any], list[str], dict[str, list[str]], list[str]]] = {
    # case: (nodes, outputs, inputs by node afterwards, outputs afterwards)
    "between two nodes": (
        [node("a", "Abs", "x"), identity("i", "a"), node("b", "Neg", "i")],
        ["b"],
        {"a": ["x"], "b": ["a"]},
        ["b"],
    ),
    "a chain of them": (
        [node("a", "Unique", "x"), identity("i", "a:1"), identity("j", "i"), node("b", "Neg", "j")],
        ["b"],
        {"a": ["x"], "b": ["a:1"]},
        ["b"],
    ),
    "one as the output": ([node("a", "Abs", "x"), identity("i", "a")], ["i"], {"a": ["x"]}, ["a"]),
    "two outputs of one tensor": (
        [node("a", "Abs", "x"), identity("i", "a"), identity("j", "a")],
        ["i", "j"],
        {"a": ["x"]},
        ["a", "a"],
    ),
    "what it waits for is waited for by its users": (
        [node("w", "Assign", "v"), identity("i", "v", "^w"), node("r", "Read", "i")],
        ["r"],
        {"w": ["v"], "r": ["v", "^w"]},
        ["r"],
    ),
    "who waits for it waits for its input and for what it waited for": (
        [node("a", "Abs", "x"), node("w", "Assign", "v"), identity("i", "a", "^w"), node("c", "Const", "^i")],
        ["c", "a"],
        {"a": ["x"], "w": ["v"], "c": ["^a", "^w"]},
        ["c", "a"],
    ),
    "in front of a loop and of a branch": (
        [
            node("a", "Abs", "x"),
            node("w", "NoOp"),
            identity("i", "a", "^w"),
            node("e", "Enter", "i"),
            node("s", "Switch", "i", "p"),
        ],
        ["e", "s"],
        {"a": ["x"], "w": [], "e": ["a", "^w"], "s": ["a", "p", "^w"]},
        ["e", "s"],
    ),
    "behind a loop": (
        [node("e", "Exit", "x"), identity("i", "e"), node("b", "Neg", "i", "^i")],
        ["i"],
        {"e": ["x"], "b": ["e"]},
        ["e"],
    ),
    "no edge twice": (
        [node("w", "Assign", "v"), identity("i", "v", "^w"), node("r", "Read", "i", "^i", "^w")],
        ["r"],
        {"w": ["v"], "r": ["v", "^w"]},
        ["r"],
    ),
}


@pytest.mark.parametrize("case", SHORTENED)
def test_shortened(case: str) -> None:
    nodes, outputs, inputs, outputs_afterwards = SHORTENED[case]
    result = without_pass_through(nodes, outputs)
    assert {one.name: list(one.input) for one in result.nodes} == inputs
    assert list(result.outputs) == outputs_afterwards


UNTOUCHED: dict[str, tuple[list[Any], list[str]]] = {
    "an output that waits": ([node("a", "Abs", "x"), node("w", "Assign", "v"), identity("i", "a", "^w")], ["i"]),
    "an output of a fed tensor": ([identity("i", "x")], ["i"]),
    "an output that knows its shape better": (
        [shaped(node("a", "Abs", "x"), -1), shaped(identity("i", "a"), 3)],
        ["i"],
    ),
    "the name of a gradient": ([identity("i", "x", _gradient_op_type=b"Mine"), node("b", "Neg", "i")], ["b"]),
    "the pivot of a condition": (
        [node("s", "Switch", "x", "p"), identity("i", "s:1"), node("c", "Const", "^i")],
        ["c"],
    ),
    "what goes into a merge": ([identity("i", "x"), node("m", "Merge", "i", "y")], ["m"]),
    "the end of a loop's body": (
        [node("a", "Abs", "x"), identity("i", "a"), node("n", "NextIteration", "i")],
        ["a"],
    ),
    "many waits": (
        [node("w", "NoOp"), node("v", "NoOp"), identity("i", "x", "^v", "^w"), node("b", "Neg", "i")],
        ["b"],
    ),
    "other ops that hand on": ([node("i", "StopGradient", "x"), node("b", "Neg", "i")], ["b"]),
}


@pytest.mark.parametrize("case", UNTOUCHED)
def test_untouched(case: str) -> None:
    nodes, outputs = UNTOUCHED[case]
    result = without_pass_through(nodes, outputs)
    assert list(result.nodes) == nodes
    assert list(result.outputs) == outputs


def test_the_nodes_that_were_given_are_not_changed() -> None:
    nodes = [node("a", "Abs", "x"), identity("i", "a"), node("b", "Neg", "i")]
    without_pass_through(nodes, ["b"])
    assert list(nodes[2].input) == ["i"]


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_a_loop_with_a_condition_gives_the_same(steps: int) -> None:
    def build() -> Any:
        n = v1.placeholder(tf.int32, [], name="n")
        v = v1.get_variable("v", initializer=3, use_resource=True)

        def body(i: Any, total: Any) -> tuple[Any, Any]:
            added = tf.cond(tf.equal(i % 2, 0), lambda: tf.identity(total + 1) + v, lambda: total * 2)
            return i + 1, tf.identity(added) + tf.identity(i * 3)

        return tf.identity(tf.while_loop(lambda i, _: i < tf.identity(n), body, [0, tf.identity(n)])[1], name="y")

    graph_def = graph_of(build)
    short = without_pass_through(graph_def.node, ["y"])
    assert len(short.nodes) < len(graph_def.node)
    found = []
    for nodes, output in ((graph_def.node, "y"), (short.nodes, short.outputs[0])):
        with tf.Graph().as_default(), v1.Session() as session:
            tf.graph_util.import_graph_def(v1.GraphDef(node=nodes, versions=graph_def.versions), name="")
            session.run("v/Assign")
            found.append(session.run(f"{output}:0", {"n:0": steps}))
    assert found[0] == found[1]

"""The body of a function in place of its call gives what the call gave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import tensorflow as tf

from migrate.graph.function_body import FunctionBody, free_scope
from migrate.graph.function_library import functions_by_name
from tests.graph.twin import graph_of, node, tf1_control_flow, v1


def several_outputs(x: Any) -> Any:
    values, indices = tf.unique(tf.cast(x, tf.int32))
    return tf.split(tf.cast(values, tf.float32), 1)[0], indices, x


def loop_of_tf1(x: Any) -> Any:
    with tf1_control_flow():
        return v1.while_loop(lambda i: tf.reduce_sum(i) < 100.0, lambda i: i * 2.0 + 1.0, [x])


def condition_of_tf1(x: Any) -> Any:
    with tf1_control_flow():
        return v1.cond(tf.reduce_sum(x) > 3.0, lambda: x * tf.constant(2.0), lambda: tf.constant([9.0]))


def loop_of_tf2(x: Any) -> Any:
    return tf.while_loop(lambda i: tf.reduce_sum(i) < 100.0, lambda i: [i * 2.0 + 1.0], [x])


def waits_for_an_argument(x: Any) -> Any:
    with tf.control_dependencies([x]):
        return tf.constant(1.0) + tf.constant(2.0)


def nested(x: Any) -> Any:
    return tf.function(lambda y: y + 1.0, autograph=False)(x) * 2.0


def loop_next_to_its_argument(x: Any) -> Any:
    return loop_of_tf1(x), x


BODIES = [
    several_outputs,
    loop_of_tf1,
    loop_next_to_its_argument,
    condition_of_tf1,
    loop_of_tf2,
    waits_for_an_argument,
    nested,
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("waits", [[], ["^before"]], ids=["", "after another node"])
def test_the_body_gives_what_the_call_gives(body: Callable[[Any], Any], waits: Sequence[str]) -> None:
    def build() -> None:
        x = v1.placeholder(tf.float32, [None], name="x")
        tf.no_op(name="before")
        # wrap_function leaves the loops of TF1 as they are.
        tf.compat.v1.wrap_function(body, [tf.TensorSpec([None])])(tf.identity(x, name="argument"))

    graph_def = graph_of(build)
    (call,) = (one for one in graph_def.node if "PartitionedCall" in one.op)
    functions = functions_by_name(graph_def.library)
    function = functions[call.attr["f"].func.name]
    inlined = FunctionBody(function, "inlined", ["argument"], functions)
    graph_def.node.extend(inlined.nodes(waits))
    with tf.Graph().as_default(), v1.Session() as session:
        tf.graph_util.import_graph_def(graph_def, name="")
        names = [f"{call.name}:{index}" for index in range(len(function.signature.output_arg))]
        outputs = [edge if ":" in edge else f"{edge}:0" for edge in inlined.outputs]
        wanted, found = session.run([names, outputs], {"x:0": [1.0, 1.0, 4.0]})
    assert [one.tolist() for one in found] == [one.tolist() for one in wanted]


def function_def(*nodes: Any, returned: str, done: str = "") -> Any:
    function = v1.GraphDef().library.function.add(node_def=nodes)
    function.signature.name = "f"
    function.signature.input_arg.add(name="x", type_attr="T")
    function.signature.output_arg.add(name="y", type_attr="T")
    function.ret["y"] = returned
    if done:
        function.control_ret["done"] = done
    return function


def test_attributes_that_the_call_gives() -> None:
    """`Defun` could make functions with attributes of their own."""
    inner, caller = node("n", "Neg", "x"), node("c", "PartitionedCall", "n:y:0")
    inner.attr["T"].placeholder = "T"
    caller.attr["f"].func.name = "g"
    caller.attr["f"].func.attr["T"].placeholder = "T"
    given = v1.AttrValue(type=tf.float32.as_datatype_enum)
    function = function_def(inner, caller, returned="n:y:0")
    negated, call = FunctionBody(function, "s", ["a:1"], {}, {"T": given}).nodes()
    assert negated.attr["T"] == call.attr["f"].func.attr["T"] == given


def test_names_and_edges() -> None:
    body = FunctionBody(
        function_def(
            node("u", "Unique", "x", _class=b"loc:@x"),
            node("w", "NoOp", "^x", "^u"),
            node("c", "Const"),
            returned="u:idx:0",
            done="w",
        ),
        "scope/f",
        ["a:3"],
        {},
    )
    unique, waiting, constant = body.nodes(["^before"])
    assert (unique.name, list(unique.input)) == ("scope/f/u", ["a:3", "^before"])
    assert (waiting.name, list(waiting.input)) == ("scope/f/w", ["^a", "^scope/f/u"])
    assert list(constant.input) == ["^before"]
    assert "_class" not in unique.attr
    assert (body.outputs, body.done) == (("scope/f/u:1",), ("^scope/f/w",))


@pytest.mark.parametrize(
    ("names", "free"),
    [
        ([], "f"),
        (["f"], "f"),
        (["g/f/x", "ff/x"], "f"),
        (["f/x"], "f_1"),
        (["f/x", "f_1/y/z"], "f_2"),
    ],
)
def test_a_scope_is_free_where_no_node_is_in_it(names: list[str], free: str) -> None:
    assert free_scope("f", sorted(names)) == free

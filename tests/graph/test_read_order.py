"""What a read waits for, and which writes wait for a read."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from migrate.graph.resource_state import ResourceGraph, to_resource_state
from migrate.graph.tensor_name import TensorName
from tests.graph.twin import fetch, graph_of, node, ref_variable, v1

V = node("v", "VariableV2", dtype=tf.float32)
ADD = node("add", "AssignAdd", "v", "x", T=tf.float32)
CONST = node("c", "Const", dtype=tf.float32)


def waits(graph: ResourceGraph) -> dict[str, list[str]]:
    """Return what each read and each write waits for, besides its inputs."""
    return {
        one.name: [edge for edge in one.input if edge.startswith("^")]
        for one in graph.nodes
        if one.op == "ReadVariableOp" or one.name.endswith("/write")
    }


@pytest.mark.parametrize(
    ("source", "ordered"),
    [
        pytest.param([V, ADD, node("y", "Neg", "v", T=tf.float32)], True, id="value and update, as metrics have them"),
        pytest.param([V, ADD, node("y", "Add", "v", "x")], False, id="the read waits for the batch, too"),
        pytest.param([V, node("y", "Add", "v", "x"), ADD], True, id="the read was made before the write"),
        pytest.param([V, ADD, node("y", "Neg", "v", "^add")], False, id="the read waits for the write"),
        pytest.param(
            [V, node("y", "Neg", "v"), node("add", "AssignAdd", "v", "x", "^y")], False, id="the write waits anyway"
        ),
        pytest.param([V, CONST, node("add", "AssignAdd", "v", "c"), node("y", "Neg", "v")], False, id="neither waits"),
        pytest.param(
            [V, ADD, CONST, node("s", "Switch", "v", "c"), node("y", "Neg", "s")],
            False,
            id="control flow before the read",
        ),
        pytest.param(
            [V, node("e", "Enter", "x"), node("add", "AssignAdd", "v", "e"), node("y", "Neg", "v")],
            False,
            id="control flow before the write",
        ),
    ],
)
def test_reads_come_first_where_the_order_is_open(source: list[Any], ordered: bool) -> None:
    found = waits(to_resource_state(source, []))
    assert ("^v/read_value" in found["add/write"]) == ordered


def test_variables_do_not_wait_for_each_other() -> None:
    nodes = [V, node("w", "VariableV2", dtype=tf.float32), ADD, node("y", "Neg", "w")]
    assert waits(to_resource_state(nodes, []))["add/write"] == []


def test_many_open_reads_make_no_more_edges_than_nodes() -> None:
    reads = [node(f"y{n}", "Add", f"i{n}", "x") for n in range(40)]
    aliases = [node(f"i{n}", "Identity", "v", T=tf.float32) for n in range(40)]
    writes = [node(f"w{n}", "AssignAdd", "v", "x", T=tf.float32) for n in range(40)]
    result = to_resource_state([V, *aliases, *reads, *writes], [])
    assert sum(edge.startswith("^") for one in result.nodes for edge in one.input) < 200


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param([V, ADD, node("y", "Add", "v", "x", "^add")], ["^add"], id="after a write"),
        pytest.param([V, ADD, node("y", "Neg", "add")], [], id="the reference says it"),
        pytest.param(
            [V, ADD, node("n", "NoOp", "^add"), node("h", "Exp", "x", "^n"), node("y", "Add", "v", "h")],
            ["^add"],
            id="the write itself, not what stands between",
        ),
        pytest.param(
            [V, ADD, node("b", "AssignAdd", "v", "x", "^add"), node("y", "Add", "v", "x", "^b", "^add")],
            ["^b"],
            id="the last of two writes",
        ),
        pytest.param([V, ADD, node("h", "Exp", "x"), node("y", "Add", "v", "h")], [], id="no write before"),
        pytest.param(
            [V, ADD, node("w", "VariableV2"), node("b", "Assign", "w", "x"), node("y", "Neg", "v", "^b")],
            [],
            id="a write of another variable",
        ),
    ],
)  # fmt: skip
def test_a_read_waits_for_writes_alone(source: list[Any], expected: list[str]) -> None:
    result = {one.name: one for one in to_resource_state(source, []).nodes}
    read = next(result[edge] for edge in result["y"].input if edge in result and result[edge].op == "ReadVariableOp")
    assert [edge for edge in read.input if edge.startswith("^")] == expected


def test_an_optimizer_step_writes_its_slots() -> None:
    names = ["v", "m", "s", "b1", "b2", "lr", "beta1", "beta2", "eps", "x"]
    slots = [node(name, "VariableV2", dtype=tf.float32) for name in ("m", "s")]
    step = node("step", "ApplyAdam", *names, T=tf.float32)
    constants = [node(name, "Const", dtype=tf.float32) for name in names[3:9]]
    result = to_resource_state([V, *slots, *constants, step, node("y", "Neg", "m", "^step")], fetch("s"))
    assert waits(result)["m/read_value"] == ["^step"]
    assert waits(result)[result.values[TensorName("s", 0)].node] == ["^step"]


def test_a_bias_does_not_wait_for_its_convolution() -> None:
    def build() -> None:
        x = v1.placeholder(tf.float32, [None, 8, 8, 3], name="x")
        kernel, bias = ref_variable("kernel", [[[[0.1]] * 3]]), ref_variable("bias", [0.5])
        h = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias))
        step = v1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(h))
        with tf.control_dependencies([step]):
            tf.identity(h, name="y")

    nodes = [one for one in graph_of(build).node if "initial" not in one.name and not one.name.endswith("Assign")]
    nodes = [one for one in nodes if one.name not in ("x", "init")]
    reads = [one for one in to_resource_state(nodes, fetch("y")).nodes if one.op == "ReadVariableOp"]
    assert {tuple(one.input) for one in reads} == {("kernel/read",), ("bias/read",)}


@pytest.mark.parametrize(
    ("source", "unordered"),
    [
        pytest.param([V, ADD, node("y", "Neg", "v", "^add")], (), id="read after the write"),
        pytest.param([V, node("y", "Neg", "v"), node("add", "AssignAdd", "v", "y")], (), id="read before the write"),
        pytest.param([V, ADD, node("y", "Neg", "v")], ("v",), id="read beside the write"),
        pytest.param([V, ADD, node("i", "Identity", "v"), node("y", "Neg", "i")], ("v",), id="alias beside the write"),
        pytest.param([V, ADD], (), id="fetched: what the buffer holds at the end"),
        pytest.param([V, ADD, node("b", "AssignAdd", "v", "x")], (), id="sums in any order"),
        pytest.param([V, ADD, node("b", "Assign", "v", "x")], ("v",), id="an assignment beside a sum"),
        pytest.param(
            [
                V, node("p", "Const", dtype=tf.bool), node("s", "RefSwitch", "v", "p"),
                node("b", "Assign", "s", "x"), node("y", "Neg", "s:1"),
            ],
            (),
            id="in different branches",
        ),
    ],
)  # fmt: skip
def test_open_orders_are_told(source: list[Any], unordered: tuple[str, ...]) -> None:
    assert to_resource_state(source, fetch("v")).unordered == unordered


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda n: [*_chain(n)], id="a chain of writes and reads of one variable"),
        pytest.param(lambda n: [*_open(n)], id="reads and writes without an order"),
        pytest.param(lambda n: [*_layers(n)], id="layers, each with its variable, all updated at the end"),
    ],
)
def test_time_grows_with_the_graph(build: Any) -> None:
    """Counts the steps of the passes rather than seconds: edges of the result, and sets that were made."""
    small, large = (len(to_resource_state(build(n), []).nodes) for n in (200, 800))
    edges = [sum(len(one.input) for one in to_resource_state(build(n), []).nodes) for n in (200, 800)]
    assert large < 4.5 * small
    assert edges[1] < 4.5 * edges[0]


def _chain(size: int) -> Any:
    yield from (V, CONST)
    last = "c"
    for n in range(size):
        yield node(f"w{n}", "AssignAdd", "v", "c", f"^{last}", T=tf.float32)
        yield node(f"y{n}", "Add", "v", "c", f"^w{n}", T=tf.float32)
        last = f"y{n}"


def _open(size: int) -> Any:
    yield from (V, CONST)
    for n in range(size):
        yield node(f"y{n}", "Add", "v", "x", T=tf.float32)
        yield node(f"w{n}", "AssignAdd", "v", "x", T=tf.float32)


def _layers(size: int) -> Any:
    yield CONST
    last = "x"
    for n in range(size):
        yield node(f"v{n}", "VariableV2", dtype=tf.float32)
        yield node(f"r{n}", "Identity", f"v{n}", T=tf.float32)
        yield node(f"h{n}", "Add", last, f"r{n}", T=tf.float32)
        last = f"h{n}"
    for n in range(size):
        yield node(f"g{n}", "Mul", last, f"r{n}", T=tf.float32)
        yield node(f"w{n}", "ApplyGradientDescent", f"v{n}", "c", f"g{n}", T=tf.float32)

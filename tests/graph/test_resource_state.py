"""References become resources: the converted graph gives what a Session gives, call after call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.graph.reference_ops import PASSING_OPS, TABLE_OPS, USING_OPS, WRITING_OPS
from migrate.graph.resource_state import to_resource_state
from migrate.graph.tensor_name import TensorName
from migrate.tensorflow_private.op_defs import op_def
from tests.graph.twin import Feeds, assert_same_as_in_session, fetch, graph_of, node, ops, ref_variable, v1

X: list[Feeds] = [{"x:0": 1.0}, {"x:0": 2.5}, {"x:0": -3.0}]


def placeholder() -> Any:
    """Make `x`; where it is made under control dependencies, feeding it takes them away."""
    return v1.placeholder(tf.float32, [], name="x")


def read_only() -> Any:
    v = ref_variable("v", [1.0, 2.0])
    return [placeholder() * v, v + 1.0]


def the_sum_is_returned() -> Any:
    return v1.assign_add(ref_variable("v", 1.0), placeholder()) * 2.0


def reference_is_fetched() -> Any:
    v = ref_variable("v", 1.0)
    return [v1.assign_add(v, placeholder())]


def read_after_a_write() -> Any:
    v, x = ref_variable("v", 1.0), placeholder()
    with tf.control_dependencies([v1.assign_add(v, x)]):
        return tf.identity(v.read_value()) + 0.0


def read_before_a_write() -> Any:
    v, x = ref_variable("v", 1.0), placeholder()
    doubled = v * 2.0
    with tf.control_dependencies([doubled]):
        add = v1.assign_add(v, x)
    with tf.control_dependencies([add]):
        return tf.identity(doubled)


def identity_shares_the_buffer() -> Any:
    """The value was "read" before the write; TF1 shows the sum all the same."""
    v, x = ref_variable("v", 1.0), placeholder()
    early = tf.identity(v._ref())
    with tf.control_dependencies([early]):
        add = v1.assign_add(v, x)
    with tf.control_dependencies([add]):
        return early + 0.0


def chain_of_writes() -> Any:
    v = ref_variable("v", 1.0)
    return v1.assign_sub(v1.assign_add(v1.assign(v, placeholder()), 10.0), 0.5) + 0.0


def two_variables() -> Any:
    a, b = ref_variable("a", 1.0), ref_variable("b", 5.0)
    with tf.control_dependencies([v1.assign(a, b + placeholder())]):
        return v1.assign(b, a.read_value() * 2.0) + 0.0


def mixed_kinds() -> Any:
    ref = ref_variable("ref", 1.0)
    resource = v1.Variable(2.0, name="resource", use_resource=True)
    with tf.control_dependencies([v1.assign_add(ref, placeholder()), resource.assign_add(1.0)]):
        return ref.read_value() * resource.read_value()


def written_in_a_branch() -> Any:
    v, x = ref_variable("v", 1.0), placeholder()
    return v1.cond(x > 0.0, lambda: v1.assign_add(v, x) + 0.0, lambda: v * 10.0)


def read_in_a_branch() -> Any:
    v, x = ref_variable("v", 3.0), placeholder()
    return v1.cond(x > 0.0, lambda: v * x, lambda: v - x)


def read_in_a_loop() -> Any:
    v, x = ref_variable("v", 3.0), placeholder()
    return v1.while_loop(lambda i, _: i < 4, lambda i, y: (i + 1, y * v + x), [0, x])[1]


def written_in_a_loop() -> Any:
    v, x = ref_variable("v", 1.0), placeholder()

    def body(i: Any, y: Any) -> Any:
        with tf.control_dependencies([y]):  # without this, TF1 itself runs the iterations in any order
            total = v1.assign_add(v, x) + 0.0
        with tf.control_dependencies([total]):
            return i + 1, y + total

    return v1.while_loop(lambda i, _: i < 3, body, [0, 0.0], parallel_iterations=1)[1]


def read_after_a_loop_that_writes() -> Any:
    v, x = ref_variable("v", 1.0), placeholder()
    loop = v1.while_loop(lambda i: i < 3, lambda i: i + tf.cast(v1.assign_add(v, x) * 0.0, tf.int32) + 1, [0])
    with tf.control_dependencies([loop]):
        return v.read_value() + 0.0


def branch_in_a_loop() -> Any:
    v, x = ref_variable("v", 1.0), placeholder()

    def body(i: Any, y: Any) -> Any:
        return i + 1, v1.cond(tf.equal(i % 2, 0), lambda: y + v, lambda: y * v + x)

    return v1.while_loop(lambda i, _: i < 5, body, [0, x])[1]


def slice_is_assigned() -> Any:
    v = ref_variable("v", [1.0, 2.0, 3.0])
    return v[1:2].assign([placeholder()]) + 0.0


def shape_changes() -> Any:
    v = ref_variable("v", [1.0, 2.0], validate_shape=False)
    return v1.assign(v, tf.concat([v, [placeholder()]], 0), validate_shape=False) + 0.0


def is_initialized() -> Any:
    return [v1.is_variable_initialized(ref_variable("v", 1.0)), placeholder() + 0.0]


def counts() -> Any:
    return [v1.count_up_to(ref_variable("v", 0, tf.int32), 5), placeholder() + 0.0]


def reference_is_fetched_before_a_write() -> Any:
    """What is fetched is what the buffer holds at the end of the call."""
    v, x = ref_variable("v", 1.0), placeholder()
    total = v1.assign_add(v, x)
    with tf.control_dependencies([total]):
        reset = v1.assign(v, 0.0)
    with tf.control_dependencies([reset]):
        return [total, tf.identity(x)]


def aliases_are_fetched_before_a_write() -> Any:
    v, x = ref_variable("v", [1.0, 2.0]), placeholder()
    early = [tf.identity(v._ref()), v.read_value(), tf.reshape(v, [2, 1]), tf.stop_gradient(v), v + 0.0]
    with tf.control_dependencies(early):
        return [*early, v1.assign_add(v, [x, x])]


def written_in_a_branch_after_a_read() -> Any:
    v, x = ref_variable("v", 1.0), placeholder()
    early, copy = tf.identity(v._ref()), v * 3.0
    with tf.control_dependencies([early, copy]):
        branch = v1.cond(x > 0.0, lambda: v1.assign_add(v, x) + 0.0, lambda: tf.identity(x))
    with tf.control_dependencies([branch]):
        return [early, copy, branch, early + 1.0]


def an_alias_or_a_copy() -> Any:
    """Which of both the conditional gives is known at each call only."""
    v, x = ref_variable("v", 1.0), placeholder()
    either = v1.cond(x > 0.0, lambda: tf.identity(v), lambda: v * 10.0)
    with tf.control_dependencies([either]):
        add = v1.assign_add(v, x)
    with tf.control_dependencies([add]):
        return [either, either + 0.5]


def condition_is_a_variable() -> Any:
    v, x = ref_variable("v", True, tf.bool), placeholder()
    gate = v1.cond(v, lambda: x * 2.0, lambda: x * 3.0)
    with tf.control_dependencies([gate]):
        return [gate, v1.assign(v, x > 2.0)]


def step_counts_in_a_slot() -> Any:
    w, x = ref_variable("w", [1.0, 2.0]), placeholder()
    optimizer = v1.train.AdamOptimizer(0.1)
    step = optimizer.minimize(tf.reduce_sum(w * w * x), var_list=[w])
    slot = optimizer.get_slot(w, "m")
    before = slot + 0.0
    with tf.control_dependencies([before]), tf.control_dependencies([step]):
        return [slot._ref(), slot + 0.0]


def nothing_but_an_operation() -> Any:
    return v1.assign_add(ref_variable("v", 1.0), placeholder()).op


@pytest.mark.parametrize(
    "build",
    [
        read_only,
        the_sum_is_returned,
        reference_is_fetched,
        read_after_a_write,
        read_before_a_write,
        identity_shares_the_buffer,
        chain_of_writes,
        two_variables,
        mixed_kinds,
        written_in_a_branch,
        read_in_a_branch,
        read_in_a_loop,
        written_in_a_loop,
        read_after_a_loop_that_writes,
        branch_in_a_loop,
        slice_is_assigned,
        shape_changes,
        is_initialized,
        counts,
        reference_is_fetched_before_a_write,
        aliases_are_fetched_before_a_write,
        written_in_a_branch_after_a_read,
        an_alias_or_a_copy,
        condition_is_a_variable,
        step_counts_in_a_slot,
        nothing_but_an_operation,
    ],
    ids=lambda build: build.__name__,
)
def test_as_in_a_session(build: Callable[[], Any]) -> None:
    assert_same_as_in_session(build, X)


@pytest.mark.parametrize("scatter", ["add", "sub", "mul", "div", "min", "max", "update"])
def test_scatters(scatter: str) -> None:
    def build() -> Any:
        v = ref_variable("v", [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        rows = tf.reshape(placeholder(), [1, 1]) * [[1.0, 2.0], [3.0, 0.5]]
        return getattr(v1, f"scatter_{scatter}")(v, [2, 0], rows) + 0.0

    assert_same_as_in_session(build, X)


@pytest.mark.parametrize("scatter", ["add", "sub", "update"])
def test_scatters_of_single_elements(scatter: str) -> None:
    def build() -> Any:
        v = ref_variable("v", [[1.0, 2.0], [3.0, 4.0]])
        return getattr(v1, f"scatter_nd_{scatter}")(v, [[1, 0], [0, 1]], tf.stack([placeholder(), 9.0])) + 0.0

    assert_same_as_in_session(build, X)


OPTIMIZERS = [
    v1.train.GradientDescentOptimizer(0.1),
    v1.train.MomentumOptimizer(0.1, 0.9),
    v1.train.AdamOptimizer(0.1),
    v1.train.AdagradOptimizer(0.1),
    v1.train.AdadeltaOptimizer(0.1),
    v1.train.RMSPropOptimizer(0.1),
    v1.train.RMSPropOptimizer(0.1, centered=True),
    v1.train.FtrlOptimizer(0.1),
    v1.train.ProximalAdagradOptimizer(0.1),
]


def optimizer_name(optimizer: Any) -> str:
    return f"{type(optimizer).__name__}{'-centered' * getattr(optimizer, '_centered', False)}"


def training_step(optimizer: Any) -> Any:
    """Make dense and sparse updates of ref variables, with the optimizer's own variables; give the loss after them."""
    w, table = ref_variable("w", [1.0, -2.0]), ref_variable("table", np.ones((4, 2)))
    rows = tf.gather(table, [1, 3])
    loss = tf.reduce_sum((rows * w - placeholder()) ** 2)
    step = optimizer.minimize(loss, var_list=[w, table])
    with tf.control_dependencies([step]):
        return tf.identity(loss)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=optimizer_name)
def test_training_steps(optimizer: Any) -> None:
    assert_same_as_in_session(lambda: training_step(optimizer), X)


def test_one_read_serves_all_where_nothing_writes() -> None:
    graph_def = graph_of(lambda: [ref_variable("v", 1.0) * 2.0 + 3.0])
    nodes = [one for one in graph_def.node if "Assign" not in one.op and "initial" not in one.name]
    nodes += [node("more", "Neg", "v", T=tf.float32), node("even_more", "Neg", "v", T=tf.float32)]
    result = to_resource_state(nodes, fetch("more"))
    assert ops(result.nodes).count("ReadVariableOp") == 1
    assert result.values == {}


def test_a_read_serves_the_ops_before_the_same_writes() -> None:
    nodes = [
        node("v", "VariableV2", dtype=tf.float32),
        node("x", "Const", dtype=tf.float32),
        node("add", "AssignAdd", "v", "x", T=tf.float32),
        node("early", "Neg", "v", T=tf.float32),
        node("early_too", "Neg", "v", T=tf.float32),
        node("late", "Neg", "v", "^add", T=tf.float32),
    ]
    result = {one.name: one for one in to_resource_state(nodes, []).nodes}
    reads = {one.name: list(one.input) for one in result.values() if one.op == "ReadVariableOp"}
    assert reads == {"v/read_value": ["v"], "v/read_value_1": ["v", "^add"]}
    assert list(result["add"].input) == ["v", "^add/write"]


def test_nodes_without_references_are_passed_on_as_they_are() -> None:
    nodes = [node("h", "VarHandleOp", dtype=tf.float32), node("r", "ReadVariableOp", "h", dtype=tf.float32)]
    result = to_resource_state(nodes, fetch("r"))
    assert [id(one) for one in result.nodes] == [id(one) for one in nodes]


def test_the_source_is_not_changed() -> None:
    nodes = [
        node("v", "VariableV2", dtype=tf.float32, shared_name=b"s"),
        node("add", "AssignAdd", "v", "v", T=tf.float32),
        node("y", "Neg", "add", T=tf.float32),
    ]
    before = [one.SerializeToString(deterministic=True) for one in nodes]
    to_resource_state(nodes, fetch("y", "add"))
    assert [one.SerializeToString(deterministic=True) for one in nodes] == before


def test_names_of_new_nodes_avoid_those_of_the_graph_and_each_other() -> None:
    nodes = [
        node("v", "VariableV2", dtype=tf.float32),
        node("s", "RefSwitch", "v", "p", T=tf.float32),
        node("s/read_value", "NoOp"),
        node("p", "Const", dtype=tf.bool),
    ]
    result = to_resource_state(nodes, [TensorName("s", 0), TensorName("s", 1)])
    names = [one.name for one in result.nodes]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("made", "op"),
    [
        (node("t", "TemporaryVariable", dtype=tf.float32), "TemporaryVariable"),
        (node("q", "FIFOQueue"), "FIFOQueue"),
        (node("a", "ConditionalAccumulator", dtype=tf.float32), "ConditionalAccumulator"),
        (node("s", "RefSelect", "i", "v", T=tf.float32, N=1), "RefSelect"),
        (node("s", "BarrierReadySize", "v"), "BarrierReadySize"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_references_without_a_counterpart_are_refused_by_name(made: Any, op: str) -> None:
    nodes = [node("v", "VariableV2", dtype=tf.float32), node("i", "Const", dtype=tf.int32), made]
    with pytest.raises(RefusedModelError, match=f"the op {op} .*take the node out"):
        to_resource_state(nodes, [])


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        ("v", True),
        ("alias", True),
        pytest.param("copy", False, id="must not touch: a copy"),
        pytest.param("other", False, id="must not touch: another variable"),
    ],
)
def test_rows_of_a_variable_scattered_into_itself_are_refused(value: str, refused: bool) -> None:
    """Measured: TensorFlow 1.15.5 makes [1, 1] of [1, 3] with `scatter_update(v, [1, 0], v)`."""
    nodes = [
        node("v", "VariableV2", dtype=tf.float32),
        node("other", "VariableV2", dtype=tf.float32),
        node("alias", "Identity", "v", T=tf.float32),
        node("copy", "Neg", "v", T=tf.float32),
        node("i", "Const", dtype=tf.int32),
        node("swap", "ScatterUpdate", "v", "i", value, T=tf.float32),
    ]
    with pytest.raises(RefusedModelError, match=r"'swap'.*takes them from") if refused else nullcontext():
        to_resource_state(nodes, [])


@pytest.mark.parametrize(
    "pairs", [TABLE_OPS, PASSING_OPS, USING_OPS, WRITING_OPS], ids=["tables", "passing", "using", "writing"]
)
def test_every_counterpart_exists_and_takes_as_many_inputs(pairs: dict[str, str]) -> None:
    known: Sequence[tuple[Any, Any]] = [(op_def(old), op_def(new)) for old, new in pairs.items() if op_def(old)]
    assert len(known) >= len(pairs) - 4, "most of TF1's ops are still registered"
    for old, new in known:
        if old.name == "MutableDenseHashTable":
            continue  # its deleted key came later: see tests/shim/test_tables.py
        assert new is not None, old.name
        assert len(new.input_arg) == len(old.input_arg), old.name

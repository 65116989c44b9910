"""Walks end on every graph, whatever its edges are, and take no longer for a long chain than its length."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from migrate.errors import RefusedModelError
from migrate.graph.function_library import called_functions
from migrate.graph.inline import with_state_inlined
from migrate.graph.pass_through import without_pass_through
from migrate.graph.soundness import graph_faults
from migrate.graph.walk import dependent, followed, needed
from migrate.legacy.initialization import read_initialization
from migrate.legacy.restore import read_restore_map
from migrate.verify.dataflow import DataFlow, Tensor

OPS = ("Identity", "NoOp", "Assign", "InitializeTableV2", "HashTableV2", "VariableV2", "Merge", "NextIteration", "Cast")
LONG = 100_000


def graph(*nodes: tuple[str, str, Iterable[str]]) -> Any:
    return tf.compat.v1.GraphDef(node=[tf.compat.v1.NodeDef(name=n, op=op, input=list(i)) for n, op, i in nodes])


def chain(length: int) -> Any:
    return graph(("n0", "Const", ()), *((f"n{i}", "Identity", (f"n{i - 1}",)) for i in range(1, length)))


def nodes_of(graph_def: Any) -> dict[str, Any]:
    return {node.name: node for node in graph_def.node}


@st.composite
def graphs(draw: st.DrawFn) -> Any:
    """Graphs of any edges: self-loops, circles, control edges back, several inputs."""
    count = draw(st.integers(1, 8))
    edge = st.builds(lambda control, i: f"{control}n{i}", st.sampled_from(["", "", "^"]), st.integers(0, count - 1))
    inputs = st.lists(edge, min_size=2, max_size=3).map(lambda given: sorted(given, key=lambda e: e.startswith("^")))
    return graph(*((f"n{i}", draw(st.sampled_from(OPS)), draw(inputs)) for i in range(count)))


@given(graphs())
def test_every_walk_ends(graph_def: Any) -> None:
    nodes = nodes_of(graph_def)
    meta_graph = tf.compat.v1.MetaGraphDef(graph_def=graph_def)
    meta_graph.collection_def["saved_model_main_op"].node_list.value.append("n0")
    meta_graph.saver_def.restore_op_name = "n0"
    assert "n0" in needed(nodes, ["n0"])
    assert "n0" in dependent(nodes, ["n0"])
    assert followed(nodes, "n0", lambda _: True).lstrip("^") in nodes
    read_initialization(meta_graph)
    without_pass_through(list(graph_def.node), ["n0"])
    flow = DataFlow(graph_def)
    flow.origin(Tensor("", "n0", 0))
    flow.constant(Tensor("", "n0", 0))
    list(flow.uses(Tensor("", "n0", 0), lambda _: True))
    list(graph_faults(graph_def))


@given(graphs())
def test_a_restore_op_of_any_graph_is_read_or_refused(graph_def: Any) -> None:
    meta_graph = tf.compat.v1.MetaGraphDef(graph_def=graph_def)
    meta_graph.saver_def.restore_op_name = "n0"
    assert read_restore_map(meta_graph).tables == {}


def test_needed_and_dependent_are_each_others_inverse() -> None:
    nodes = nodes_of(graph(("a", "Const", ()), ("b", "Identity", ("a",)), ("c", "NoOp", ("^b",)), ("d", "Const", ())))
    assert set(needed(nodes, ["c"])) == {"a", "b", "c"}
    assert dependent(nodes, ["b"]) == {"b", "c"}


def test_following_stops_at_the_edge_that_does_not_pass() -> None:
    nodes = nodes_of(graph(("v", "VariableV2", ()), ("i", "Identity", ("v:0",)), ("j", "Identity", ("i",))))
    assert followed(nodes, "j", lambda node: node.op == "Identity") == "v:0"


def test_long_chains_take_no_stack_and_no_time() -> None:
    graph_def = chain(LONG)
    nodes = nodes_of(graph_def)
    started = time.monotonic()
    assert followed(nodes, f"n{LONG - 1}", lambda node: node.op == "Identity") == "n0"
    assert len(needed(nodes, [f"n{LONG - 1}"])) == len(dependent(nodes, ["n0"])) == LONG
    assert not [fault for fault in graph_faults(graph_def) if "circle" in fault]
    assert len(without_pass_through(list(graph_def.node), [f"n{LONG - 1}"]).nodes) < LONG
    assert time.monotonic() - started < 30


def test_identities_that_wait_for_their_input_too_do_not_multiply() -> None:
    twice = [(f"n{i}", "Identity", (f"n{i - 1}", f"^n{i - 1}")) for i in range(1, 60)]
    last = ("end", "NoOp", ("^n59",))
    kept = without_pass_through(list(graph(("n0", "Const", ()), *twice, last).node), ["end"]).nodes
    assert [(node.name, list(node.input)) for node in kept] == [("n0", []), ("end", ["^n0"])]


def library(**calls: tuple[str, ...]) -> Any:
    """Functions that call others; those whose name starts with `state` make a table."""
    graph_def = tf.compat.v1.GraphDef()
    for name, called in calls.items():
        function = graph_def.library.function.add()
        function.signature.name = name
        for number, other in enumerate(called):
            call = function.node_def.add(name=f"call{number}", op="PartitionedCall")
            call.attr["f"].func.name = other
        if name.startswith("state"):
            function.node_def.add(name="table", op="HashTableV2")
    call = graph_def.node.add(name="call", op="PartitionedCall")
    call.attr["f"].func.name = next(iter(calls))
    return graph_def


def test_functions_that_call_each_other_are_found_once() -> None:
    graph_def = library(a=("b",), b=("a", "b"))
    functions = {function.signature.name: function for function in graph_def.library.function}
    assert called_functions(graph_def.node, functions) == ("a", "b")
    assert with_state_inlined(graph_def) is graph_def


def test_nested_state_is_inlined() -> None:
    inlined = with_state_inlined(library(a=("b",), b=("state",), state=()))
    assert "HashTableV2" in [node.op for node in inlined.node]


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ({"state_a": ("state_a",)}, "calls itself"),
        ({"a": ("state_b",), "state_b": ("a",)}, "calls itself"),
        ({**{f"f{i}": (f"f{i + 1}",) * 10 for i in range(9)}, "f9": ("state",), "state": ()}, "have more than"),
    ],
)
def test_state_in_functions_without_end_is_refused(calls: dict[str, tuple[str, ...]], told: str) -> None:
    with pytest.raises(RefusedModelError, match=told):
        with_state_inlined(library(**calls))

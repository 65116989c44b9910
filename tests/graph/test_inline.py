"""Functions that make or fill state are inlined; all others stay calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.graph.inline import with_state_inlined
from migrate.legacy.initialization import state_node
from migrate.legacy.model import LegacyModel
from migrate.shim import MetaGraphModule
from tests.graph.twin import graph_of, v1


def no_function() -> Any:
    return tf.add(v1.placeholder(tf.float32, [], name="x"), 1.0, name="y")


def function_without_state() -> Any:
    double = tf.function(lambda x: x * 2.0, autograph=False)
    return tf.identity(double(v1.placeholder(tf.float32, [], name="x")), name="y")


def function_that_uses_state() -> Any:
    v = v1.get_variable("v", [], use_resource=True)
    scale = tf.function(lambda x: x * v, autograph=False)
    return tf.identity(scale(v1.placeholder(tf.float32, [], name="x")), name="y")


@pytest.mark.parametrize("build", [no_function, function_without_state, function_that_uses_state])
def test_graphs_without_state_in_functions_stay_as_they_are(build: Callable[[], Any]) -> None:
    graph_def = graph_of(build)
    assert with_state_inlined(graph_def) is graph_def


def table(keys: list[str], values: list[int]) -> Any:
    """Make a table inside the graph that is being built."""
    handle = tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64, shared_name="in_function")
    fill = tf.raw_ops.LookupTableImportV2(table_handle=handle, keys=keys, values=tf.constant(values, tf.int64))
    return handle, fill


def lookup_in_a_function() -> Any:
    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def look_up(x: Any) -> Any:
        handle, fill = table(["a", "b"], [3, 4])
        with tf.control_dependencies([fill]):
            found = tf.raw_ops.LookupTableFindV2(table_handle=handle, keys=x, default_value=tf.constant(-1, tf.int64))
        return found * 10, x

    nested = tf.function(lambda x: look_up(x)[0] + 1, autograph=False)
    return tf.identity(nested(v1.placeholder(tf.string, [None], name="x")), name="y")


def test_nested_functions_are_inlined_and_give_the_same() -> None:
    inlined = with_state_inlined(graph_of(lookup_in_a_function))
    assert not [one for one in inlined.node if "PartitionedCall" in one.op]
    assert [one.op for one in inlined.node].count("HashTableV2") == 1
    with tf.Graph().as_default(), v1.Session() as session:
        tf.graph_util.import_graph_def(inlined, name="")
        assert session.run("y:0", {"x:0": ["b", "?"]}).tolist() == [41, -9]


def test_the_source_is_not_changed() -> None:
    graph_def = graph_of(lookup_in_a_function)
    before = graph_def.SerializeToString(deterministic=True)
    with_state_inlined(graph_def)
    assert graph_def.SerializeToString(deterministic=True) == before


def test_a_call_without_outputs_becomes_an_operation_that_waits() -> None:
    def build() -> Any:
        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def fill() -> None:
            table(["a"], [1])

        x = v1.placeholder(tf.float32, [], name="x")
        with tf.control_dependencies([x]):
            fill()

    inlined = {one.name: one for one in with_state_inlined(graph_of(build)).node}
    (filled,) = (one for one in inlined.values() if one.op == "LookupTableImportV2")
    assert all("^x" in inlined[edge].input for edge in filled.input)
    (call,) = (one for one in inlined.values() if f"^{filled.name}" in one.input)
    assert (call.op, call.name) == ("NoOp", filled.name.rpartition("/")[0])


def test_a_table_that_a_function_hands_out_is_seen_by_its_user() -> None:
    def build() -> Any:
        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def make() -> Any:
            return tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64, shared_name="made")

        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def fill(handle: Any) -> None:
            tf.raw_ops.LookupTableImportV2(table_handle=handle, keys=["a"], values=tf.constant([7], tf.int64))

        handle = make()
        fill(handle)
        with tf.control_dependencies([v1.get_default_graph().get_operations()[-1]]):
            found = tf.raw_ops.LookupTableFindV2(
                table_handle=handle,
                keys=v1.placeholder(tf.string, [None], name="x"),
                default_value=tf.constant(-1, tf.int64),
            )
        return tf.identity(found, name="y")

    inlined = {one.name: one for one in with_state_inlined(graph_of(build)).node}
    (found,) = (one for one in inlined.values() if one.op == "LookupTableFindV2")
    assert inlined[state_node(inlined, found.input[0])].op == "HashTableV2"
    meta_graph = v1.MetaGraphDef(graph_def=graph_of(build))
    module = MetaGraphModule(LegacyModel.in_folder(Path("not-on-disk"), meta_graph))
    np.testing.assert_array_equal(module.run("y:0", {"x:0": ["a", "b"]}), [7, -1])

"""Tables as tracked resources."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.native_module.tables import InitializedTable, LoadAction, mutable_table
from migrate.rewrap import rewrap
from migrate.shim import load
from tests.graph.twin import node, v1
from tests.verify.tiny_models import PREDICT, Signature, export

KEYS = ["a", "b"]


def hash_table() -> InitializedTable:
    return InitializedTable(node("table", "HashTableV2", key_dtype=tf.string, value_dtype=tf.int64))


def filled(value: int) -> InitializedTable:
    table = hash_table()
    handle = table.resource_handle
    table.initialize = lambda: tf.raw_ops.LookupTableImportV2(
        table_handle=handle, keys=KEYS, values=tf.constant([value] * 2, tf.int64)
    )
    table.run_initializer()
    return table


def look_up(handle: Any, keys: Any = ("a", "?")) -> list[int]:
    found: list[int] = tf.raw_ops.LookupTableFindV2(
        table_handle=handle, keys=tf.constant(keys), default_value=tf.constant(-1, tf.int64)
    ).numpy().tolist()  # fmt: skip
    return found


def test_two_tables_of_one_node_name_are_two() -> None:
    one, other = filled(1), filled(2)
    assert (look_up(one.resource_handle), look_up(other.resource_handle)) == ([1, -1], [2, -1])


def test_a_new_table_never_has_the_content_of_a_dead_one() -> None:
    """Python gives the id of a dead object to a new one; the resource of the dead one is still there."""
    for number in range(100):
        table = filled(number)
        assert look_up(table.resource_handle) == [number, -1]
        del table
        gc.collect(0)


def test_a_table_that_nothing_initialises_is_left_alone() -> None:
    table = hash_table()
    table.run_initializer()
    with pytest.raises(tf.errors.FailedPreconditionError, match="not initialized"):
        look_up(table.resource_handle)


def model(folder: Path, *values: int) -> Path:
    """Export a model with a table of the same name as all others here."""

    def build() -> dict[str, Signature]:
        x = v1.placeholder(tf.string, [None], name="x")
        initializer = tf.lookup.KeyValueTensorInitializer(KEYS, tf.constant(values, tf.int64))
        y = tf.lookup.StaticHashTable(initializer, -1, name="table").lookup(x)
        return {"serving_default": ({"x": x}, {"y": y}, PREDICT)}

    return export(folder, build)


def test_models_with_the_same_table_name_live_side_by_side(tmp_path: Path) -> None:
    sources = [model(tmp_path / f"old_{n}", n, n + 10) for n in range(4)]
    for number, source in enumerate(sources):
        rewrap(source, tmp_path / f"new_{number}")
    loaded: dict[int, Any] = {}

    def load_one(number: int) -> None:
        loaded[number] = (load(sources[number]), tf.saved_model.load(str(tmp_path / f"new_{number}")))

    threads = [threading.Thread(target=load_one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        for one in loaded[number]:
            found = one.signatures["serving_default"](x=tf.constant(["a", "b", "?"]))["y"]
            assert found.numpy().tolist() == [number, number + 10, -1]


def test_an_action_runs_when_it_is_told_to_and_at_every_load(tmp_path: Path) -> None:
    root = tf.Module()
    root.v = tf.Variable(0.0)
    root.action = LoadAction(lambda: root.v.assign(5.0))
    assert root.v.numpy() == 0.0
    tf.saved_model.save(root, str(tmp_path / "model"))
    assert tf.saved_model.load(str(tmp_path / "model")).v.numpy() == 5.0
    root.action.run()
    assert root.v.numpy() == 5.0


def constants(**values: Any) -> Any:
    return lambda edge: values[edge]


@pytest.mark.parametrize(
    "made",
    [
        node("t", "MutableHashTableV2", key_dtype=tf.string, value_dtype=tf.int64),
        node("t", "MutableDenseHashTableV2", "empty", "deleted", key_dtype=tf.string, value_dtype=tf.int64),
    ],
    ids=["hash", "dense"],
)
def test_mutable_tables_take_new_content(made: Any) -> None:
    table = mutable_table(made, constants(empty="", deleted="-"))
    table.insert(tf.constant(KEYS), tf.constant([3, 4], tf.int64))
    assert look_up(table.resource_handle) == [3, -1]


def test_values_may_be_vectors() -> None:
    made = node("t", "MutableHashTableOfTensorsV2", key_dtype=tf.int64, value_dtype=tf.float32)
    made.attr["value_shape"].shape.dim.add(size=2)
    table = mutable_table(made, constants())
    table.insert(tf.constant([7], tf.int64), [[1.0, 2.0]])
    assert table.lookup(tf.constant([7, 8], tf.int64)).numpy().tolist() == [[1.0, 2.0], [0.0, 0.0]]


def test_a_dense_table_without_deleted_key_is_refused() -> None:
    made = node("t", "MutableDenseHashTable", "empty", key_dtype=tf.string, value_dtype=tf.int64)
    with pytest.raises(RefusedModelError, match="'t' has no deleted key"):
        mutable_table(made, constants(empty=""))

"""Which nodes are one variable, what it is called, and where its value lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.errors import UnreadableModelError
from migrate.graph.partitions import Part
from migrate.legacy.model import LegacyModel
from migrate.legacy.restore import Stored, read_restore_map
from migrate.legacy.state import LegacyVariable, read_variables, state_identity, with_parts_apart
from tests.graph.twin import node, v1

FLOAT = tf.float32.as_datatype_enum


def legacy(folder: Path, build: Callable[[], Any]) -> LegacyModel:
    """Make a model of what `build` makes; the variables are saved by the Saver that it returns."""
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        saver = build()
        session.run(v1.global_variables_initializer())
        (folder / "variables").mkdir()
        saver.save(session, str(folder / "variables" / "variables"), write_meta_graph=False, write_state=False)
        meta_graph = v1.train.export_meta_graph(graph=graph, saver_def=saver.as_saver_def())
    return LegacyModel.in_folder(folder, meta_graph)


def variables(model: LegacyModel) -> dict[str, LegacyVariable]:
    return {one.name: one for one in read_variables(model, read_restore_map(model.meta_graph))}


def test_variables_in_the_order_of_the_graph(tmp_path: Path) -> None:
    def build() -> Any:
        v1.get_variable("z", [2, 3], use_resource=False)
        v1.get_variable("a", [], use_resource=True, trainable=False)
        return v1.train.Saver()

    found = variables(legacy(tmp_path, build))
    assert list(found.values()) == [
        LegacyVariable("z", FLOAT, (2, 3), True, Stored("z"), ("z",), {}),
        LegacyVariable("a", FLOAT, (), False, Stored("a"), ("a",), {}),
    ]


def test_the_stored_shape_counts_where_the_graph_tells_none(tmp_path: Path) -> None:
    def build() -> Any:
        v1.Variable(tf.ones([4, 2]), name="v", validate_shape=False, use_resource=False)
        return v1.train.Saver()

    assert variables(legacy(tmp_path, build))["v"].shape == (4, 2)


def test_a_variable_that_is_not_saved(tmp_path: Path) -> None:
    def build() -> Any:
        saved = v1.get_variable("saved", [2], use_resource=False)
        v1.get_variable("local", [3], use_resource=False)
        v1.Variable(tf.ones([4]), name="unknown", validate_shape=False, use_resource=False)
        return v1.train.Saver([saved])

    found = variables(legacy(tmp_path, build))
    assert (found["local"].stored, found["local"].shape) == (None, (3,))
    assert (found["unknown"].stored, found["unknown"].shape) == (None, None)


def test_parts_are_one_variable_with_the_name_of_the_whole(tmp_path: Path) -> None:
    def build() -> Any:
        with v1.variable_scope("scope"):
            v1.get_variable("w", [5, 2], partitioner=v1.fixed_size_partitioner(2), use_resource=False)
        return v1.train.Saver()

    found = variables(legacy(tmp_path, build))
    assert list(found) == ["scope/w"]
    assert found["scope/w"].shape == (5, 2)
    assert found["scope/w"].parts == {
        "scope/w/part_0": Part("scope/w", (0, 0), (3, 2)),
        "scope/w/part_1": Part("scope/w", (3, 0), (2, 2)),
    }
    apart = with_parts_apart(found.values(), frozenset({"scope/w"}))
    assert [(one.name, one.shape, one.parts) for one in apart] == [
        ("scope/w/part_0", (3, 2), {}),
        ("scope/w/part_1", (2, 2), {}),
    ]
    assert apart[1].stored is not None
    assert apart[1].stored.slice is not None
    assert apart[1].stored.slice.offset == (3, 0)
    assert with_parts_apart(found.values(), frozenset()) == tuple(found.values())


def test_a_single_part_is_the_whole(tmp_path: Path) -> None:
    def build() -> Any:
        v1.get_variable("w", [5, 2], partitioner=v1.fixed_size_partitioner(1), use_resource=False)
        return v1.train.Saver()

    found = variables(legacy(tmp_path, build))
    assert (list(found), found["w"].parts, found["w"].nodes) == (["w"], {}, ("w/part_0",))


def test_nodes_that_share_a_name_are_one_state(tmp_path: Path) -> None:
    def build() -> Any:
        v = v1.get_variable("v", [2], use_resource=True)
        tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[2], shared_name="v", name="again")
        return v1.train.Saver([v])

    found = variables(legacy(tmp_path, build))
    assert [one.nodes for one in found.values()] == [("v", "again")]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (node("a", "VarHandleOp"), node("b", "VarHandleOp"), False),
        (node("a", "VarHandleOp"), node("b", "VarHandleOp", shared_name=b"a"), True),
        (node("a", "HashTableV2", shared_name=b"s"), node("b", "HashTableV2", shared_name=b"s"), True),
        (node("a", "HashTableV2", shared_name=b"s", container=b"c"), node("b", "HashTableV2", shared_name=b"s"), False),
    ],
)
def test_identity(one: Any, other: Any, same: bool) -> None:
    assert (state_identity(one) == state_identity(other)) is same


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    def build() -> Any:
        v1.get_variable("v", [2], use_resource=False)
        return v1.train.Saver()

    model = legacy(tmp_path, build)
    for one in model.meta_graph.graph_def.node:
        if one.name == "save/RestoreV2/tensor_names":
            one.attr["value"].tensor.string_val[:] = [b"another"]
    with pytest.raises(UnreadableModelError, match="no tensor 'another' for the variable 'v'"):
        variables(model)


def test_a_checkpoint_that_cannot_be_read(tmp_path: Path) -> None:
    def build() -> Any:
        v1.get_variable("v", [2], use_resource=False)
        return v1.train.Saver()

    model = legacy(tmp_path, build)
    model.checkpoint.with_name("variables.index").write_bytes(b"nothing")
    with pytest.raises(UnreadableModelError, match="cannot read the checkpoint"):
        variables(model)

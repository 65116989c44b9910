"""A Session finds the nodes of a signature in the graph itself, and runs just what it ran of the legacy graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.legacy.saved_model import read_saved_model
from migrate.native_module import inline_signatures as module
from migrate.rewrap import rewrap
from tests.graph.twin import ref_variable, v1
from tests.verify.tiny_models import PREDICT, Signature, dense, export

Build = Callable[[], Mapping[str, Signature]]


def meta_graph(model: Path) -> Any:
    return read_saved_model(model).meta_graphs[0]


def rewrapped(build: Build, folder: Path, *, use_resource: bool = False) -> tuple[Path, Path]:
    """Return the legacy model and the new one."""
    rewrap(export(folder / "old", build, use_resource=use_resource), folder / "new")
    return folder / "old", folder / "new"


def calls(model: Path, key: str = "serving_default") -> list[str]:
    """Return the functions that the outputs of a signature come from."""
    graph = meta_graph(model)
    nodes = {node.name: node for node in graph.graph_def.node}
    pending = [info.name.partition(":")[0] for info in graph.signature_def[key].outputs.values()]
    seen: dict[str, Any] = {}
    while pending:
        if (name := pending.pop()) not in seen:
            seen[name] = nodes[name]
            pending += [edge.lstrip("^").partition(":")[0] for edge in nodes[name].input]
    return [node.attr["f"].func.name for node in seen.values() if "PartitionedCall" in node.op]


def session_values(model: Path, runs: list[tuple[str, list[str], dict[str, Any]]]) -> list[list[Any]]:
    """Run some outputs of signatures one after the other in one Session."""
    with v1.Session(graph=tf.Graph()) as session:
        signatures = v1.saved_model.load(session, ["serve"], str(model)).signature_def
        return [
            [
                value.tolist()
                for value in session.run(
                    [signatures[key].outputs[name].name for name in outputs],
                    {signatures[key].inputs[name].name: value for name, value in inputs.items()},
                )
            ]
            for key, outputs, inputs in runs
        ]


def test_the_nodes_of_a_signature_are_in_the_graph_and_in_the_library(tmp_path: Path) -> None:
    _, new = rewrapped(dense, tmp_path)
    assert calls(new) == []
    graph_def = meta_graph(new).graph_def
    assert [node.op for node in graph_def.node].count("MatMul") == 1
    assert sum(node.op == "MatMul" for function in graph_def.library.function for node in function.node_def) == 1


def test_nothing_but_the_nodes_that_compute_is_left(tmp_path: Path) -> None:
    """What TensorFlow 1 ran for `y`: two variables and their reads, a product and a sum."""
    _, new = rewrapped(dense, tmp_path)
    with v1.Session(graph=tf.Graph()) as session:
        outputs = v1.saved_model.load(session, ["serve"], str(new)).signature_def["serving_default"].outputs
        needed = tf.compat.v1.graph_util.extract_sub_graph(
            session.graph.as_graph_def(), [outputs["y"].name.partition(":")[0]]
        )
    assert sorted(node.op for node in needed.node) == [
        "AddV2", "MatMul", "Placeholder", "ReadVariableOp", "ReadVariableOp", "VarHandleOp", "VarHandleOp",
    ]  # fmt: skip


def test_a_large_signature_stays_a_call(tmp_path: Path) -> None:
    def build() -> Mapping[str, Signature]:
        x = v1.placeholder(tf.float32, [None], name="x")
        large = tf.constant(np.arange(600_000, dtype=np.float32))
        return {
            "large": ({"x": x}, {"y": tf.reduce_sum(large) + x}, PREDICT),
            "small": ({"x": x}, {"y": x + 1.0}, PREDICT),
        }

    old, new = rewrapped(build, tmp_path)
    assert len(calls(new, "large")) == 1
    assert calls(new, "small") == []
    assert (new / "saved_model.pb").stat().st_size < 1.5 * (old / "saved_model.pb").stat().st_size
    runs = [("large", ["y"], {"x": [2.0]}), ("small", ["y"], {"x": [2.0]})]
    assert session_values(new, runs) == session_values(old, runs)


def test_what_the_copies_add_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build() -> Mapping[str, Signature]:
        x = v1.placeholder(tf.float32, [None], name="x")
        return {f"s{number}": ({"x": x}, {"y": x + float(number)}, PREDICT) for number in range(4)}

    monkeypatch.setattr(module, "_MOST_ADDED_BYTES", 1000)
    _, new = rewrapped(build, tmp_path)
    assert 0 < sum(len(calls(new, f"s{number}")) for number in range(4)) < 4


def counter() -> Mapping[str, Signature]:
    count = ref_variable("count", 0.0)
    step = v1.placeholder(tf.float32, [], name="step")
    before = tf.add(count, 0.0)
    with tf.control_dependencies([before]):
        added = v1.assign_add(count, step)
    with tf.control_dependencies([added]):
        after = tf.add(count, 100.0)
    outputs = {"before": before, "added": added, "after": after}
    return {"add": ({"step": step}, outputs, PREDICT), "peek": ({}, {"count": tf.identity(count)}, PREDICT)}


COUNTS = {
    "all outputs": [("add", ["before", "added", "after"], {"step": 2.0})] * 3 + [("peek", ["count"], {})],
    "an output that needs no update does none": [
        ("add", ["before"], {}),
        ("peek", ["count"], {}),
        ("add", ["after"], {"step": 5.0}),
        ("add", ["before"], {}),
        ("peek", ["count"], {}),
    ],
    "the update alone": [("add", ["added"], {"step": 3.0}), ("peek", ["count"], {})],
}


@pytest.mark.parametrize("case", COUNTS)
@pytest.mark.parametrize("use_resource", [False, True])
def test_a_session_runs_what_it_ran_of_the_legacy_graph(case: str, use_resource: bool, tmp_path: Path) -> None:
    old, new = rewrapped(counter, tmp_path, use_resource=use_resource)
    assert session_values(new, COUNTS[case]) == session_values(old, COUNTS[case])


def output_is_input() -> Mapping[str, Signature]:
    x, unused = (v1.placeholder(tf.float32, [None], name=name) for name in ("x", "unused"))
    outputs = {"x": x, "again": x, "one": tf.constant(1.0)}
    return {"serving_default": ({"x": x, "unused": unused}, outputs, PREDICT)}


def two_keys() -> Mapping[str, Signature]:
    x = v1.placeholder(tf.float32, [None], name="x")
    y = tf.negative(x)
    return {"serving_default": ({"x": x}, {"y": y, "same": y, "also": tf.identity(y)}, PREDICT)}


def names_of_the_writer() -> Mapping[str, Signature]:
    """A variable where TensorFlow 2 puts the call of a signature, or the nodes of its function."""
    x = v1.placeholder(tf.float32, [None], name="x")
    one = v1.get_variable("StatefulPartitionedCall/legacy/y", initializer=2.0)
    two = v1.get_variable("serving_default_x", initializer=3.0)
    return {"serving_default": ({"x": x}, {"y": tf.add(x * one, two, name="y")}, PREDICT)}


def optional_input() -> Mapping[str, Signature]:
    x = v1.placeholder_with_default([1.0, 2.0], [None], name="x")
    return {"serving_default": ({"x": x}, {"y": x * 3.0, "x": x}, PREDICT)}


def loop_and_condition() -> Mapping[str, Signature]:
    x = v1.placeholder(tf.float32, [], name="x")
    step = v1.get_variable("step", initializer=1.5)
    v1.disable_control_flow_v2()
    try:
        looped = v1.while_loop(lambda i: i < 10.0, lambda i: i + step, [tf.identity(x)])
        chosen = v1.cond(looped > 10.5, lambda: looped * step, lambda: tf.constant(0.5))
    finally:
        v1.enable_control_flow_v2()
    return {"serving_default": ({"x": x}, {"looped": looped, "chosen": chosen}, PREDICT)}


def calls_of_its_own() -> Mapping[str, Signature]:
    x = v1.placeholder(tf.float32, [], name="x")
    double = tf.function(lambda one: one * 2.0, autograph=False)
    return {"serving_default": ({"x": x}, {"y": double(double(x))}, PREDICT)}


def signature_that_only_calls() -> Mapping[str, Signature]:
    x = v1.placeholder(tf.float32, [], name="x")
    return {"serving_default": ({"x": x}, {"y": tf.function(lambda one: one * 2.0, autograph=False)(x)}, PREDICT)}


ONE, VECTOR = [{"x": 1.0}, {"x": 9.5}], [{"x": [1.0, -2.0]}]
CASES: list[tuple[Build, list[dict[str, Any]]]] = [
    (output_is_input, [{"x": [1.0], "unused": [2.0]}]),
    (two_keys, VECTOR),
    (names_of_the_writer, VECTOR),
    (optional_input, [{}, {"x": [4.0]}]),
    (loop_and_condition, ONE),
    (calls_of_its_own, ONE),
    (signature_that_only_calls, ONE),
]


@pytest.mark.parametrize(("build", "inputs"), CASES, ids=[build.__name__ for build, _ in CASES])
def test_a_session_gives_what_it_gave(build: Build, inputs: list[dict[str, Any]], tmp_path: Path) -> None:
    old, new = rewrapped(build, tmp_path)
    signature = meta_graph(old).signature_def["serving_default"]
    single = [("serving_default", [key], one) for key in signature.outputs for one in inputs]
    together = [("serving_default", sorted(signature.outputs), one) for one in inputs]
    assert session_values(new, [*single, *together]) == session_values(old, [*single, *together])


@pytest.mark.parametrize("build", [build for build, _ in CASES if build is not calls_of_its_own])
def test_no_call_is_left_but_those_of_the_legacy_graph(build: Build, tmp_path: Path) -> None:
    old, new = rewrapped(build, tmp_path)
    assert len(calls(new)) == len(calls(old))


def test_a_second_save_by_tensorflow_runs_in_a_session(tmp_path: Path) -> None:
    old, new = rewrapped(dense, tmp_path)
    loaded = tf.saved_model.load(str(new))
    tf.saved_model.save(loaded, str(tmp_path / "second"), signatures=loaded.signatures)
    runs = [("serving_default", ["y"], {"x": [[1.0, 2.0, 3.0]]})]
    assert session_values(tmp_path / "second", runs) == session_values(old, runs)


def test_a_file_that_is_written_another_way_stays() -> None:
    """Here the function of the signature does the work itself."""
    saved_model = _with_wrapper(["Neg", "Identity"])
    before = saved_model.SerializeToString(deterministic=True)
    module.inline_signatures(saved_model, ["serving_default"])
    assert saved_model.SerializeToString(deterministic=True) == before


def _with_wrapper(ops: list[str]) -> Any:
    from tensorflow.core.protobuf import saved_model_pb2

    saved_model = saved_model_pb2.SavedModel()
    graph = saved_model.meta_graphs.add()
    graph.signature_def["serving_default"].outputs["y"].name = "call:0"
    call = graph.graph_def.node.add(name="call", op="PartitionedCall", input=["x"])
    call.attr["f"].func.name = "wrapper"
    wrapper = graph.graph_def.library.function.add()
    wrapper.signature.name = "wrapper"
    wrapper.signature.input_arg.add(name="a")
    wrapper.signature.output_arg.add(name="y")
    wrapper.ret["y"] = f"{ops[-1]}:output:0"
    for op, edge in zip(ops, ["a", *(f"{one}:output:0" for one in ops)], strict=False):
        wrapper.node_def.add(name=op, op=op, input=[edge])
    return saved_model

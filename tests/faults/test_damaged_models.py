"""Damaged models: one sentence from every command, no traceback, and soon.

A new case is an entry of `DAMAGED` (a change of the proto, and what is said) or of `WHOLE` (what must still work).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrate.errors import Tf1to2Error
from migrate.inspection.read import read_facts
from migrate.method_names.model_methods import method_names
from migrate.rewrap_tree.plan import Job
from migrate.rewrap_tree.row import Row, RowOutcome
from migrate.rewrap_tree.run import Settings, run
from tests.faults.models import Change, changed
from tests.faults.running import tf1to2
from tests.fuzz.model_damage import as_text
from tests.golden import MODELS_DIR


def node(graph: Any, op: str) -> Any:
    return next(each for each in graph.graph_def.node if each.op == op)


def damaged_entry(collection: str) -> Change:
    return lambda graph: graph.collection_def[collection].bytes_list.value.append(b"\xff\xff\x01")


def damaged_asset(graph: Any) -> None:
    graph.ClearField("asset_file_def")
    graph.collection_def["saved_model_assets"].any_list.value.add(value=b"\xff\xff\x01")


def asset(name: str, tensor: str = "x:0") -> Change:
    def change(graph: Any) -> None:
        graph.asset_file_def.add(filename=name).tensor_info.name = tensor

    return change


def own_input(op: str) -> Change:
    def change(graph: Any) -> None:
        found = node(graph, op)
        found.input[0] = found.name

    return change


def input_of(op: str, edge: str) -> Change:
    return lambda graph: node(graph, op).input.__setitem__(0, edge)


def circle_of_controls(graph: Any) -> None:
    one, other = node(graph, "MatMul"), node(graph, "VariableV2")
    other.input.append(f"^{one.name}")


def constant_of(elements: int) -> Change:
    def change(graph: Any) -> None:
        shape = node(graph, "Const").attr["value"].tensor.tensor_shape
        del shape.dim[:]
        shape.dim.add(size=elements)

    return change


def recursive_state(graph: Any) -> None:
    body = graph.graph_def.library.function.add()
    body.signature.name = "f"
    body.node_def.add(name="v", op="VarHandleOp").attr["dtype"].type = 1
    body.node_def[0].attr["shape"].shape.SetInParent()
    for nodes in (body.node_def, graph.graph_def.node):
        call = nodes.add(name="again", op="PartitionedCall")
        call.attr["f"].func.name = "f"
        call.attr["Tin"].list.SetInParent()
        call.attr["Tout"].list.SetInParent()


TABLE = "table_legacy_init_op"
DAMAGED: dict[str, tuple[Change, str, str]] = {
    # case: (change, fixture, what every command says)
    "variable": (damaged_entry("variables"), "ref_simple_save", "a variable of the collection 'variables' is damaged"),
    "trainable": (damaged_entry("trainable_variables"), "sharded_checkpoint", "'trainable_variables' is damaged"),
    "asset": (damaged_asset, "ref_simple_save", "an asset of the collection is damaged"),
    "asset tensor": (asset("a", ":0"), "ref_simple_save", "':0' is not the name of a tensor"),
    "empty input": (input_of("MatMul", ":0"), "ref_simple_save", "takes ':0', which is not in the graph"),
    "own input": (own_input("MatMul"), "ref_simple_save", "in a circle"),
    "table of itself": (own_input("InitializeTableFromTextFileV2"), TABLE, "table_init"),
    "control circle": (circle_of_controls, "ref_simple_save", "in a circle"),
    "32 GB": (constant_of(1 << 33), "ref_simple_save", "8,589,934,592 elements"),
    "negative": (constant_of(-5), "ref_simple_save", "negative shape"),
    "recursion": (recursive_state, "ref_simple_save", "calls itself"),
    "long asset": (asset("a" * 300), "ref_simple_save", "is not in"),
    "asset with NUL": (asset("a\0b"), "ref_simple_save", "is not in"),
}


def told_by_inspection(model: Path) -> str:
    try:
        return " ".join(read_facts(model).all_problems)
    except Tf1to2Error as error:
        return str(error)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    """The rows of one rewrap of every damaged and every whole model."""
    root = tmp_path_factory.mktemp("damaged")
    jobs = []
    for name, (change, base, _) in DAMAGED.items():
        jobs.append(Job(changed(root / name, change, base), root / "out" / name))
    for name, (model, _) in WHOLE.items():
        jobs.append(Job(model(root / name), root / "out" / name))
    found = [row for rows in run(jobs, Settings(proof=None, timeout=60.0)) for row in rows]
    return {row.target.relative_to(root / "out").parts[0]: row for row in found}


@pytest.mark.parametrize("case", DAMAGED)
def test_inspect_and_rewrap_say_it(case: str, rows: dict[str, Row]) -> None:
    _, _, said = DAMAGED[case]
    assert rows[case].outcome is RowOutcome.REFUSED, rows[case]
    assert said in " ".join(rows[case].notes)
    if case != "recursion":  # which stands in no signature's way
        assert said in told_by_inspection(rows[case].source)


def test_the_commands_say_it_in_a_sentence(tmp_path: Path) -> None:
    model = changed(tmp_path / "model", damaged_entry("variables"))
    good = MODELS_DIR / "ref_simple_save" / "model"
    for arguments in (("inspect", model), ("methods", model), ("verify", model, good), ("verify", good, model)):
        ended = tf1to2(*arguments)
        ended.check_spoken()
        assert (ended.status, len(ended.stderr.splitlines())) == (2, 1), ended.said


def loops(folder: Path) -> Path:
    return changed(folder, lambda _: None, "while_nested_v1")


def long_chain(folder: Path) -> Path:
    def change(graph: Any) -> None:
        edge = "x"
        for number in range(3_000):
            one = graph.graph_def.node.add(name=f"chain{number}", op="Identity", input=[edge])
            one.attr["T"].type = 1
            edge = one.name

    return changed(folder, change)


def without_name(folder: Path) -> Path:
    """A method name and a version that are odd, and mean nothing."""
    return changed(folder, lambda graph: graph.meta_info_def.ClearField("tensorflow_version"))


WHOLE: dict[str, tuple[Callable[[Path], Path], RowOutcome]] = {
    "loop in a loop": (loops, RowOutcome.REWRAPPED),
    "long chain": (long_chain, RowOutcome.REWRAPPED),
    "no version": (without_name, RowOutcome.REWRAPPED),
    "ordinary": (lambda folder: changed(folder, lambda _: None), RowOutcome.REWRAPPED),
    "table": (lambda folder: changed(folder, lambda _: None, TABLE), RowOutcome.REWRAPPED),
    "asset of another folder": (lambda f: changed(f, lambda _: None, "vocab_with_columns"), RowOutcome.REWRAPPED),
    "functions": (lambda folder: changed(folder, lambda _: None, "defun"), RowOutcome.REWRAPPED),
    "shared names": (lambda folder: changed(folder, lambda _: None, "shared_scope"), RowOutcome.REWRAPPED),
    "odd numbers": (lambda folder: changed(folder, lambda _: None, "special_floats"), RowOutcome.REWRAPPED),
}


@pytest.mark.parametrize("case", WHOLE)
def test_whole_models_are_rewrapped(case: str, rows: dict[str, Row]) -> None:
    assert rows[case].outcome is WHOLE[case][1], rows[case].notes
    assert told_by_inspection(rows[case].source) == ""


def test_deep_text_is_told(tmp_path: Path) -> None:
    model = changed(tmp_path / "model", lambda _: None)
    file = as_text(model)
    deep = 'attr { key: "f" value { func { ' * 20_000 + "} } }" * 20_000
    file.write_text(file.read_text().replace("node {", f"node {{ {deep} }} node {{", 1))
    started = time.monotonic()
    for read in (read_facts, method_names):
        with pytest.raises(Tf1to2Error, match="nested deeper than any model's"):
            read(model)
    assert time.monotonic() - started < 20


def test_text_as_deep_as_tensorflow_writes_is_read(tmp_path: Path) -> None:
    model = changed(tmp_path / "model", lambda _: None)
    as_text(model)
    assert read_facts(model).all_problems == ()


def test_a_data_file_far_larger_than_its_index_tells_is_not_copied(tmp_path: Path) -> None:
    model = changed(tmp_path / "model", lambda _: None)
    os.truncate(model / "variables" / "variables.data-00000-of-00001", 1 << 40)
    assert "has 1,099,511,627,776 bytes, of which the index knows" in told_by_inspection(model)


def test_a_text_proto_that_no_memory_holds_is_told_soon(tmp_path: Path) -> None:
    model = changed(tmp_path / "model", lambda _: None)
    os.truncate(as_text(model), 1 << 40)
    started = time.monotonic()
    assert "larger than 2 GiB" in told_by_inspection(model)
    assert time.monotonic() - started < 10


INDEXES: dict[str, Callable[[Path], object]] = {
    "huge": lambda index: os.truncate(index, 1 << 40),
    "cut": lambda index: index.write_bytes(index.read_bytes()[:-9]),
    "zeros": lambda index: index.write_bytes(bytes(200)),
}


@pytest.mark.parametrize(("kind", "damage"), INDEXES.items(), ids=INDEXES)
def test_a_damaged_index_is_told_soon(kind: str, damage: Callable[[Path], object], tmp_path: Path) -> None:
    model = changed(tmp_path / kind, lambda _: None)
    damage(model / "variables" / "variables.index")
    started = time.monotonic()
    assert "variables.index" in told_by_inspection(model)
    assert time.monotonic() - started < 10

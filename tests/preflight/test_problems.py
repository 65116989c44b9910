"""One place says what stands against a model, and everything that takes a model asks there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrate.errors import NothingToDoError, RefusedModelError, UnreadableModelError
from migrate.inspection.read import read_facts
from migrate.legacy.read import read_models
from migrate.preflight.allowed_ops import EVERY_OP, NO_OPS
from migrate.preflight.problem import ProblemKind
from migrate.preflight.problems import problems_of, refuse, refuse_unsafe
from migrate.rewrap import rewrap
from migrate.shim import load
from tests.faults.models import changed
from tests.golden import golden_models
from tests.rewrap.test_against_tensorflow_1 import REFUSED


@pytest.mark.parametrize("golden", golden_models(), ids=lambda golden: golden.name)
def test_it_knows_what_rewrap_refuses_and_nothing_else(golden: Any) -> None:
    try:
        problems = [problem for model in read_models(golden.path) for problem in problems_of(model, NO_OPS)]
    except NothingToDoError:
        return
    assert bool(problems) == (golden.name in REFUSED), problems


def link_in_extra(model: Path) -> None:
    (model / "assets.extra").mkdir()
    (model / "assets.extra" / "secret").symlink_to("/etc/passwd")


def asset_elsewhere(model: Path) -> None:
    (model / "assets").mkdir()
    (model / "assets" / "vocab").symlink_to("/etc/passwd")


def nothing(model: Path) -> None:
    pass


def names_asset(graph: Any) -> None:
    graph.asset_file_def.add(filename="vocab").tensor_info.name = "x:0"


def names_no_tensor(graph: Any) -> None:
    graph.signature_def["serving_default"].outputs["y"].name = "nowhere:0"


def leaves_out_a_variable(graph: Any) -> None:
    """The Saver restores fewer variables than the signature uses."""
    restored = next(node for node in graph.graph_def.node if node.name == "save/restore_all")
    del restored.input[:1]


CASES: list[tuple[Callable[[Any], None], Callable[[Path], None], ProblemKind, str]] = [
    (nothing, link_in_extra, ProblemKind.NOT_COPIED, "is a symbolic link to /etc/passwd, outside of the model"),
    (names_asset, asset_elsewhere, ProblemKind.UNSAFE_ASSET, "the asset 'vocab' lies outside of the model's assets"),
    (names_asset, nothing, ProblemKind.MISSING_ASSET, "the asset 'vocab' is not in"),
    (names_no_tensor, nothing, ProblemKind.DANGLING_TENSOR, "names the tensor 'nowhere:0', which is not in the graph"),
    (leaves_out_a_variable, nothing, ProblemKind.NO_VALUE, "is in use, but neither the checkpoint nor the init op"),
]


@pytest.mark.parametrize(("change", "place", "kind", "said"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_everybody_says_it(change: Any, place: Any, kind: ProblemKind, said: str, tmp_path: Path) -> None:
    path = changed(tmp_path / "model", change)
    place(path)
    (model,) = read_models(path)
    assert {problem.kind for problem in problems_of(model, EVERY_OP)} == {kind}
    assert any(said in problem for problem in read_facts(path).all_problems)
    for take in (load, lambda model: rewrap(model, tmp_path / "new")):
        with pytest.raises((RefusedModelError, UnreadableModelError), match=r"model: .*\.$") as caught:
            take(path)
        assert said in str(caught.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("change", "place", "kind", "said"), CASES, ids=lambda value: getattr(value, "__name__", ""))
def test_verify_refuses_what_is_unsafe_alone(
    change: Any, place: Any, kind: ProblemKind, said: str, tmp_path: Path
) -> None:
    path = changed(tmp_path / "model", change)
    place(path)
    (model,) = read_models(path)
    if kind is ProblemKind.UNSAFE_ASSET:
        with pytest.raises(RefusedModelError, match="lies outside"):
            refuse_unsafe(model.meta_graph, path, NO_OPS)
    else:
        refuse_unsafe(model.meta_graph, path, NO_OPS)


def test_many_problems_are_counted(tmp_path: Path) -> None:
    def change(graph: Any) -> None:
        for number in range(8):
            graph.asset_file_def.add(filename=f"vocab{number}").tensor_info.name = "x:0"

    (model,) = read_models(changed(tmp_path / "model", change))
    with pytest.raises(UnreadableModelError, match=r"'vocab4' .* And 3 more: `tf1to2 inspect` lists them\.$"):
        refuse(model, NO_OPS)


def test_a_table_that_nothing_uses_may_be_filled_by_what_cannot_run(tmp_path: Path) -> None:
    def change(graph: Any) -> None:
        table = next(node for node in graph.graph_def.node if node.op == "HashTableV2")
        spare = graph.graph_def.node.add()
        spare.CopyFrom(table)
        spare.name = "spare"
        spare.attr["shared_name"].s = b"spare"
        fill = next(node for node in graph.graph_def.node if node.op.startswith("InitializeTable"))
        other = graph.graph_def.node.add()
        other.CopyFrom(fill)
        other.name, other.input[0], other.input[1] = "fill_spare", "spare", "odd"
        graph.graph_def.node.add(name="odd", op="MyCompanysWords")
        graph.collection_def["table_initializer"].node_list.value.append("fill_spare")

    (model,) = read_models(changed(tmp_path / "model", change, "table_legacy_init_op"))
    assert problems_of(model, EVERY_OP) == ()

"""No corruption of a rewrapped model passes unnoticed, and none is seen where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrate.legacy.saved_model import read_saved_model
from migrate.verify import prove
from migrate.verify.contract import compare_assets, compare_signatures
from migrate.verify.structure import compare_structure
from migrate.verify.structure_walk import Walk
from tests.verify import tiny_models
from tests.verify.corruptions import MODELS, Way, make_model, ways

Made = Callable[[str], tuple[Path, Path]]
WAYS = list(ways())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Rewrap each model once."""
    models: dict[str, tuple[Path, Path]] = {}

    def make(name: str) -> tuple[Path, Path]:
        if name not in models:
            models[name] = make_model(name, tmp_path_factory.mktemp(name))
        return models[name]

    return make


def causes(old: Path, new: Path, changed: Any | None = None) -> list[str]:
    """Return what a proof finds without running anything; `changed` is in place of the new model's MetaGraphDef."""
    (before,), (after,) = (list(read_saved_model(model).meta_graphs) for model in (old, new))
    after = changed or after
    if list(after.meta_info_def.tags) != list(before.meta_info_def.tags):
        return ["the tags differ"]
    signatures, assets = compare_signatures(before, after, None), compare_assets(old, new, before, after)
    structure = compare_structure(old, before, new, after, is_only=True)
    assert not structure.notes or signatures.contract, structure.notes
    return [*signatures.contract, *assets.contract, *structure.differences]


def test_there_are_at_least_sixty_ways() -> None:
    assert len({(way.model, way.name) for way in WAYS}) == len(WAYS) >= 60


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_found_where_nothing_was_changed(made: Made, model: str) -> None:
    assert causes(*made(model)) == []


def test_a_model_that_was_written_in_another_way_is_no_failure(made: Made, tmp_path: Path) -> None:
    """Plain TensorFlow makes its tables in functions, and other programs have graphs of their own."""
    old, _ = made("rich")
    new = tiny_models.resave(old, tmp_path / "new")
    (before,), (after,) = (list(read_saved_model(model).meta_graphs) for model in (old, new))
    structure = compare_structure(old, before, new, after, is_only=True)
    assert structure.differences == ()
    assert all(note.startswith("not compared structurally") for note in structure.notes)


@pytest.mark.parametrize("way", [way for way in WAYS if way.change], ids=lambda way: f"{way.model}: {way.name}")
def test_a_changed_graph_is_noticed_without_running_it(made: Made, way: Way) -> None:
    old, new = made(way.model)
    (graph,) = read_saved_model(new).meta_graphs
    before = graph.SerializeToString(deterministic=True)
    assert way.change is not None
    way.change(graph)
    assert graph.SerializeToString(deterministic=True) != before, "the way changes nothing"
    assert causes(old, new, graph)


@pytest.mark.parametrize("way", [way for way in WAYS if way.files], ids=lambda way: f"{way.model}: {way.name}")
def test_a_changed_file_is_noticed(made: Made, tmp_path: Path, way: Way) -> None:
    old, new = made(way.model)
    copy = shutil.copytree(new, tmp_path / "copy")
    assert way.files is not None
    way.files(copy)
    assert prove(old, copy).different


def test_the_whole_proof_tells_of_a_variable_that_is_listed_no_more(made: Made, tmp_path: Path) -> None:
    """TensorFlow loads a None in its place."""
    old, new = made("rich")
    copy = shutil.copytree(new, tmp_path / "copy")
    (way,) = (way for way in WAYS if way.name == "a member of variables")
    saved_model = read_saved_model(copy)
    assert way.change is not None
    way.change(saved_model.meta_graphs[0])
    (copy / "saved_model.pb").write_bytes(saved_model.SerializeToString())
    proof = prove(old, copy)
    assert any("the list 'variables' of the loaded model lacks" in cause for cause in proof.causes)


@pytest.mark.parametrize("error", [KeyError("node"), ValueError("'' is not the name of a tensor"), TypeError("None")])
def test_a_comparison_that_fails_is_a_difference(made: Made, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """A fault of the comparison must not hide what it was to find."""

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(Walk, "run", fail)
    (found, *_) = causes(*made("rich"))
    assert found == f"the structure of the two cannot be compared: {type(error).__name__}: {error}"


def test_a_comparison_that_fails_says_nothing_of_models_of_others(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise KeyError("node")

    monkeypatch.setattr(Walk, "run", fail)
    old, _ = made("rich")
    new = tiny_models.resave(old, tmp_path / "new")
    (before,), (after,) = (list(read_saved_model(model).meta_graphs) for model in (old, new))
    structure = compare_structure(old, before, new, after, is_only=True)
    assert structure.differences == ()
    assert structure.notes == ("not compared structurally: KeyError: 'node'",)


def test_an_error_of_another_kind_is_raised(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise AttributeError("node")

    monkeypatch.setattr(Walk, "run", fail)
    with pytest.raises(AttributeError):
        causes(*made("rich"))


def test_the_whole_proof_tells_of_a_lost_output_in_words(made: Made, tmp_path: Path) -> None:
    old, new = made("rich")
    copy = shutil.copytree(new, tmp_path / "copy")
    saved_model = read_saved_model(copy)
    del saved_model.meta_graphs[0].signature_def["serving_default"].outputs["best"]
    (copy / "saved_model.pb").write_bytes(saved_model.SerializeToString())
    proof = prove(old, copy)
    assert "signature 'serving_default': the output 'best' is missing" in proof.causes
    assert not any("Slot(" in cause for cause in proof.causes)

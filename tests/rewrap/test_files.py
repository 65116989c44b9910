"""Where a model may lie, and what becomes of the files in its folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.inspection.read import read_facts
from migrate.rewrap import rewrap
from migrate.verify import prove
from tests.golden import golden_model

Put = Callable[[Path], object]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text("secret")
    return shutil.copytree(golden_model("vocab_classify_regress_predict").path, tmp_path / "model")


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def link(path: Path, to: str, *others: Path) -> None:
    """Make a link, once the others are there."""
    assert all(other.exists() for other in others)
    path.symlink_to(to)


COPIED: dict[str, tuple[Put, str]] = {
    "a sub folder": (lambda model: write(model / "assets/bpe/merges.txt"), "assets/bpe/merges.txt"),
    "deeper": (lambda model: write(model / "assets/a/b/c/config.json"), "assets/a/b/c/config.json"),
    "an empty sub folder": (lambda model: (model / "assets/empty").mkdir(), "assets/empty"),
    "a file that the graph does not use": (lambda model: write(model / "assets/labels.txt"), "assets/labels.txt"),
    "a name that is no UTF-8": (
        lambda model: write(model / "assets" / os.fsdecode(b"caf\xe9.txt")),
        os.fsdecode(b"assets/caf\xe9.txt"),
    ),
    "a name with brackets": (lambda model: write(model / "assets/[1]/[a*].txt"), "assets/[1]/[a*].txt"),
    "a link in a sub folder to a file of the model": (
        lambda model: link(model / "assets/a/two", "one", write(model / "assets/a/one")),
        "assets/a/two",
    ),
}


@pytest.mark.parametrize("case", COPIED.values(), ids=COPIED)
def test_all_of_assets_is_copied(case: tuple[Put, str], model: Path, tmp_path: Path) -> None:
    put, name = case
    put(model)
    assert read_facts(model).all_problems == ()
    rewrap(model, tmp_path / "new")
    copy = tmp_path / "new" / name
    assert copy.exists()
    assert not copy.is_symlink()
    if copy.is_file():
        assert copy.read_bytes() == (model / name).read_bytes()


REFUSED: dict[str, Put] = {
    "a link to a folder elsewhere": lambda model: (model / "assets/more").symlink_to("../../secrets"),
    "a link in a sub folder to a file elsewhere": lambda model: link(
        model / "assets/a/key", "../../../secrets/key", write(model / "assets/a/one")
    ),
    "a pipe in a sub folder": lambda model: os.mkfifo(write(model / "assets/a/one").with_name("pipe")),
}


@pytest.mark.parametrize("put", REFUSED.values(), ids=REFUSED)
def test_nothing_is_followed_out_of_assets(put: Put, model: Path, tmp_path: Path) -> None:
    put(model)
    with pytest.raises(RefusedModelError, match="assets/") as caught:
        rewrap(model, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    (problem,) = read_facts(model).all_problems
    assert problem in str(caught.value), "inspect tells the same"


def test_the_proof_misses_a_file_of_a_sub_folder(model: Path, tmp_path: Path) -> None:
    write(model / "assets/bpe/merges.txt")
    rewrap(model, tmp_path / "new")
    (tmp_path / "new/assets/bpe/merges.txt").write_text("y")
    assert any("bpe/merges.txt" in cause for cause in prove(model, tmp_path / "new").contract)


def test_files_beside_the_model_are_named(model: Path, tmp_path: Path) -> None:
    write(model / "labels.txt")
    write(model / "extra" / "norm.json")
    write(model / ".git" / "config")
    write(model / "variables" / "readme.txt")
    result = rewrap(model, tmp_path / "new")
    (note,) = (note for note in result.notes if "not copied" in note)
    assert note.startswith("extra/, labels.txt, variables/readme.txt in the folder of the model")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "assets",
        "fingerprint.pb",
        "saved_model.pb",
        "variables",
    ]


def test_nothing_is_said_where_nothing_is_left_behind(model: Path, tmp_path: Path) -> None:
    assert not any("not copied" in note for note in rewrap(model, tmp_path / "new").notes)


@pytest.mark.parametrize("folder", ["[v1]", "a[0-9]b", "what?", "all*", "back\\slash", "Modell größe"])
@pytest.mark.parametrize("name", ["main_op_computes", "partitioned_training"])
def test_any_path_will_do(folder: str, name: str, tmp_path: Path) -> None:
    """TensorFlow takes the path of a checkpoint for a pattern."""
    old = shutil.copytree(golden_model(name).path, tmp_path / folder / "old")
    rewrap(old, tmp_path / folder / "new")
    assert not prove(old, tmp_path / folder / "new").causes
    moved = shutil.move(tmp_path / folder / "new", tmp_path / "moved")
    assert tf.saved_model.load(str(moved)).signatures

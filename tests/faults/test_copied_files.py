"""A model's folder may hold links to anywhere: what is copied from it is the model's own, and weights in stores."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.running import tf1to2
from tests.golden import MODELS_DIR

SECRET = "nobody else may read this"
Put = Callable[[Path], object]


def to_store(name: str) -> Put:
    """Return what moves a file of a model to a store of blobs and leaves a link, as git-annex and model hubs do."""

    def move(model: Path) -> None:
        blob = model.parents[1] / "blobs" / model.name / name
        blob.parent.mkdir(parents=True)
        (model / name).rename(blob)
        (model / name).symlink_to(blob)

    return move


def extra(name: str = "file") -> Callable[[Path], Path]:
    return lambda model: model / "assets.extra" / name


REFUSED: dict[str, tuple[Put, str]] = {
    "secret": (lambda model: extra()(model).symlink_to("../../../secret"), "outside of the model"),
    "folder": (lambda model: extra()(model).symlink_to("/etc"), "outside of the model"),
    "device": (lambda model: extra()(model).symlink_to("/dev/zero"), "outside of the model"),
    "above": (lambda model: extra()(model).symlink_to("../.."), "outside of the model"),
    "loop": (lambda model: extra()(model).symlink_to(".."), "a folder"),
    "pipe": (lambda model: os.mkfifo(extra()(model)), "a named pipe"),
}
COPIED: dict[str, Put] = {
    "plain": lambda model: extra()(model).write_text("mine"),
    "inside": lambda model: extra()(model).symlink_to("requests"),
    "weights": to_store("variables/variables.data-00000-of-00001"),
    "proto": to_store("saved_model.pb"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree of models, one a case, and what `rewrap` and `inspect` made of it."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "secret").write_text(SECRET)
    (folder / "secret").chmod(0o600)
    for name, put in {**{name: put for name, (put, _) in REFUSED.items()}, **COPIED}.items():
        model = folder / "tree" / name
        shutil.copytree(MODELS_DIR / "ref_simple_save" / "model", model)
        extra()(model).parent.mkdir(exist_ok=True)
        extra("requests")(model).write_text("requests")
        put(model)
    ended = tf1to2("rewrap", folder / "tree", "-o", folder / "out", "--no-verify", "--json", folder / "rows.json")
    ended.check_spoken()
    return folder


def reasons(place: Path) -> dict[str, str]:
    rows = json.loads((place / "rows.json").read_text())["models"]
    return {Path(row["source"]).name: json.dumps(row) for row in rows}


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_with_something_from_elsewhere_is_refused(name: str, place: Path) -> None:
    assert not (place / "out" / name).exists()
    row = reasons(place)[name]
    assert REFUSED[name][1] in row and "assets.extra/file" in row and "Error" not in row and "[(" not in row


@pytest.mark.parametrize("name", COPIED)
def test_a_model_with_links_of_its_own_is_rewrapped(name: str, place: Path) -> None:
    assert (place / "out" / name / "saved_model.pb").is_file()
    links = [path for path in (place / "out" / name).rglob("*") if path.is_symlink()]
    assert links == []
    assert extra("requests")(place / "out" / name).read_text() == "requests"


def test_nothing_from_elsewhere_is_in_the_result(place: Path) -> None:
    assert not [path for path in (place / "out").rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert (place / "secret").stat().st_mode & 0o777 == 0o600


def test_inspect_tells_the_same(place: Path) -> None:
    ended = tf1to2("inspect", place / "tree" / "secret")
    ended.check_spoken()
    assert ended.status == 1 and "outside of the model" in " ".join(ended.stdout.split())


def test_a_changed_copy_takes_nothing_from_elsewhere_either(place: Path) -> None:
    arguments = ("--set", "serving_default=predict", "-o", place / "copy")
    ended = tf1to2("methods", place / "tree" / "secret", *arguments)
    assert ended.status == 2 and "outside of the model" in ended.stderr
    assert not (place / "copy").exists()
    assert tf1to2("methods", place / "tree" / "weights", *arguments).status == 0
    assert (place / "copy" / "variables" / "variables.data-00000-of-00001").is_file()

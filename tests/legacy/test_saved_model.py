"""Reading a SavedModel and choosing one of its MetaGraphs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2

from migrate.errors import NothingToDoError, RefusedModelError, Tf1to2Error, UnreadableModelError
from migrate.legacy.inlined_state import with_inlined_state
from migrate.legacy.model import LegacyModel
from migrate.legacy.read import read_models
from migrate.legacy.saved_model import read_saved_model
from migrate.legacy.tags import only
from tests.golden import golden_model

TWO = golden_model("two_meta_graphs")


def written(folder: Path, *tag_sets: tuple[str, ...]) -> Path:
    """Write a SavedModel of empty MetaGraphs with these tags."""
    proto = saved_model_pb2.SavedModel(saved_model_schema_version=1)
    for tags in tag_sets:
        meta_graph = proto.meta_graphs.add()
        meta_graph.meta_info_def.tags.extend(tags)
        meta_graph.graph_def.versions.producer = 27
    (folder / "saved_model.pb").write_bytes(proto.SerializeToString())
    return folder


@pytest.mark.parametrize(
    ("tag_sets", "wanted", "index"),
    [
        ([("serve",)], None, 0),
        ([("serve",)], {"serve"}, 0),
        ([()], None, 0),
        ([()], set(), 0),
        ([("serve",), ("serve", "gpu")], {"gpu", "serve"}, 1),
        ([("serve", "gpu"), ("serve",)], {"serve"}, 1),
        # TensorFlow's loader takes the first of several with the same tags.
        ([("a",), ("serve",), ("serve",)], {"serve"}, 1),
    ],
)
def test_the_meta_graph_with_exactly_these_tags(
    tag_sets: list[tuple[str, ...]], wanted: set[str] | None, index: int, tmp_path: Path
) -> None:
    model = written(tmp_path, *tag_sets)
    legacy = only(read_models(model), None if wanted is None else frozenset(wanted))
    assert legacy.tags == frozenset(tag_sets[index])
    assert legacy.path == model


@pytest.mark.parametrize(
    ("tag_sets", "wanted", "error", "message"),
    [
        ([("serve",), ("train",)], None, RefusedModelError, "holds 2 MetaGraphs; choose one with --tags: serve; train"),
        ([("serve",)], {"gpu"}, UnreadableModelError, r"no MetaGraph tagged gpu; it has: serve"),
        # A subset is not enough.
        ([("serve", "gpu")], {"serve"}, UnreadableModelError, r"tagged serve; it has: gpu,serve"),
        ([("serve",)], set(), UnreadableModelError, r"tagged \(none\); it has: serve"),
    ],
)
def test_tags_that_do_not_choose(
    tag_sets: list[tuple[str, ...]], wanted: set[str] | None, error: type[Tf1to2Error], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        only(read_models(written(tmp_path, *tag_sets)), None if wanted is None else frozenset(wanted))


def pbtxt(folder: Path) -> None:
    proto = read_saved_model(golden_model("ref_simple_save").path)
    (folder / "saved_model.pbtxt").write_text(text_format.MessageToString(proto))


def test_text_is_read_as_binary_is(tmp_path: Path) -> None:
    pbtxt(tmp_path)
    assert read_saved_model(tmp_path) == read_saved_model(golden_model("ref_simple_save").path)


def cut_off(folder: Path) -> None:
    data = (golden_model("ref_simple_save").path / "saved_model.pb").read_bytes()
    (folder / "saved_model.pb").write_bytes(data[: len(data) // 2])


def cut_off_text(folder: Path) -> None:
    pbtxt(folder)
    text = (folder / "saved_model.pbtxt").read_text()
    (folder / "saved_model.pbtxt").write_text(text[: len(text) // 2])


def latin_1_text(folder: Path) -> None:
    (folder / "saved_model.pbtxt").write_bytes(b"# \xe9")


def empty(folder: Path) -> None:
    (folder / "saved_model.pb").touch()


def a_folder(folder: Path) -> None:
    (folder / "saved_model.pb").mkdir()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: None, "neither saved_model.pb nor saved_model.pbtxt"),
        (a_folder, "neither saved_model.pb nor saved_model.pbtxt"),
        (cut_off, "damaged or cut off"),
        (cut_off_text, "damaged or cut off"),
        (latin_1_text, "damaged or cut off"),
        (empty, "holds no MetaGraph"),
    ],
)
def test_what_is_no_model(damage: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    damage(tmp_path)
    with pytest.raises(UnreadableModelError, match=message):
        read_saved_model(tmp_path)


def test_a_native_model_needs_nothing(tmp_path: Path) -> None:
    tf.saved_model.save(tf.Module(), str(tmp_path / "native"))
    with pytest.raises(NothingToDoError, match="already is a native TF2 SavedModel"):
        read_models(tmp_path / "native")


@pytest.mark.parametrize("filename", ["vocab.txt", "words/vocab.txt", "vocab.txt_1", "ü ö.txt"])
def test_assets_lie_in_the_model(filename: str, tmp_path: Path) -> None:
    legacy = LegacyModel.in_folder(tmp_path, None)
    assert legacy.asset_path(filename) == tmp_path / "assets" / filename


@pytest.mark.parametrize("filename", ["../saved_model.pb", "/etc/passwd", "words/../../other"])
def test_assets_outside_of_the_model_are_refused(filename: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedModelError, match="lies outside the model's assets folder"):
        LegacyModel.in_folder(tmp_path, None).asset_path(filename)


def test_an_asset_that_is_a_link_out_of_the_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model" / "assets").mkdir(parents=True)
    (tmp_path / "secret.txt").touch()
    (tmp_path / "model" / "assets" / "vocab.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(RefusedModelError, match="lies outside"):
        LegacyModel.in_folder(tmp_path / "model", None).asset_path("vocab.txt")


def test_a_model_without_state_in_functions_stays_as_it_is() -> None:
    legacy = only(read_models(TWO.path), frozenset(TWO.meta_graphs[0].tags))
    assert with_inlined_state(legacy) is legacy

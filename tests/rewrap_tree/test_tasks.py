"""The writing step in this process: which MetaGraphs, which folders, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from migrate.errors import NothingToDoError
from migrate.legacy.detect import detect
from migrate.legacy.kind import ModelKind
from migrate.legacy.read import readable
from migrate.legacy.saved_model import read_saved_model
from migrate.preflight.allowed_ops import NO_OPS, AllowedOps
from migrate.preflight.model_options import ModelOptions
from migrate.rewrap_tree.tasks import Cause, NotWritten, WriteTask, Written, _folder_names, write
from tests.golden import MODELS_DIR


def task(name: str, target: Path, tags: frozenset[str] | None = None, *, allowed: AllowedOps = NO_OPS) -> WriteTask:
    return WriteTask(MODELS_DIR / name / "model", target, ModelOptions(tags, allowed))


def test_one_meta_graph_by_its_tags(tmp_path: Path) -> None:
    (result,) = write(task("two_meta_graphs", tmp_path / "out", frozenset({"train"})))
    assert isinstance(result, Written)
    assert (result.name, result.tags) == ("", frozenset({"train"}))
    assert detect(tmp_path / "out").kind == ModelKind.SAVED_MODEL_V2


def test_all_meta_graphs_each_in_a_folder(tmp_path: Path) -> None:
    results = write(task("two_meta_graphs", tmp_path / "out"))
    assert sorted(result.name for result in results) == ["serve", "train"]
    assert all(detect(tmp_path / "out" / result.name).kind == ModelKind.SAVED_MODEL_V2 for result in results)


def test_tags_that_no_meta_graph_has(tmp_path: Path) -> None:
    (result,) = write(task("two_meta_graphs", tmp_path / "out", frozenset({"serve", "gpu"})))
    assert isinstance(result, NotWritten)
    assert "no MetaGraph tagged gpu,serve; it has: " in result.reason


def test_ops_that_touch_files_need_permission(tmp_path: Path) -> None:
    (refused,) = write(task("read_file", tmp_path / "refused"))
    assert isinstance(refused, NotWritten)
    assert refused.cause is Cause.REFUSED
    assert "the op ReadFile reads files (" in refused.reason
    assert not (tmp_path / "refused").exists()
    assert "whenever the model is executed; pass --allow-ops ReadFile" in refused.reason
    (allowed,) = write(task("read_file", tmp_path / "allowed", allowed=AllowedOps(frozenset({"ReadFile"}))))
    assert isinstance(allowed, Written)
    (other,) = write(task("read_file", tmp_path / "other", allowed=AllowedOps(frozenset({"WriteFile"}))))
    assert isinstance(other, NotWritten)


def test_a_damaged_proto_inside_is_a_refusal(tmp_path: Path) -> None:
    proto = read_saved_model(MODELS_DIR / "ref_simple_save" / "model")
    proto.meta_graphs[0].collection_def["variables"].bytes_list.value[0] = b"\xff\xff"
    shutil.copytree(MODELS_DIR / "ref_simple_save" / "model", tmp_path / "m")
    (tmp_path / "m" / "saved_model.pb").write_bytes(proto.SerializeToString())
    (result,) = write(WriteTask(tmp_path / "m", tmp_path / "out", ModelOptions()))
    assert isinstance(result, NotWritten)
    assert result.cause is Cause.REFUSED
    assert "is damaged" in result.reason


def test_a_native_model_needs_nothing() -> None:
    with pytest.raises(NothingToDoError, match="already is a native TF2 SavedModel: nothing to do"):
        readable(MODELS_DIR / "keras_object_graph" / "model")


@pytest.mark.parametrize(
    ("tag_sets", "names"),
    [
        ([{"serve"}, {"serve", "gpu"}], ["serve", "gpu-serve"]),
        ([set(), {"train"}], ["no-tags", "train"]),
        ([{"my tag/1"}, {"my tag_1"}], ["my_tag_1", "my_tag_1-2"]),
        ([{"Serve"}, {"serve"}], ["Serve", "serve-2"]),
        ([{"../../etc"}, {"."}], ["_.._etc", "no-tags"]),
    ],
)
def test_folder_names_are_safe_and_different(tag_sets: list[set[str]], names: list[str]) -> None:
    assert _folder_names([frozenset(tags) for tags in tag_sets]) == names

"""Folders are put in place at once, and leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.errors import Tf1to2Error
from migrate.files.staging import staging
from migrate.rewrap_tree.publish import no_empty_parents, publish


def finished(folder: Path, content: str) -> Path:
    (folder / "finished").mkdir(parents=True)
    (folder / "finished" / "saved_model.pb").write_text(content)
    return folder / "finished"


def test_a_new_folder_is_renamed(tmp_path: Path) -> None:
    with staging(tmp_path / "deep" / "out") as folder:
        publish(finished(folder, "new"), tmp_path / "deep" / "out", replace=False)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def test_an_old_model_is_replaced_whole(tmp_path: Path) -> None:
    old = tmp_path / "out"
    (old / "assets").mkdir(parents=True)
    (old / "saved_model.pbtxt").write_text("only in the old")
    with staging(old) as folder:
        publish(finished(folder, "new"), old, replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in old.iterdir()] == ["saved_model.pb"]


@pytest.mark.parametrize("stranger", ["notes.txt", "backup/saved_model.pb", "assets/inner/saved_model.pb"])
def test_what_came_into_an_old_model_meanwhile_is_kept(tmp_path: Path, stranger: str) -> None:
    old = tmp_path / "out"
    (old / stranger).parent.mkdir(parents=True)
    (old / stranger).write_text("mine")
    (old / "saved_model.pb").write_text("old")
    with staging(old) as folder, pytest.raises(Tf1to2Error, match="no part of a model, so it was left alone"):
        publish(finished(folder, "new"), old, replace=True)
    assert (old / stranger).read_text() == "mine"


def test_what_appeared_meanwhile_is_left_alone(tmp_path: Path) -> None:
    with staging(tmp_path / "out") as folder:
        (tmp_path / "out").mkdir()
        with pytest.raises(Tf1to2Error, match="appeared while"):
            publish(finished(folder, "new"), tmp_path / "out", replace=False)
    assert list((tmp_path / "out").iterdir()) == []


def test_the_old_model_comes_back_when_the_rename_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = finished(tmp_path / "old", "old").rename(tmp_path / "out")
    rename = Path.rename

    def failing(path: Path, to: Path) -> Path:
        if path.name == "finished":
            raise OSError(28, "No space left on device")
        return rename(path, to)

    with staging(target) as folder:
        new = finished(folder, "new")
        monkeypatch.setattr(Path, "rename", failing)
        with pytest.raises(Tf1to2Error, match=r"the disk of .* is full"):
            publish(new, target, replace=True)
    assert (target / "saved_model.pb").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old", "out"]


def test_a_failure_leaves_no_folder(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "out"
    with pytest.raises(RuntimeError), no_empty_parents([target]), staging(target):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_parents_that_were_there_or_are_in_use_stay(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with no_empty_parents([tmp_path / "there" / "out", tmp_path / "new" / "out"]):
        (tmp_path / "new" / "out").mkdir(parents=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "there"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Tf1to2Error, match="cannot be made"), staging(tmp_path / "file" / "out"):
        pass

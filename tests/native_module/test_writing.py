"""A model appears at once, whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tensorflow as tf

from migrate.errors import Tf1to2Error
from migrate.native_module.writing import save_module, staged
from migrate.shim import load
from tests.golden import golden_model


def test_the_folder_takes_the_name_at_the_end(tmp_path: Path) -> None:
    with staged(tmp_path / "deep" / "target") as folder:
        (folder / "file").write_text("content")
        assert folder.is_relative_to(tmp_path / "deep")
        assert not (tmp_path / "deep" / "target").exists()
    assert (tmp_path / "deep" / "target" / "file").read_text() == "content"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["target"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(error), staged(tmp_path / "target") as folder:
        (folder / "file").write_text("half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_others_may_read_the_model_as_the_umask_says(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        with staged(tmp_path / "target"):
            pass
    finally:
        os.umask(mask)
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("kind", ["folder", "file", "link", "dangling link"])
def test_what_is_there_stays(kind: str, tmp_path: Path) -> None:
    target = tmp_path / "target"
    match kind:
        case "folder":
            target.mkdir()
        case "file":
            target.write_text("mine")
        case "link":
            target.symlink_to(tmp_path)
        case _:
            target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(Tf1to2Error, match="target exists already"), staged(target):
        raise AssertionError("nothing may be made")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_what_appears_meanwhile_stays(tmp_path: Path) -> None:
    with pytest.raises(Tf1to2Error, match="cannot write"), staged(tmp_path / "target") as folder:
        (folder / "file").touch()
        (tmp_path / "target").mkdir()
        (tmp_path / "target" / "mine").touch()
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["mine"]
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_module_is_written_with_the_values_that_it_has(tmp_path: Path) -> None:
    module = load(golden_model("ref_simple_save").path)
    for variable in module.variables:
        variable.assign(tf.ones_like(variable) * 3)
    save_module(module, tmp_path / "new")
    loaded = tf.saved_model.load(str(tmp_path / "new"))
    assert all((variable.numpy() == 3).all() for variable in loaded.variables)
    assert (tmp_path / "new" / "fingerprint.pb").is_file()

"""What is copied of a model folder, and what never is: a case is a function that puts something into a model."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from migrate.errors import RefusedModelError
from migrate.legacy.model_files import all_files, extra_files

Put = Callable[[Path], object]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "model"
    for name in ("assets", "assets.extra/deep", "variables"):
        (folder / name).mkdir(parents=True)
    for name in ("saved_model.pb", "assets/vocabulary", "assets.extra/deep/requests", "variables/variables.index"):
        (folder / name).write_text(name)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "models" / "model2").mkdir()
    (tmp_path / "models" / "model2" / "file").write_text("another model")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text("secret")
    return folder


def extra(model: Path) -> Path:
    return model / "assets.extra" / "file"


COPIED: dict[str, tuple[Put, str]] = {
    "nothing more": (lambda model: None, "assets.extra/deep/requests"),
    "a file": (lambda model: extra(model).write_text("mine"), "assets.extra/file"),
    "a link to a file beside it": (lambda model: extra(model).symlink_to("deep/requests"), "assets.extra/file"),
    "a link to a file of the model": (lambda model: extra(model).symlink_to("../saved_model.pb"), "assets.extra/file"),
    "an absolute link": (lambda model: extra(model).symlink_to(model / "saved_model.pb"), "assets.extra/file"),
    "an empty folder": (lambda model: extra(model).mkdir(), "assets.extra/file"),
    "a name that is no UTF-8": (
        lambda model: extra(model).with_name(os.fsdecode(b"\xff")).write_text("mine"),
        os.fsdecode(b"assets.extra/\xff"),
    ),
}
REFUSED: dict[str, tuple[Put, str]] = {
    "a link to a file elsewhere": (lambda model: extra(model).symlink_to("../../../secret"), "outside of the model"),
    "a link to a folder elsewhere": (lambda model: extra(model).symlink_to("../../../secrets"), "outside of the model"),
    "a link to a file of a folder with a like name": (
        lambda model: extra(model).symlink_to("../../model2/file"),
        "outside of the model",
    ),
    "a link to a folder of the model": (lambda model: extra(model).symlink_to("../variables"), "a folder"),
    "a link to the folder above": (lambda model: extra(model).symlink_to(".."), "a folder"),
    "a link to the root": (lambda model: extra(model).symlink_to("/"), "outside of the model"),
    "a link to an endless device": (lambda model: extra(model).symlink_to("/dev/zero"), "outside of the model"),
    "a dangling link": (lambda model: extra(model).symlink_to("nowhere"), "leads to no file"),
    "a link to itself": (lambda model: extra(model).symlink_to("file"), "leads to no file"),
    "a pipe": (lambda model: os.mkfifo(extra(model)), "a named pipe"),
    "a link through a folder elsewhere": (
        lambda model: extra(model).symlink_to("../../../secrets/key"),
        "outside of the model",
    ),
    "deep down": (lambda model: (extra(model).parent / "deep" / "x").symlink_to("/etc/passwd"), "outside of the model"),
}


def linked_as_a_whole(model: Path) -> None:
    (model / "assets.extra").rename(model.parent / "extra")
    (model / "assets.extra").symlink_to("../extra")


REFUSED["the folder itself a link"] = (linked_as_a_whole, "outside of the model")


@pytest.mark.parametrize("case", COPIED.values(), ids=COPIED)
def test_files_of_the_model_are_copied(case: tuple[Put, str], model: Path, tmp_path: Path) -> None:
    put, name = case
    put(model)
    found = extra_files(model)
    (tmp_path / "copy").mkdir()
    found.copy(tmp_path / "copy")
    copy = tmp_path / "copy" / name
    assert copy.exists() and not copy.is_symlink()
    assert copy.is_dir() or copy.read_text() == (model / name).read_text()


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("files", [extra_files, all_files])
def test_nothing_from_elsewhere_is_copied(
    files: Callable[[Path], object], case: tuple[Put, str], model: Path, tmp_path: Path
) -> None:
    put, words = case
    put(model)
    found = extra_files(model)
    assert len(found.refused) == 1 and words in found.refused[0]
    (tmp_path / "copy").mkdir()
    with pytest.raises(RefusedModelError, match=words):
        found.copy(tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []


def test_a_model_without_them(tmp_path: Path) -> None:
    assert extra_files(tmp_path).files == ()


def stored(model: Path, name: str) -> None:
    """Move a file of the model to a store of blobs, as git-annex and model hubs do, and leave a link."""
    blob = model.parent / "blobs" / name.replace("/", "-")
    blob.parent.mkdir(exist_ok=True)
    (model / name).rename(blob)
    (model / name).symlink_to(blob)


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index", "variables"])
def test_weights_and_protos_may_be_in_a_store(name: str, model: Path, tmp_path: Path) -> None:
    before = {path.relative_to(model): path.read_text() for path in model.rglob("*") if path.is_file()}
    stored(model, name)
    (tmp_path / "copy").mkdir()
    all_files(model).copy(tmp_path / "copy")
    copied = {path.relative_to(tmp_path / "copy"): path for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert {path: file.read_text() for path, file in copied.items()} == before
    assert not any(file.is_symlink() for file in copied.values())


@pytest.mark.parametrize("name", ["assets/vocabulary", "README.md"])
def test_other_files_may_not(name: str, model: Path) -> None:
    (model / name).write_text("x")
    stored(model, name)
    assert len(all_files(model).refused) == 1


def test_a_device_is_no_weights(model: Path, tmp_path: Path) -> None:
    (model / "variables" / "variables.data-00000-of-00001").symlink_to("/dev/zero")
    (tmp_path / "copy").mkdir()
    with pytest.raises(RefusedModelError, match="a device"):
        all_files(model).copy(tmp_path / "copy")


def test_a_file_that_becomes_a_link_while_it_is_looked_at_is_not_followed(model: Path, tmp_path: Path) -> None:
    found = extra_files(model)
    (model / "assets.extra" / "deep" / "requests").unlink()
    (model / "assets.extra" / "deep" / "requests").symlink_to(tmp_path / "secret")
    (tmp_path / "copy").mkdir()
    with pytest.raises(OSError):
        found.copy(tmp_path / "copy")
    assert not (tmp_path / "copy" / "assets.extra" / "deep" / "requests").exists()


def test_folders_without_end_are_refused(model: Path) -> None:
    folder = extra(model).parent
    for _ in range(150):
        folder = folder / "d"
        folder.mkdir()
    (refused,) = extra_files(model).refused
    assert "folders deep" in refused

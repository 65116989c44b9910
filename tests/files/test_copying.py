"""Regular files are copied whole; what is none, or is reached through a link, is an error and not an endless read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrate.files.copying import copy_file, copy_file_within


@pytest.mark.parametrize("size", [0, 1, 3_000_001])
def test_the_content_and_the_mode_are_copied(size: int, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(os.urandom(size))
    (tmp_path / "one").chmod(0o440)
    copy_file(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "two").read_bytes() == (tmp_path / "one").read_bytes()
    assert (tmp_path / "two").stat().st_mode & 0o777 == 0o640  # its owner may move and remove it


def test_files_that_the_kernel_makes_up_are_copied(tmp_path: Path) -> None:
    copy_file(Path("/proc/self/status"), tmp_path / "two")
    assert (tmp_path / "two").read_bytes().startswith(b"Name:")


def test_a_link_is_followed_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"weights")
    (tmp_path / "one").symlink_to("blob")
    copy_file(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "two").read_bytes() == b"weights" and not (tmp_path / "two").is_symlink()


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_an_error(kind: str, tmp_path: Path) -> None:
    match kind:
        case "pipe":
            os.mkfifo(tmp_path / "one")
        case "device":
            (tmp_path / "one").symlink_to("/dev/zero")
        case _:
            (tmp_path / "one").mkdir()
    with pytest.raises(OSError):
        copy_file(tmp_path / "one", tmp_path / "two")
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize("place", ["base/inner/file", "base/linked", "base/outer/file"])
def test_within_a_folder_no_link_is_followed(place: str, tmp_path: Path) -> None:
    (tmp_path / "base" / "inner").mkdir(parents=True)
    (tmp_path / "base" / "inner" / "file").write_bytes(b"inside")
    (tmp_path / "file").write_bytes(b"outside")
    (tmp_path / "base" / "linked").symlink_to("inner/file")
    (tmp_path / "base" / "outer").symlink_to("..")
    if place == "base/inner/file":
        copy_file_within(tmp_path / "base", tmp_path / place, tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == b"inside"
    else:
        with pytest.raises(OSError):
            copy_file_within(tmp_path / "base", tmp_path / place, tmp_path / "copy")


def test_a_file_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"one")
    (tmp_path / "two").write_bytes(b"two")
    with pytest.raises(FileExistsError):
        copy_file(tmp_path / "one", tmp_path / "two")

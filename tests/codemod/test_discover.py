"""Which files a run takes: what git ignores stays out, what is named is taken, what is left out is told."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from migrate.codemod.discover import discover
from migrate.codemod.result import LeftOut
from migrate.errors import Tf1to2Error


def tree(folder: Path, *names: str, **files: str) -> Path:
    """Make empty files by path, and `.gitignore` files with a text: `_` for the root, `sub` for `sub/.gitignore`."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for name, text in files.items():
        path = folder / ("" if name == "_" else name) / ".gitignore"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


# name: (.gitignore by folder, files, those that are taken)
CASES: dict[str, tuple[dict[str, str], str, str]] = {
    "a folder": ({"_": "out/\n"}, "a.py out/b.py", "a.py"),
    "a folder anywhere": ({"_": "out\n"}, "x/y/out/b.py x/out.py", "x/out.py"),
    "anchored": ({"_": "/out\n"}, "out/b.py x/out/b.py", "x/out/b.py"),
    "a pattern of files": ({"_": "*_pb2.py\n"}, "a.py x/a_pb2.py", "a.py"),
    "a negation": ({"_": "*.py\n!keep.py\n"}, "a.py keep.py x/keep.py", "keep.py x/keep.py"),
    "a negation below an ignored folder does nothing": ({"_": "x/\n!x/keep.py\n"}, "x/keep.py a.py", "a.py"),
    "a white list": ({"_": "*\n!*/\n!*.ipynb\n"}, "a.py x/b.py x/c.ipynb", "x/c.ipynb"),
    "nested": ({"x": "/b.py\n"}, "b.py x/b.py x/y/b.py", "b.py x/y/b.py"),
    "the nearest file decides": ({"_": "*.py\n", "x": "!b.py\n"}, "b.py x/b.py x/a.py", "x/b.py"),
    "two stars": ({"_": "x/**/gen\n"}, "x/gen/a.py x/y/z/gen/a.py x/genx/a.py", "x/genx/a.py"),
    "all below": ({"_": "x/**\n!x/**/keep.py\n"}, "x/a.py x/keep.py x/y/keep.py", "x/keep.py"),
    "all below but folders": ({"_": "x/**\n!x/**/\n!x/**/keep.py\n"}, "x/a.py x/y/keep.py x/y/b.py", "x/y/keep.py"),
    "all but one folder": ({"_": "/*\n!/x/\n"}, "a.py x/a.py x/y/b.py z/c.py", "x/a.py x/y/b.py"),
    "children of a folder": ({"_": "x/*\n!x/y/\n"}, "x/a.py x/y/b.py x/z/c.py", "x/y/b.py"),
    "one character": ({"_": "?.py\n"}, "a.py ab.py", "ab.py"),
    "a class": ({"_": "[ab].py\n"}, "a.py b.py c.py", "c.py"),
    "comments and blanks": ({"_": "# a.py\n\n   \nb.py\n"}, "a.py b.py", "a.py"),
    "a line that is no pattern": ({"_": "!\n/\nb.py\n"}, "a.py b.py", "a.py"),
    "nothing": ({}, "a.py x/b.py", "a.py x/b.py"),
}


@pytest.mark.parametrize("in_repository", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_what_git_ignores_is_left_out(case: str, in_repository: bool, tmp_path: Path) -> None:
    ignores, names, taken = CASES[case]
    tree(tmp_path, *names.split(), **ignores)
    if in_repository:
        (tmp_path / ".git").mkdir()
    assert discover([tmp_path]).paths == tuple(sorted(taken.split()))
    assert discover([tmp_path], follow_gitignore=False).paths == tuple(sorted(names.split()))


@pytest.mark.parametrize("case", CASES)
def test_git_says_the_same(case: str, tmp_path: Path) -> None:
    ignores, names, taken = CASES[case]
    tree(tmp_path, *names.split(), **ignores)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard", "*.py", "*.ipynb"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert sorted(listed.stdout.split()) == sorted(taken.split())


def test_a_file_named_explicitly_is_taken(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "x/b.py", _="*.py\n")
    assert discover([tmp_path / "a.py", tmp_path]).paths == ("a.py",)


def test_a_folder_named_explicitly_is_taken_with_what_holds_in_it(tmp_path: Path) -> None:
    tree(tmp_path, ".git/HEAD", "out/a.py", "out/a_pb2.py", "out/x/b.py", _="out/\n*_pb2.py\n", out="x\n")
    assert discover([tmp_path / "out"]).paths == ("a.py",)


def test_rules_of_the_repository_hold_in_its_folders(tmp_path: Path) -> None:
    tree(tmp_path, "above.py", "repo/.git/info/exclude", "repo/x/a.py", "repo/x/b.py", "repo/x/c.py", _="a.py\n")
    (tmp_path / "repo" / ".git" / "info" / "exclude").write_text("b.py\n")
    (tmp_path / "repo" / ".gitignore").write_text("/x/c.py\n")
    assert discover([tmp_path / "repo" / "x"]).paths == ("a.py",)


def test_a_repository_in_a_folder_has_rules_of_its_own(tmp_path: Path) -> None:
    tree(tmp_path, ".git/HEAD", "a.py", "sub/.git/HEAD", "sub/a.py", _="a.py\n")
    assert discover([tmp_path]).paths == ("sub/a.py",)


def test_a_worktree_has_the_rules_of_its_repository(tmp_path: Path) -> None:
    tree(tmp_path, "repo/.git/info/exclude", "repo/.git/worktrees/w/commondir", "w/a.py", "w/b.py")
    (tmp_path / "repo" / ".git" / "info" / "exclude").write_text("b.py\n")
    (tmp_path / "repo" / ".git" / "worktrees" / "w" / "commondir").write_text("../..\n")
    (tmp_path / "w" / ".git").write_text(f"gitdir: {tmp_path}/repo/.git/worktrees/w\n")
    assert discover([tmp_path / "w"]).paths == ("a.py",)


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "b_pb2.py", "out/c.py", "x/out/d.py", _="out\n*_pb2.py\n")
    with (tmp_path / "big.py").open("wb") as stream:
        stream.truncate(65 << 20)
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "dangling.py").symlink_to("nothing")
    (tmp_path / "loop.py").symlink_to("loop.py")
    found = discover([tmp_path])
    assert found.paths == ("a.py",)
    assert found.left_out == LeftOut(1, 2, ("big.py",), ("dangling.py", "loop.py"), ("pipe.py",))
    assert not discover([tmp_path / "a.py"]).left_out


def test_folders_that_are_named_as_files_are_entered_and_circles_of_links_are_not(tmp_path: Path) -> None:
    tree(tmp_path, "pkg.py/a.py", "x/b.py")
    (tmp_path / "x" / "up").symlink_to(tmp_path)
    (tmp_path / "x" / "up.py").symlink_to(tmp_path)
    assert discover([tmp_path]).paths == ("pkg.py/a.py", "x/b.py")


def test_a_link_to_another_file_of_the_run_is_that_file(tmp_path: Path) -> None:
    tree(tmp_path, "a.py")
    (tmp_path / "b.py").symlink_to("a.py")
    assert discover([tmp_path]).paths == ("a.py",)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to(path.name)])
def test_an_argument_that_is_no_file_is_refused(make: object, tmp_path: Path) -> None:
    make(tmp_path / "x.py")  # type: ignore[operator]
    with pytest.raises(Tf1to2Error, match=r"x\.py: "):
        discover([tmp_path / "x.py"])


def test_a_tree_deeper_than_any_path_is_taken_as_far_as_it_goes(tmp_path: Path) -> None:
    here = Path.cwd()
    try:
        os.chdir(tree(tmp_path, "a.py"))
        for _ in range(30):
            Path("d" * 200).mkdir()
            os.chdir("d" * 200)
    finally:
        os.chdir(here)
    found = discover([tmp_path])
    assert found.paths == ("a.py",)
    assert len(found.left_out.unreadable) == 1

"""What `codemod` and `review` leave where they are killed or stopped, and what they write where links lead."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from migrate.codemod.discover import discover
from migrate.codemod.options import RunOptions
from migrate.codemod.result import FileStatus
from migrate.codemod.run import run_codemods
from migrate.codemod.writing import write_changes, written
from migrate.files.temporary import create, temporary_name
from tests.faults.running import Ended, command, tf1to2
from tests.review.decisions import accepting_all

OLD = "import tensorflow as tf\n\ndef f(s, d, i, o):\n    tf.saved_model.simple_save(s, d, i, o)\n"
MANY = 250


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    for path in ("repo/a.py", "repo/pkg/deep/b.py", "elsewhere/real.py", "repo/build/made.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(OLD)
    (tmp_path / "repo" / "requirements.txt").write_text("tensorflow\n")
    return tmp_path / "repo"


def left(folder: Path) -> Path:
    path = temporary_name(folder / "gone.py")
    os.close(create(path, 0o600))
    return path


def is_new(path: Path) -> bool:
    return "export_session" in path.read_text()


def decisions(repo: Path) -> Path:
    """A decisions file that accepts nothing."""
    path = repo / ".tf1to2-review.json"
    path.write_text('{"version": 1, "decisions": []}')
    return path


CLEANING: dict[str, Callable[[Path], Ended]] = {
    "a run that writes": lambda repo: tf1to2("codemod", "--write", repo),
    "a run that has nothing to do": lambda repo: tf1to2("codemod", "--write", "--select", "SM104", repo),
    "a run that shows the diff": lambda repo: tf1to2("codemod", repo),
    "a review": lambda repo: tf1to2("review", repo, "--replay", decisions(repo)),
}


@pytest.mark.parametrize("run", CLEANING.values(), ids=CLEANING)
def test_the_next_run_removes_what_a_killed_one_left_in_every_folder(run: Callable[[Path], Ended], repo: Path) -> None:
    leftovers = [left(repo), left(repo / "pkg"), left(repo / "pkg" / "deep")]
    ended = run(repo)
    assert ended.status in (0, 1)
    assert "3 temporary file(s) of a killed run removed" in ended.stderr
    assert not any(path.exists() for path in leftovers)


def test_a_scan_and_a_run_elsewhere_remove_nothing(repo: Path) -> None:
    leftover = left(repo)
    tf1to2("scan", repo)
    tf1to2("codemod", "--write", repo / "pkg")
    assert leftover.exists()


def test_a_run_for_one_file_looks_beside_it_alone(repo: Path) -> None:
    beside, above = left(repo / "pkg" / "deep"), left(repo)
    tf1to2("codemod", "--write", repo / "pkg" / "deep" / "b.py")
    assert (beside.exists(), above.exists()) == (False, True)


def test_what_another_run_is_writing_stays(repo: Path) -> None:
    path = temporary_name(repo / "a.py")
    descriptor = create(path, 0o600)
    tf1to2("codemod", "--write", repo)
    assert path.exists()
    os.close(descriptor)


def test_a_folder_elsewhere_is_not_cleaned_through_a_link(repo: Path) -> None:
    leftover = left(repo.parent / "elsewhere")
    (repo / "link.py").symlink_to("../elsewhere/real.py")
    (repo / "linked").symlink_to("../elsewhere")
    tf1to2("codemod", "--write", repo)
    assert leftover.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("verb", ["codemod", "review"])
def test_a_stop_while_files_are_written(verb: str, number: int, tmp_path: Path) -> None:
    for index in range(MANY):
        (tmp_path / f"m{index:03}.py").write_text(OLD)
    stored = tmp_path.with_name("accepted.json")
    arguments = ("codemod", "--write", tmp_path) if verb == "codemod" else ("review", tmp_path, "--replay", stored)
    if verb == "review":
        stored.write_text(accepting_all(tmp_path))
    last = max(tmp_path.iterdir())
    with subprocess.Popen(
        command(*arguments), stderr=subprocess.PIPE, cwd=Path(__file__).parents[2], text=True
    ) as process:
        while not is_new(tmp_path / "m003.py") and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(number)
        _, said = process.communicate()
    new = {path.name for path in tmp_path.glob("m*.py") if is_new(path)}
    assert 0 < len(new) < MANY and not is_new(last), "the stop came too late to show anything"
    if number != signal.SIGKILL:
        assert {path.name for path in tmp_path.iterdir()} == {f"m{index:03}.py" for index in range(MANY)}
        assert process.returncode == 2
        assert "interrupted: m000.py, m001.py" in said and "Traceback" not in said
    assert tf1to2(*arguments).status == 0
    assert all(is_new(path) for path in tmp_path.iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {f"m{index:03}.py" for index in range(MANY)}


def test_a_file_that_cannot_be_written_costs_itself_only(repo: Path) -> None:
    result = run_codemods(discover([repo]), RunOptions(jobs=1))
    (repo / "a.py").write_text("someone else's")
    ended = written(result, write_changes(result))
    assert {item.path: item.status for item in ended.files if item.path.endswith(".py")} == {
        "a.py": FileStatus.FAILED,
        "pkg/deep/b.py": FileStatus.CHANGED,
    }
    assert (repo / "a.py").read_text() == "someone else's" and is_new(repo / "pkg" / "deep" / "b.py")


LINKS: dict[str, tuple[str, str, bool]] = {
    "out of the folder": ("repo/link.py", "../elsewhere/real.py", False),
    "out of the folder, absolute": ("repo/link.py", "/{}/elsewhere/real.py", False),
    "into a folder with a like name": ("repo/link.py", "../repository/real.py", False),
    "requirements out of the folder": ("repo/pkg/requirements.txt", "../../elsewhere/requirements.txt", False),
    "to a file of the folder": ("repo/link.py", "pkg/deep/b.py", True),
    "to a file that the run leaves out": ("repo/link.py", "build/made.py", True),
    "requirements of the folder": ("repo/pkg/requirements.txt", "../requirements.txt", True),
}


@pytest.mark.parametrize(("link", "target", "is_written"), LINKS.values(), ids=LINKS)
def test_a_link_is_followed_within_the_folder_only(link: str, target: str, is_written: bool, repo: Path) -> None:
    top = repo.parent
    (top / "repository").mkdir()
    (top / "repository" / "real.py").write_text(OLD)
    (top / "elsewhere" / "requirements.txt").write_text("tensorflow\n")
    (top / link).symlink_to(target.format(top))
    outside = {path: path.read_bytes() for name in ("elsewhere", "repository") for path in (top / name).iterdir()}
    ended = tf1to2("codemod", "--write", "--json", top / "report.json", repo)
    left_alone = [file for file in json.loads((top / "report.json").read_text())["files"] if file["error"]]
    assert {path: path.read_bytes() for path in outside} == outside
    assert (top / link).is_symlink() and ended.status == 0
    changed = "export_session" if link.endswith(".py") else "tf1to2"
    assert (changed in (top / link).read_text()) is is_written
    if not is_written:
        assert [(file["path"], file["status"]) for file in left_alone] == [(link.removeprefix("repo/"), "unchanged")]
        assert left_alone[0]["sites"] and "outside" in left_alone[0]["error"]
        assert f"{link.removeprefix('repo/')}: left alone" in ended.stderr


def test_what_is_left_alone_needs_a_person(repo: Path) -> None:
    (repo / "link.py").symlink_to("../elsewhere/real.py")
    assert tf1to2("codemod", "--write", repo).status == 0
    ended = tf1to2("codemod", "--check", repo)
    assert ended.status == 1 and "link.py: left alone" in ended.stderr
    assert "left alone" in tf1to2("scan", repo).stdout


def test_a_link_that_is_named_itself_is_followed(repo: Path) -> None:
    (repo / "link.py").symlink_to("../elsewhere/real.py")
    assert tf1to2("codemod", "--write", repo / "link.py").status == 0
    assert is_new(repo.parent / "elsewhere" / "real.py") and (repo / "link.py").is_symlink()


def test_a_folder_that_is_given_as_a_link_is_the_folder(repo: Path) -> None:
    (repo.parent / "link").symlink_to("repo")
    assert tf1to2("codemod", "--write", repo.parent / "link").status == 0
    assert is_new(repo / "a.py")


def test_a_review_leaves_links_alone_too(repo: Path) -> None:
    (repo / "link.py").symlink_to("../elsewhere/real.py")
    stored = repo.parent / "accepted.json"
    stored.write_text(accepting_all(repo))
    ended = tf1to2("review", repo, "--replay", stored)
    assert "link.py: left alone" in ended.stderr
    assert is_new(repo / "a.py") and not is_new(repo.parent / "elsewhere" / "real.py")


def test_other_names_of_a_file_keep_the_old_text_and_that_is_said(repo: Path) -> None:
    (repo.parent / "elsewhere" / "same.py").hardlink_to(repo / "a.py")
    ended = tf1to2("codemod", "--write", repo)
    assert "a.py: the file has other names" in ended.stderr
    assert is_new(repo / "a.py") and not is_new(repo.parent / "elsewhere" / "same.py")

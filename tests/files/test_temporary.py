"""Temporary files of killed writers are removed; everything else with such a name, or a like one, stays."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from migrate.files.temporary import create, remove_leftovers, temporary_name


def left(folder: Path, target: str = "a.py") -> Path:
    """Make what a killed writer leaves."""
    path = temporary_name(folder / target)
    os.close(create(path, 0o600))
    return path


@pytest.mark.parametrize("target", ["a.py", "n" * 250, os.fsdecode(b"caf\xe9.py"), "a\nb.py", ".tf1to2-review.json"])
def test_what_a_killed_writer_left_is_removed(target: str, tmp_path: Path) -> None:
    path = left(tmp_path, target)
    assert remove_leftovers([tmp_path]) == (path,)
    assert list(tmp_path.iterdir()) == []


def test_what_a_writer_of_this_process_holds_stays(tmp_path: Path) -> None:
    path = temporary_name(tmp_path / "a.py")
    descriptor = create(path, 0o600)
    assert remove_leftovers([tmp_path]) == ()
    os.close(descriptor)
    assert remove_leftovers([tmp_path]) == (path,)


def test_what_another_process_holds_stays_until_it_dies(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom migrate.files.temporary import create, temporary_name\n"
        f"create(temporary_name(Path({str(tmp_path / 'a.py')!r})), 0o600)\nprint(flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert remove_leftovers([tmp_path]) == ()
        process.kill()
    assert len(remove_leftovers([tmp_path])) == 1


@pytest.mark.parametrize(
    "name",
    [
        "a.py",
        ".tf1to2",
        ".a.py.tf1to2",
        ".a.py.abcd1234.tf1to2",
        ".a.py.00000000-00000000-0123456789abcdef.tf1to2",  # of another machine
        ".tf1to2-review.json",
    ],
)
def test_what_is_not_certainly_a_temporary_file_stays(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    assert remove_leftovers([tmp_path, tmp_path / "gone"]) == ()
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize("kind", ["folder", "link", "hard link", "pipe"])
def test_what_has_the_name_but_is_no_such_file_stays(kind: str, tmp_path: Path) -> None:
    mine, name = tmp_path / "mine", temporary_name(tmp_path / "a.py")
    mine.write_text("mine")
    match kind:
        case "folder":
            name.mkdir()
        case "link":
            name.symlink_to(mine)
        case "hard link":
            name.hardlink_to(mine)
        case _:
            os.mkfifo(name)
    assert remove_leftovers([tmp_path]) == ()
    assert os.path.lexists(name) and mine.read_text() == "mine"


def test_folders_below_are_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    left(tmp_path / "below")
    assert remove_leftovers([tmp_path]) == ()


def test_a_file_system_without_locks_has_nothing_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    path = left(tmp_path)
    assert remove_leftovers([tmp_path]) == ()
    assert path.exists()


def test_writers_and_cleaning_runs_at_once(tmp_path: Path) -> None:
    done = threading.Event()

    def clean() -> None:
        while not done.is_set():
            remove_leftovers([tmp_path])

    cleaner = threading.Thread(target=clean)
    cleaner.start()
    try:
        for number in range(300):
            path = temporary_name(tmp_path / f"{number}.py")
            descriptor = create(path, 0o600)
            path.replace(tmp_path / f"{number}.py")
            os.close(descriptor)
    finally:
        done.set()
        cleaner.join()
    assert len(list(tmp_path.iterdir())) == 300

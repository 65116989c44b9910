"""What a killed run left beside a target is put in order by the next one, and nothing else is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from migrate.errors import Tf1to2Error
from migrate.files.staging import FINISHED, REPLACED, recover, staging

KILLED = """
import os, signal, sys
from pathlib import Path
from migrate.files.staging import staging
with staging(Path(sys.argv[1])) as folder:
    for name in sys.argv[2:]:
        (folder / name).mkdir(parents=True)
        (folder / name / "saved_model.pb").write_text(name)
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(target: Path, *inside: str) -> Path:
    """Leave a staging folder with some folders inside, as a run does that is killed."""
    done = subprocess.run([sys.executable, "-c", KILLED, target, *inside], capture_output=True, text=True, check=False)
    folder = Path(done.stdout.strip())
    assert folder.parent == target.parent
    assert folder.is_dir()
    return folder


def test_what_is_half_made_goes(tmp_path: Path) -> None:
    killed(tmp_path / "out", FINISHED)
    recover(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_was_moved_aside_for_nothing_comes_back(tmp_path: Path) -> None:
    killed(tmp_path / "out", FINISHED, f"{REPLACED}/out")
    recover(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "saved_model.pb").read_text() == f"{REPLACED}/out"


def test_a_model_whose_successor_is_in_place_goes(tmp_path: Path) -> None:
    killed(tmp_path / "out", f"{REPLACED}/out")
    (tmp_path / "out").mkdir()
    recover(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert list((tmp_path / "out").iterdir()) == []


def test_a_model_stays_aside_where_a_person_has_put_another_in_its_place(tmp_path: Path) -> None:
    folder = killed(tmp_path / "out", FINISHED, f"{REPLACED}/out")
    (tmp_path / "out").mkdir()
    recover(tmp_path)
    assert (folder / REPLACED / "out" / "saved_model.pb").exists()


def test_what_a_living_process_works_in_stays(tmp_path: Path) -> None:
    with staging(tmp_path / "out") as folder:
        recover(tmp_path)
        assert folder.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_what_only_looks_alike_stays(tmp_path: Path) -> None:
    left = killed(tmp_path / "out", FINISHED)
    others = [
        tmp_path / name for name in (".tf1to2-mine", ".tf1to2-work-mine", f"{left.name}.old", "tf1to2-work-abcdefgh")
    ]
    unlocked = tmp_path / ".tf1to2-work-abcdefgh"
    for other in (*others, unlocked):
        (other / "thesis").mkdir(parents=True)
    link = tmp_path / ".tf1to2-work-hgfedcba"
    link.symlink_to(others[0])
    recover(tmp_path)
    assert not left.exists()
    assert all((other / "thesis").is_dir() for other in (*others, unlocked))
    assert link.is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of another user")
def test_folders_of_other_users_stay(tmp_path: Path) -> None:
    left = killed(tmp_path / "out", FINISHED)
    os.chown(left, 12345, 12345)
    recover(tmp_path)
    assert left.is_dir()


def test_a_removal_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    left = killed(tmp_path / "out")
    (left / ".lock").unlink()
    recover(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_names_as_long_as_the_disk_takes(tmp_path: Path) -> None:
    target = tmp_path / ("ä" * 127)
    with staging(target) as folder:
        (folder / FINISHED).mkdir()
        (folder / FINISHED).rename(target)
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Tf1to2Error, match="out cannot be made: "), staging(tmp_path / "file" / "out"):
        pass
    recover(tmp_path / "nowhere")

"""A rewrap that was killed costs nothing, nor do odd names and full disks: the next run cleans up and goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.errors import Tf1to2Error
from migrate.files.scratch import scratch_folder, working_folder
from migrate.rewrap_tree.job import Job
from migrate.rewrap_tree.plan import plan
from migrate.text.spelling import as_written
from tests.faults.running import tf1to2
from tests.golden import MODELS_DIR

MODEL = MODELS_DIR / "ref_simple_save" / "model"
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"

# A call that never lets another thread of its process run, as some of TensorFlow's loops; or one that does.
BUSY = """
import ctypes, os, sys, time
from migrate.processes.workers import run_all
def work(how):
    open(how, "w").write(str(os.getpid()))
    open(os.path.join(os.environ["TMPDIR"], "left by a library"), "w")
    ctypes.PyDLL(None).sleep(60) if how == "deaf" else time.sleep(60)
if __name__ == "__main__":
    list(run_all(work, [sys.argv[1]], jobs=1))
"""

# Puts models in place as a run does, and is killed before its end.
HALF_DONE = """
import os, signal, sys
from pathlib import Path
from migrate.rewrap_tree.job import Job
from migrate.rewrap_tree.journal import Journal
from migrate.rewrap_tree.publish import publish
from migrate.files.staging import staging
root = Path(sys.argv[1])
jobs = [Job(root / "t" / name, root / "out" / name) for name in ("1", "2", "3")]
with Journal(jobs) as journal:
    for job in jobs[:2]:
        with staging(job.target) as folder:
            (folder / "finished").mkdir()
            (folder / "finished" / "saved_model.pb").write_text("new")
            journal.will_publish(job.source, job.target, folder / "finished")
            publish(folder / "finished", job.target, replace=False)
    os.kill(os.getpid(), int(sys.argv[2]))
"""


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 30
    while not (path.exists() and path.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return path.read_text()


def ends(process: int) -> bool:
    """Whether a process ends within some seconds."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        state = Path(f"/proc/{process}/stat")
        if not state.exists() or " Z " in state.read_text():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at Linux' processes")
@pytest.mark.parametrize("how", ["deaf", "asleep"])
def test_workers_end_with_a_killed_parent_and_the_next_run_removes_their_files(how: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(BUSY)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "main.py", how],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    worker = int(wait_for(tmp_path / how))
    process.kill()
    process.wait()
    assert ends(worker)
    assert len(list(temporary.rglob("left by a library"))) == 1
    (tmp_path / "saved_model.pb").write_text(LFS)
    command = ("rewrap", tmp_path / "saved_model.pb", "-o", tmp_path.parent / "out-of-none")
    ended = tf1to2(*command, environment={"TMPDIR": str(temporary)})
    assert (ended.status, "git lfs pull" in ended.stderr) == (2, True)
    assert list(temporary.iterdir()) == []


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    yield tmp_path / "tmp"


@pytest.mark.parametrize("name", ["tf1to2-checkout", "tf1to2-scratch-mine", "tf1to2-scratch-abcdefgh", "other"])
def test_folders_of_others_among_the_temporary_files_stay(name: str, temporary: Path) -> None:
    (temporary / name / "thesis").mkdir(parents=True)
    with scratch_folder() as mine, scratch_folder() as another:
        assert mine != another
    assert [path.name for path in temporary.iterdir()] == [name]


def test_a_full_folder_of_temporary_files_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(Tf1to2Error, match=r"temporary files cannot be made: .*; set TMPDIR"), scratch_folder():
        pass


def test_what_a_model_writes_to_a_relative_path_goes(temporary: Path) -> None:
    before = Path.cwd()
    with working_folder():
        Path("written by the model").write_text("x")
        assert Path.cwd().is_relative_to(temporary)
    assert Path.cwd() == before
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "text", "shown"),
    [
        ("m", "{here}/m/variables is gone", "m/variables is gone"),
        ("m", "{here}/m-2 and {here}/m.old stay", "{here}/m-2 and {here}/m.old stay"),
        ("../x/m", "{here}/../x/m: no", "../x/m: no"),
        ("/m", "/m: no", "/m: no"),
    ],
)
def test_paths_are_told_as_they_were_given(given: str, text: str, shown: str) -> None:
    here = Path.cwd()
    assert as_written((text.format(here=here),), [Path(given)]) == (shown.format(here=here),)


def half_done(root: Path, by: signal.Signals = signal.SIGKILL) -> None:
    for name in ("1", "2", "3"):
        (root / "t" / name).mkdir(parents=True)
        (root / "t" / name / "saved_model.pb").write_text("old")
    subprocess.run([sys.executable, "-c", HALF_DONE, str(root), str(int(by))], check=False)


def test_a_run_after_a_kill_goes_on_without_force(tmp_path: Path) -> None:
    half_done(tmp_path)
    jobs = plan([tmp_path / "t"], tmp_path / "out", replace=False)
    assert [(job.target.name, job.resumed) for job in jobs] == [("1", True), ("2", True), ("3", False)]


@pytest.mark.parametrize("change", ["touched", "more", "replaced"])
def test_what_a_person_has_changed_since_is_not_replaced_without_force(change: str, tmp_path: Path) -> None:
    half_done(tmp_path)
    target = tmp_path / "out" / "2"
    if change == "touched":
        (target / "saved_model.pb").write_text("mine")
    elif change == "more":
        (target / "assets.extra").mkdir()
        (target / "assets.extra" / "warmup").write_text("mine")
    else:
        shutil.rmtree(target)
        shutil.copytree(MODEL, target)
    with pytest.raises(Tf1to2Error, match="2 exists; pass --force"):
        plan([tmp_path / "t"], tmp_path / "out", replace=False)


def test_another_model_does_not_take_the_place_without_force(tmp_path: Path) -> None:
    half_done(tmp_path)
    (tmp_path / "t").rename(tmp_path / "others")
    with pytest.raises(Tf1to2Error, match="1 exists; pass --force"):
        plan([tmp_path / "others"], tmp_path / "out", replace=False)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models of odd names and odd files, rewrapped from within with relative paths in one run."""
    root = tmp_path_factory.mktemp("odd")
    for name in (LONG, "ü é", "linked", "hard"):
        shutil.copytree(MODEL, root / "t" / name)
    shutil.copytree(MODEL, os.fsdecode(os.fsencode(root / "t") + b"/b\xffd"))
    (root / "t" / "linked" / "variables").rename(root / "elsewhere")
    (root / "t" / "linked" / "variables").symlink_to(root / "elsewhere")
    for file in (root / "t" / "hard").rglob("*.*"):
        os.link(file, root / f"link to {file.name}")
    (root / "tmp").mkdir()
    ended = tf1to2("rewrap", "t", "-o", "out", cwd=root, environment={"TMPDIR": str(root / "tmp")})
    ended.check_spoken()
    (root / "said.json").write_text(json.dumps([ended.status, ended.said]))
    return root


LONG = "x" * 243


@pytest.mark.parametrize("name", [LONG, "ü é", "linked", "hard"])
def test_odd_names_and_links_work(name: str, odd: Path) -> None:
    assert (odd / "out" / name / "saved_model.pb").exists()


def test_names_that_tensorflow_cannot_open_are_refused_alone(odd: Path) -> None:
    status, said = json.loads((odd / "said.json").read_text())
    assert status == 2
    assert "t/b\\xffd: its name is no UTF-8 text" in said
    assert "4 rewrapped, 1 refused" in said


def test_nothing_else_is_left(odd: Path) -> None:
    assert list((odd / "tmp").iterdir()) == []
    assert sorted(path.name for path in (odd / "out").iterdir()) == sorted([LONG, "ü é", "linked", "hard"])


@pytest.mark.parametrize("name", ["x" * 256, "x" * 249])
def test_names_that_the_disk_does_not_take_are_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    from migrate.errors import RefusedModelError
    from migrate.rewrap_tree.names import refuse_names

    with pytest.raises(RefusedModelError, match="of which the disk takes 255; choose a shorter one"):
        refuse_names(Job(MODEL, tmp_path / name), keep_failed=True)
    refuse_names(Job(MODEL, tmp_path / LONG), keep_failed=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
@pytest.mark.parametrize("full", ["out", "temporary"])
def test_a_full_disk_is_called_so(full: str, tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "none", tmp_path / "small"], check=False).returncode:
        pytest.skip("this system mounts nothing")
    try:
        (tmp_path / "small" / "fill").write_bytes(bytes(60_000))
        out = tmp_path / "small" / "out" if full == "out" else tmp_path / "out"
        environment = {"TMPDIR": str(tmp_path / "small")} if full == "temporary" else {}
        ended = tf1to2("rewrap", MODEL, "-o", out, *(["--no-verify"] if full == "out" else []), environment=environment)
        ended.check_spoken()
        assert ended.status == 2
        assert "small is full; make room" in ended.stderr or "small) is full; make room" in ended.stderr
        assert [path.name for path in (tmp_path / "small").iterdir()] == ["fill"]
        assert not out.exists()
    finally:
        subprocess.run(["umount", tmp_path / "small"], check=True)

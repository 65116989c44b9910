"""Nothing is removed but models that were to be replaced: not by `--force`, not through links, not beside a target.

A case is a layout, a command, and the words of the refusal, or what may change. A layout lists `model`, `folder/`,
`file=` and `link>place`. In the command `!` stands for `--force` and `+` for `--keep-failed`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from migrate.errors import Tf1to2Error
from migrate.processes.results import Finished
from migrate.rewrap_tree import run as module
from migrate.rewrap_tree.plan import plan
from migrate.rewrap_tree.row import RowOutcome
from migrate.rewrap_tree.run import Settings, run
from migrate.rewrap_tree.tasks import WriteTask, Written
from migrate.verify.proof import Proof, ProofOptions, WeightCheck
from tests.faults.running import tf1to2

REFUSED = [
    ("srv/m/1 srv/m/2 srv/m/3", "srv/m/3 -o srv/m !", "lies inside"),
    ("srv/m/1 srv/m/2 srv/m/3", "srv/m/3 -o srv/m", "lies inside"),
    ("srv/m/1", "srv/m/1 -o srv !", "lies inside"),
    ("srv/m/1", "srv/m/1 -o srv/m/../m/1 !", "is the model itself"),
    ("srv/m/1", "srv/m/1 -o srv/m/1/new !", "lies inside"),
    ("srv/m/1 alias>srv", "srv/m/1 -o alias/m !", "lies inside"),
    ("srv/m/1 alias>srv/m/1", "alias -o srv/m/1 !", "is the model itself"),
    ("srv/m/1 alias>srv/m/1", "srv/m/1 -o alias !", "is the model itself"),
    ("a/1 a/2", "a -o a !", "is the model itself"),
    ("a/1 a/2", "a -o a/new !", "lies inside"),
    ("a/1 alias>a", "a -o alias/new !", "lies inside"),
    ("all/a/1 all/b/1", "all/a -o all !", "lies inside"),
    # A tree that comes to OUT through a link would take its own results for sources the next time.
    ("a/1 out/ a/link>out", "a -o out !", "lies inside"),
    ("a/1 b/2 out/ out/a>b", "a b -o out !", "lies inside|is the model itself"),
    ("a b", "a b/../a -o out", "are one model"),
    ("a alias>a", "a alias -o out", "are one model"),
    ("t/1 t/2", "t t/2 -o out", "are one model"),
    ("x/a y/a", "x/a y/a -o out", "would both become"),
    ("x/a y/a/1", "x/a y/a -o out", "would lie inside"),
    ("t/m t/m.failed", "t -o out +", "would both become"),
    # What is at a target and is no model, or more than one.
    ("m serving/1 serving/2", "m -o serving !", "holds models of its own"),
    ("m serving/1 serving/2", "m -o serving", "holds models of its own"),
    ("m thesis/chapter1.tex=", "m -o thesis !", "is no model"),
    ("m out/sub/", "m -o out !", "is no model"),
    ("m out=", "m -o out !", "is not a folder"),
    ("m other link>other", "m -o link !", "is a link"),
    ("m link>nowhere", "m -o link !", "is a link"),
    ("m out out/notes.txt=", "m -o out !", "holds notes.txt"),
    ("m out out/backup/", "m -o out !", "holds backup"),
    ("m out out/variables/mine/", "m -o out !", "holds variables/mine"),
    ("m out out/assets/inner", "m -o out !", "holds assets/inner"),
    ("t/1 t/2 out/1 out/2 out/2/notes.txt=", "t -o out !", "holds notes.txt"),
    ("m out.failed=", "m -o out ! +", "is not a folder"),
    ("m out.failed", "m -o out +", "pass --force"),
    ("m out.failed out.failed/notes.txt=", "m -o out ! +", "holds notes.txt"),
    ("m out", "m -o out", "pass --force"),
]

DONE = [
    ("m out", "m -o out !", "out"),
    ("m out/", "m -o out !", "out"),
    ("m out out/assets/a.txt= out/assets.extra/x/y= out/debug/d= out/variables/variables.index=", "m -o out !", "out"),
    ("m out out/fingerprint.pb= out/keras_metadata.pb= out/.DS_Store=", "m -o out !", "out"),
    ("srv/m/1", "srv/m/1 -o srv/m/2", "srv/m/2"),
    ("srv/m/1 srv/m/2", "srv/m/1 -o srv/m/2 !", "srv/m/2"),
    ("m other notes.txt=", "m -o new/deep/out", "new"),
    ("t/1 t/2 out/7 out/notes.txt=", "t -o out", "out/1 out/2"),
    ("t/1 t/2 out/2 out/7 out/notes.txt=", "t -o out !", "out/1 out/2"),
    ("t/1 t/2 real/ out>real", "t -o out", "real"),
    ("t/a/1 t/b/1 out/a/1 out/a/2 out/c", "t -o out !", "out/a/1 out/b"),
    ("x/a y/b out/c", "x/a y/b -o out", "out/a out/b"),
    ("m m-2", "m -o m-3", "m-3"),
    ("m out.failed out.failed/notes.txt=", "m -o out !", "out"),
    ("t/a t/loop>t out/", "t -o out", "out/a"),
    ("m/sub/ m out", "m -o out !", "out"),
]


def lay_out(root: Path, layout: str) -> None:
    for entry in layout.split():
        path = root / entry.partition(">")[0].rstrip("=/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if ">" in entry:
            path.symlink_to(root / entry.partition(">")[2])
        elif entry.endswith("="):
            path.write_text(entry)
        else:
            path.mkdir(exist_ok=True)
            if not entry.endswith("/"):
                (path / "saved_model.pb").write_text(entry)


def snapshot(root: Path) -> dict[str, str]:
    """Everything below a folder: what files hold, and where links go."""
    return {str(path.relative_to(root)): _content(path) for path in sorted(root.rglob("*"))}


def _content(path: Path) -> str:
    if path.is_symlink():
        return f"a link to {path.readlink()}"
    return path.read_text() if path.is_file() else "a folder"


class Steps:
    """Writes models and proves them in this process, at once; one whose source is `bad` fails its proof."""

    meta_graphs = ("",)

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> Steps:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def call(self, function: object, task: Any) -> Any:
        if not isinstance(task, WriteTask):
            differences = ("v differs.",) if task.old.name == "bad" else ()
            return Finished(Proof("", "", weights=WeightCheck(1, 1 - len(differences), differences)))
        for name in self.meta_graphs:
            (task.target / name).mkdir(parents=True)
            (task.target / name / "saved_model.pb").write_text("new")
        return Finished(tuple(Written(name, frozenset({name}), (), 1, ()) for name in self.meta_graphs))


@pytest.fixture(autouse=True)
def steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Workers", Steps)
    monkeypatch.setattr(module, "readable", lambda source: None)
    monkeypatch.setattr(Steps, "meta_graphs", ("",))
    asked = "migrate.rewrap_tree.existing.call_in_process"
    monkeypatch.setattr(asked, lambda _, sources: frozenset(sources if len(Steps.meta_graphs) > 1 else ()))


def rewrap(root: Path, command: str) -> set[RowOutcome]:
    """Run a command of the tables, and return what became of its models."""
    words = command.split()
    force, keep = "!" in words, "+" in words
    split = words.index("-o")
    jobs = plan([root / word for word in words[:split]], root / words[split + 1], replace=force, keep_failed=keep)
    rows = run(jobs, Settings(replace=force, keep_failed=keep, proof=ProofOptions()))
    return {row.outcome for group in rows for row in group}


@pytest.mark.parametrize(("layout", "command", "words"), REFUSED)
def test_refused_before_anything_is_written(layout: str, command: str, words: str, tmp_path: Path) -> None:
    lay_out(tmp_path, layout)
    before = snapshot(tmp_path)
    with pytest.raises(Tf1to2Error, match=words) as refusal:
        rewrap(tmp_path, command)
    assert snapshot(tmp_path) == before
    if "pass --force" in str(refusal.value):
        assert rewrap(tmp_path, f"{command} !") == {RowOutcome.REWRAPPED}, "it was advised"


@pytest.mark.parametrize(("layout", "command", "changed"), DONE)
def test_done_and_nothing_else_is_touched(layout: str, command: str, changed: str, tmp_path: Path) -> None:
    lay_out(tmp_path, layout)
    before = snapshot(tmp_path)
    assert rewrap(tmp_path, command) == {RowOutcome.REWRAPPED}
    after = snapshot(tmp_path)
    may_change = tuple(changed.split())
    for snap in (before, after):
        for name in [name for name in snap if any(name == one or name.startswith(f"{one}/") for one in may_change)]:
            del snap[name]
    assert after == before
    for folder in may_change:
        assert all(file.read_text() == "new" for file in (tmp_path / folder).rglob("saved_model.pb"))


@pytest.mark.parametrize(
    ("layout", "left"),
    [
        ("m", "serve=new train=new"),
        ("m out", "serve=new train=new"),
        ("m out/serve out/train", "serve=new train=new"),
        ("m out/serve out/tpu", "serve=new tpu=out/tpu train=new"),
        ("m out/", "serve=new train=new"),
    ],
)
def test_models_of_single_meta_graphs_are_replaced_one_by_one(
    layout: str, left: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Steps, "meta_graphs", ("serve", "train"))
    lay_out(tmp_path, layout)
    assert rewrap(tmp_path, "m -o out !") == {RowOutcome.REWRAPPED}
    models = sorted((tmp_path / "out").iterdir())
    assert " ".join(f"{model.name}={(model / 'saved_model.pb').read_text()}" for model in models) == left


def test_one_model_does_not_take_the_place_of_several_even_if_the_plan_could_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, "m serving/1 serving/2")
    monkeypatch.setattr("migrate.rewrap_tree.existing.call_in_process", lambda _, sources: frozenset(sources))
    before = snapshot(tmp_path)
    assert rewrap(tmp_path, "m -o serving !") == {RowOutcome.REFUSED}
    assert snapshot(tmp_path) == before


def test_a_failed_model_is_kept_beside_and_replaces_only_a_failed_one(tmp_path: Path) -> None:
    lay_out(tmp_path, "bad out out.failed")
    assert rewrap(tmp_path, "bad -o out ! +") == {RowOutcome.PROOF_FAILED}
    assert (tmp_path / "out" / "saved_model.pb").read_text() == "out"
    assert (tmp_path / "out.failed" / "saved_model.pb").read_text() == "new"


@pytest.mark.skipif(not Path("/proc/self").exists() or os.geteuid() != 0, reason="mounts need root")
def test_a_disk_mounted_inside_a_model_is_not_emptied(tmp_path: Path) -> None:
    import subprocess

    lay_out(tmp_path, "m out out/assets/ disk/ disk/photo.jpg=")
    mount = subprocess.run(["mount", "--bind", tmp_path / "disk", tmp_path / "out" / "assets"], check=False)
    if mount.returncode != 0:
        pytest.skip("this system mounts nothing")
    try:
        with pytest.raises(Tf1to2Error, match="has another disk or folder mounted at"):
            rewrap(tmp_path, "m -o out !")
    finally:
        subprocess.run(["umount", tmp_path / "out" / "assets"], check=True)
    assert (tmp_path / "disk" / "photo.jpg").exists()


def test_the_command_line_refuses_what_deleted_versions_of_a_model(tmp_path: Path) -> None:
    lay_out(tmp_path, "srv/my_model/1 srv/my_model/2 srv/my_model/3")
    before = snapshot(tmp_path)
    for force in ((), ("--force",)):
        ended = tf1to2("rewrap", tmp_path / "srv/my_model/3", "-o", tmp_path / "srv/my_model", *force)
        ended.check_spoken()
        assert (ended.status, "--force" in ended.stderr) == (2, False)
    assert snapshot(tmp_path) == before

"""`tf1to2 rewrap` and `tf1to2 demo`, with the real steps in real processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from migrate.legacy.detect import detect
from migrate.legacy.kind import ModelKind
from tests.golden import MODELS_DIR

DEMO = Path(__file__).parents[2] / "migrate" / "demo_model"
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"


def tf1to2(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migrate", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def digest(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def copy_of(name: str, target: Path) -> Path:
    return shutil.copytree(MODELS_DIR / name / "model", target)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good models, one with two MetaGraphs, one native, and bad ones of every kind that costs no TensorFlow."""
    root = tmp_path_factory.mktemp("models")
    copy_of("ref_simple_save", root / "scorer" / "1")
    copy_of("tensor_table", root / "scorer" / "12")
    copy_of("two_meta_graphs", root / "two")
    copy_of("keras_object_graph", root / "native")
    for name in ("pointer", "page", "cut", "shard", "unknown_op", "dangling"):
        copy_of({"unknown_op": "contrib_op", "dangling": "dangling_tensor"}.get(name, "ref_simple_save"), root / name)
    (root / "pointer" / "saved_model.pb").write_text(LFS)
    (root / "page" / "saved_model.pb").write_text("<!DOCTYPE html><html></html>")
    content = (root / "cut" / "saved_model.pb").read_bytes()
    (root / "cut" / "saved_model.pb").write_bytes(content[:-20])
    next((root / "shard" / "variables").glob("*.data-*")).unlink()
    (root / "loop").symlink_to(root)
    return root


@pytest.fixture(scope="module")
def run(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    out = tmp_path_factory.mktemp("new") / "out"
    before = digest(tree)
    result = tf1to2("rewrap", tree, "-o", out, "--json", out.parent / "report.json")
    assert digest(tree) == before, "a source was touched"
    return result, out


def rows(out: Path, tree: Path) -> dict[str, Any]:
    report = json.loads((out.parent / "report.json").read_text())
    assert report["version"] == 1
    return {str(Path(row["target"]).relative_to(out)): row for row in report["models"]}


def test_every_model_has_its_row(run: Any, tree: Path) -> None:
    result, out = run
    assert {name: row["outcome"] for name, row in rows(out, tree).items()} == {
        "cut": "refused",
        "dangling": "refused",
        "native": "nothing_to_do",
        "page": "refused",
        "pointer": "refused",
        "scorer/1": "rewrapped",
        "scorer/12": "rewrapped",
        "shard": "refused",
        "two/serve": "rewrapped",
        "two/train": "rewrapped",
        "unknown_op": "refused",
    }
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_the_tree_is_mirrored_and_holds_nothing_else(run: Any) -> None:
    _, out = run
    models = sorted(str(path.parent.relative_to(out)) for path in out.rglob("saved_model.pb"))
    assert models == ["scorer/1", "scorer/12", "two/serve", "two/train"]
    assert sorted(path.name for path in out.iterdir()) == ["scorer", "two"]
    assert all(detect(out / model).kind == ModelKind.SAVED_MODEL_V2 for model in models)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("pointer", "run `git lfs pull`"),
        ("page", "HTML"),
        ("cut", "cut off or damaged"),
        ("shard", "variables.data-00000-of-00001 is missing"),
        ("unknown_op", "the op ImageConnectedComponents is not known to TensorFlow"),
        ("dangling", "'gone:0', which is not in the graph"),
        ("native", "nothing to do"),
    ],
)
def test_causes(run: Any, tree: Path, name: str, cause: str) -> None:
    result, out = run
    assert any(cause in note for note in rows(out, tree)[name]["notes"])
    assert (cause in result.stderr) == (name != "native")


def test_the_proof_is_told(run: Any, tree: Path) -> None:
    result, out = run
    row = rows(out, tree)["scorer/1"]
    assert row["proof"]["result"] == "bit-exact"
    assert row["proof"]["weights"]["compared"] == row["proof"]["weights"]["equal"] == row["variables"] == 4
    assert row["proof"]["new"] == str(out / "scorer" / "1")
    assert "bit-exact" in result.stdout
    assert "two holds 2 MetaGraphs" in result.stderr


def test_a_native_model_alone_is_a_sentence_and_success(tree: Path, tmp_path: Path) -> None:
    result = tf1to2("rewrap", tree / "native", "-o", tmp_path / "out", "--no-verify")
    assert result.returncode == 0
    assert "already is a native TF2 SavedModel: nothing to do." in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_force_replaces_and_nothing_else_does(tree: Path, tmp_path: Path) -> None:
    out = copy_of("ref_simple_save", tmp_path / "out")
    result = tf1to2("rewrap", tree / "scorer" / "1", "-o", out, "--no-verify")
    assert result.returncode == 2
    assert "exists; pass --force" in result.stderr
    assert detect(out).kind == ModelKind.SAVED_MODEL_V1
    assert tf1to2("rewrap", tree / "scorer" / "1", "-o", out, "--no-verify", "--force").returncode == 0
    assert detect(out).kind == ModelKind.SAVED_MODEL_V2
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_nothing_or_a_complete_model(tmp_path: Path, stop: signal.Signals) -> None:
    models, out = tmp_path / "models", tmp_path / "out"
    for number in range(40):
        copy_of("ref_simple_save", models / str(number))
    process = subprocess.Popen(
        [sys.executable, "-m", "migrate", "rewrap", str(models), "-o", str(out), "--no-verify"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(out.glob("*/saved_model.pb")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(stop)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (-stop if stop is signal.SIGKILL else 2)
    assert "Traceback" not in err
    for model in out.iterdir():
        if model.name.startswith(".tf1to2-"):
            assert stop is signal.SIGKILL, "staging is left only where nothing could clean up"
        else:
            assert detect(model).kind == ModelKind.SAVED_MODEL_V2
            assert digest(model).keys() >= {"saved_model.pb", "fingerprint.pb", "variables/variables.index"}
    assert 0 < len(list(out.glob("[0-9]*"))) < 40


def test_the_demo_gives_the_numbers_of_tensorflow_1_15(tmp_path: Path) -> None:
    import numpy as np
    import tensorflow as tf

    result = tf1to2("demo", "-o", tmp_path / "out", "--json", "-")
    assert result.returncode == 0
    (row,) = json.loads(result.stdout)["models"]
    assert (row["outcome"], row["proof"]["result"]) == ("rewrapped", "bit-exact")
    assert row["signatures"] == ["predict", "price", "serving_default"]
    golden = json.loads((Path(__file__).parents[2] / "fixtures" / "demo" / "golden.json").read_text())
    signature = tf.saved_model.load(str(tmp_path / "out")).signatures["predict"]
    colours, weights = zip(*golden["requests"], strict=True)
    outputs = signature(colour=tf.constant(colours), weight=tf.constant(weights))
    np.testing.assert_allclose(outputs["scores"], golden["scores"], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(outputs["price"], golden["price"], rtol=1e-5)


def test_a_model_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_text(LFS)
    result = tf1to2("rewrap", tmp_path, "-o", tmp_path.parent / "out-of-none")
    assert result.returncode == 2
    assert "run `git lfs pull`" in result.stderr
    assert "Traceback" not in result.stderr
    result = tf1to2("rewrap", tmp_path / "nothing", "-o", tmp_path.parent / "out-of-none")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"tf1to2: {tmp_path / 'nothing'} does not exist.\n"


def test_the_demo_model_is_packaged() -> None:
    files = {str(path.relative_to(DEMO)) for path in DEMO.rglob("*") if path.is_file()}
    assert {"saved_model.pb", "assets/colours.txt", "variables/variables.index"} <= files
    assert sum((DEMO / file).stat().st_size for file in files) < 40_000


@pytest.mark.parametrize("debug", [False, True])
def test_a_traceback_is_shown_with_debug_only(debug: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from migrate.cli.app import Invocation, build_app
    from migrate.rewrap_tree import run as tree_run
    from migrate.rewrap_tree.row import Row, RowOutcome

    source = MODELS_DIR / "ref_simple_save" / "model"
    row = Row(source, tmp_path / "out", RowOutcome.CRASHED, notes=("odd.",), traceback="Traceback (most recent call)")
    monkeypatch.setattr(tree_run, "running", lambda jobs, settings: contextlib.nullcontext(iter([(row,)])))
    result = CliRunner().invoke(
        build_app(), ["rewrap", str(source), "-o", str(tmp_path / "out")], obj=Invocation(debug)
    )
    assert result.exit_code == 2
    assert "odd." in result.output
    assert ("Traceback (most recent call)" in result.output) is debug


def test_outputs_by_chance_are_told() -> None:
    from migrate.cli.rewrap_table import proof_in_words
    from migrate.verify.proof import Loading, Outcome, Proof, SignatureCheck, WeightCheck

    drawn = ("sample (request 1)",)
    checks = tuple(
        SignatureCheck("s", loading, Outcome.BIT_EXACT, 2, nondeterministic=drawn)
        for loading in (Loading.TF2, Loading.TF1_SESSION)
    )
    proof = Proof("old", "new", (), checks, weights=WeightCheck(1, 1))
    assert proof_in_words(proof) == "bit-exact, but 1 output by chance"


def test_what_a_killed_run_left_is_removed_by_the_next(tree: Path, tmp_path: Path) -> None:
    left = tmp_path / "left"
    program = (
        "import sys, os, signal; from pathlib import Path; from migrate.files.staging import staging\n"
        "with staging(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, left / "out"], check=False)
    (found,) = left.iterdir()
    assert found.name.startswith(".tf1to2-work-")
    assert tf1to2("rewrap", tree / "scorer" / "1", "-o", left / "out", "--no-verify").returncode == 0
    assert [path.name for path in left.iterdir()] == ["out"]

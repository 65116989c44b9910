"""A rewrap as a whole: what it leaves behind, and what it does not touch."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.errors import RefusedModelError, Tf1to2Error, UnreadableModelError
from migrate.rewrap import ModelOptions, rewrap
from tests.golden import golden_model
from tests.graph.twin import v1
from tests.verify.tiny_models import dense, export

PROJECT = Path(__file__).parents[2]
WARMUP, TWO = golden_model("warmup_requests"), golden_model("two_meta_graphs")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("rewrap") / "model", dense, use_resource=False)


def digest(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def y(model: Path) -> Any:
    return tf.saved_model.load(str(model)).signatures["serving_default"](x=tf.constant([[1.0, 2.0, 3.0]]))["y"].numpy()


def test_the_result_tells_what_was_written(source: Path, tmp_path: Path) -> None:
    result = rewrap(source, tmp_path / "new")
    assert (result.source, result.target) == (source, tmp_path / "new")
    assert result.tags == {"serve"}
    assert (result.signatures, result.variables) == (("serving_default",), 2)
    assert result.notes == ()


def test_the_source_is_not_touched(tmp_path: Path) -> None:
    copy = shutil.copytree(WARMUP.path, tmp_path / "copy")
    before, times = digest(copy), {path: path.stat().st_mtime_ns for path in [copy, *copy.rglob("*")]}
    rewrap(copy, tmp_path / "new")
    assert digest(copy) == before
    assert {path: path.stat().st_mtime_ns for path in [copy, *copy.rglob("*")]} == times


def test_a_read_only_source_gives_a_model_that_can_be_changed(tmp_path: Path) -> None:
    """The new model takes over bytes, not permissions: its owner may move, change and remove it."""
    copy = shutil.copytree(WARMUP.path, tmp_path / "copy")
    for path in [*copy.rglob("*"), copy]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    rewrap(copy, tmp_path / "new")
    for path in [tmp_path / "new", *(tmp_path / "new").rglob("*")]:
        assert path.stat().st_mode & 0o200, path
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o755)


def test_extra_assets_come_byte_for_byte(tmp_path: Path) -> None:
    rewrap(WARMUP.path, tmp_path / "new")
    assert digest(tmp_path / "new" / "assets.extra") == digest(WARMUP.path / "assets.extra") != {}


@pytest.mark.parametrize("name", ["with space", "größe 字", "a" * 250, "dot.", "-dash", "deep/er/new"])
def test_any_path(name: str, source: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(source, tmp_path / "from" / name)
    rewrap(copy, tmp_path / "to" / name)
    assert y(tmp_path / "to" / name).tolist() == y(source).tolist()


def test_a_very_long_path(source: Path, tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*(["d" * 200] * 12))
    deep.mkdir(parents=True)
    rewrap(source, deep / "new")
    assert y(deep / "new").tolist() == y(source).tolist()


def test_a_relative_path(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(source, tmp_path / "old")
    monkeypatch.chdir(tmp_path)
    rewrap(Path("old"), Path("new"))
    assert y(tmp_path / "new").tolist() == y(source).tolist()


def test_a_moved_copy_and_a_second_save(tmp_path: Path) -> None:
    golden = golden_model("vocab_classify_regress_predict")
    copy = shutil.copytree(golden.path, tmp_path / "copy")
    rewrap(copy, tmp_path / "new")
    shutil.rmtree(copy)
    (tmp_path / "new").rename(tmp_path / "moved")
    loaded = tf.saved_model.load(str(tmp_path / "moved"))
    tf.saved_model.save(loaded, str(tmp_path / "second"), signatures=loaded.signatures)
    shutil.rmtree(tmp_path / "moved")
    second = tf.saved_model.load(str(tmp_path / "second"))
    (sequence, *_) = golden.meta_graphs[0].sequences
    for call in sequence.calls:
        outputs = second.signatures[call.signature](**{k: tf.constant(v) for k, v in call.inputs.items()})
        assert set(outputs) == set(call.outputs or {})


@pytest.mark.parametrize("graph", TWO.meta_graphs, ids=lambda graph: "-".join(graph.tags))
def test_tags_choose_a_meta_graph(graph: Any, tmp_path: Path) -> None:
    result = rewrap(TWO.path, tmp_path / "new", ModelOptions(tags=frozenset(graph.tags)))
    assert set(result.signatures) == set(graph.signatures)
    with v1.Session(graph=tf.Graph()) as session:
        v1.saved_model.load(session, list(graph.tags), str(tmp_path / "new"))


@pytest.mark.parametrize(
    ("options", "error"),
    [(ModelOptions(), RefusedModelError), (ModelOptions(tags=frozenset({"other"})), UnreadableModelError)],
)
def test_tags_that_do_not_choose(options: ModelOptions, error: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(error):
        rewrap(TWO.path, tmp_path / "new", options)
    assert list(tmp_path.iterdir()) == []


def test_something_at_the_target_is_refused_and_left_alone(source: Path, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("mine")
    with pytest.raises(Tf1to2Error, match="new exists already"):
        rewrap(source, tmp_path / "new")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Tf1to2Error, match="link exists already"):
        rewrap(source, tmp_path / "link")
    assert (tmp_path / "new").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "new"]


def test_a_parent_that_is_a_file_is_refused(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Tf1to2Error, match="cannot be made: file exists"):
        rewrap(source, tmp_path / "file" / "new")


def test_an_op_library_that_is_none_is_refused(source: Path, tmp_path: Path) -> None:
    (tmp_path / "ops.so").write_bytes(b"nothing")
    with pytest.raises(UnreadableModelError, match="the op library"):
        rewrap(source, tmp_path / "new", ModelOptions(op_libraries=(tmp_path / "ops.so",)))
    assert [path.name for path in tmp_path.iterdir()] == ["ops.so"]


def test_two_rewraps_of_one_model_differ_in_nothing_that_clients_see(source: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        rewrap(source, tmp_path / name)
    one, two = (digest(tmp_path / name) for name in ("one", "two"))
    assert one.keys() == two.keys()
    weights = [name for name in one if ".data-" in name]
    assert {name: one[name] for name in weights[:1]} == {name: two[name] for name in weights[:1]}


_KILLED = """
import os, signal, sys
from pathlib import Path
import tensorflow as tf
import migrate.native_module.writing as writing
from migrate.rewrap import rewrap

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

moment, source, target = sys.argv[1:]
match moment:
    case "before the save": tf.saved_model.save = die
    case "amid the weights":
        import migrate.native_module.weights as weights
        weights.write_index = die
    case "before the rename": Path.rename = die
rewrap(Path(source), Path(target))
"""


def test_a_killed_run_leaves_nothing_under_the_name(source: Path, tmp_path: Path) -> None:
    moments = ["before the save", "amid the weights", "before the rename"]
    children = [
        subprocess.Popen(
            [sys.executable, "-c", _KILLED, moment, str(source), str(tmp_path / moment / "new")],
            cwd=PROJECT,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        for moment in moments
    ]
    for moment, child in zip(moments, children, strict=True):
        assert child.wait(timeout=200) == -signal.SIGKILL, moment
        left = [path.name for path in (tmp_path / moment).iterdir()]
        assert all(name.startswith(".tf1to2-") for name in left), moment
        # What is left is in nobody's way.
        rewrap(source, tmp_path / moment / "new")
        assert y(tmp_path / moment / "new").tolist() == y(source).tolist()

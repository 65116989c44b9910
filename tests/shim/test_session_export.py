"""`export_session` writes what a session holds, and leaves the session alone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.legacy.saved_model import read_saved_model
from migrate.shim import export_session
from tests.graph.twin import v1
from tests.verify.tiny_models import CLASSIFY, PREDICT, signature_def

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def session() -> Any:
    """A session with `x`, `w`, `y`, and a table from a vocabulary file."""
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [None], name="x")
        w = v1.get_variable("w", initializer=2.0, use_resource=False)
        v1.get_variable("extra", initializer=5.0, use_resource=True)
        tf.multiply(x, w, name="y")
        init = v1.global_variables_initializer()
        with v1.Session(graph=graph) as opened:
            opened.run(init)
            yield opened


def tensor(session: Any, name: str) -> Any:
    return session.graph.get_tensor_by_name(f"{name}:0")


def export(session: Any, folder: Any, **options: Any) -> bytes:
    path: bytes = export_session(session, folder, {"x": tensor(session, "x")}, {"y": tensor(session, "y")}, **options)
    return path


def served(folder: Any) -> Any:
    return (
        tf.saved_model.load(str(folder)).signatures["serving_default"](x=tf.constant([1.0, 2.0]))["y"].numpy().tolist()
    )


def test_as_simple_save_did(session: Any, tmp_path: Path) -> None:
    assert export(session, tmp_path / "export") == str(tmp_path / "export" / "saved_model.pb").encode()
    (meta_graph,) = read_saved_model(tmp_path / "export").meta_graphs
    assert meta_graph.HasField("object_graph_def")
    assert list(meta_graph.meta_info_def.tags) == ["serve"]


def test_the_session_goes_on(session: Any, tmp_path: Path) -> None:
    nodes = session.graph.as_graph_def().node
    before = [node for node in nodes if not node.name.startswith("save")]
    export(session, tmp_path / "first")
    session.run(v1.assign(session.graph.get_collection("variables")[0], 7.0))
    export(session, tmp_path / "second")
    assert session.run("y:0", {"x:0": [1.0]}).tolist() == [7.0]
    kept = {node.name for node in session.graph.as_graph_def().node}
    assert {node.name for node in before} <= kept
    # With a graph as the default one, which tf.saved_model.load cannot stand in.
    found = in_thread(lambda: (served(tmp_path / "first"), served(tmp_path / "second")))
    assert found == ([2.0, 4.0], [7.0, 14.0])


def in_thread(action: Callable[[], Any]) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(action()))
    thread.start()
    thread.join()
    return found[0]


def test_from_a_thread(session: Any, tmp_path: Path) -> None:
    in_thread(lambda: export(session, tmp_path / "export"))
    assert in_thread(lambda: served(tmp_path / "export")) == [2.0, 4.0]


@pytest.mark.parametrize("spelled", [os.fsencode, str, Path])
@pytest.mark.parametrize("name", ["export", "with space", "größe", "a" * 250])
def test_any_path(name: str, spelled: Callable[[Path], Any], session: Any, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    export(session, spelled(tmp_path / name))
    assert {path.name for path in (tmp_path / name).iterdir()} >= {"saved_model.pb", "variables", "fingerprint.pb"}
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_only_what_the_saver_names_is_stored(session: Any, tmp_path: Path) -> None:
    w = session.graph.get_collection("variables")[0]
    export(session, tmp_path / "export", saver=v1.train.Saver({"renamed": w}))
    loaded = in_thread(lambda: tf.saved_model.load(str(tmp_path / "export")))
    assert in_thread(lambda: {one.name: one.numpy() for one in loaded.variables}) == {"w:0": 2.0}


def test_an_init_op_runs_once_and_its_values_are_stored(session: Any, tmp_path: Path) -> None:
    w = session.graph.get_collection("variables")[0]
    export(session, tmp_path / "export", init_op=v1.assign(w, 11.0).op)
    assert in_thread(lambda: served(tmp_path / "export")) == [11.0, 22.0]
    assert session.run(w) == 2.0


@pytest.mark.parametrize("option", ["assets", "assets_collection"])
def test_assets_go_with_the_model(option: str, session: Any, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("zero\none\ntwo\n")
    initializer = tf.lookup.TextFileInitializer(
        str(tmp_path / "words.txt"),
        tf.string,
        tf.lookup.TextFileIndex.WHOLE_LINE,
        tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )
    word = v1.placeholder(tf.string, [None], name="word")
    number = tf.lookup.StaticHashTable(initializer, -1).lookup(word)
    export_session(
        session,
        tmp_path / "export",
        {"word": word},
        {"number": number},
        init_op=v1.tables_initializer(),
        **{option: v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS)},
    )
    (tmp_path / "words.txt").unlink()
    (tmp_path / "export").rename(tmp_path / "moved")
    loaded = in_thread(lambda: tf.saved_model.load(str(tmp_path / "moved")))
    function = loaded.signatures["serving_default"]
    found = in_thread(lambda: function(word=tf.constant(["two", "?"]))["number"].numpy().tolist())
    assert found == [2, -1]
    assert (tmp_path / "moved" / "assets" / "words.txt").read_text() == "zero\none\ntwo\n"


def test_signatures_and_tags(session: Any, tmp_path: Path) -> None:
    x, y = tensor(session, "x"), tensor(session, "y")
    signatures = {"one": signature_def({"a/b": x}, {"c": y}, CLASSIFY), "two": signature_def({"x": x}, {"x": x}, "")}
    export_session(session, tmp_path / "export", signatures=signatures, tags=["gpu", "serve"], clear_devices=True)
    (meta_graph,) = read_saved_model(tmp_path / "export").meta_graphs
    assert set(meta_graph.meta_info_def.tags) == {"gpu", "serve"}
    written = {key: one for key, one in meta_graph.signature_def.items() if not key.startswith("__")}
    assert {key: (list(one.inputs), list(one.outputs), one.method_name) for key, one in written.items()} == {
        "one": (["a/b"], ["c"], CLASSIFY),
        "two": (["x"], ["x"], ""),
    }


def test_no_signature(session: Any, tmp_path: Path) -> None:
    export_session(session, tmp_path / "export", signatures={})
    loaded = in_thread(lambda: tf.saved_model.load(str(tmp_path / "export")))
    assert (len(loaded.variables), dict(loaded.signatures)) == (2, {})


@pytest.mark.parametrize("missing", [{}, {"inputs": {}}, {"outputs": {}}])
def test_neither_signatures_nor_tensors(missing: dict[str, Any], session: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs `inputs` and `outputs`, or `signatures`"):
        export_session(session, tmp_path / "export", **missing)
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_needs_another_placeholder_is_refused(session: Any, tmp_path: Path) -> None:
    signatures = {"serving_default": signature_def({}, {"y": tensor(session, "y")}, PREDICT)}
    with pytest.raises(RefusedModelError, match="placeholder 'x'"):
        export_session(session, tmp_path / "export", signatures=signatures)
    assert [path.name for path in tmp_path.iterdir()] == ["export"]
    assert list((tmp_path / "export").iterdir()) == []


_GRAPH_MODE = """
import sys
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
from migrate.shim import export_session, load
from migrate.errors import Tf1to2Error

x = tf.placeholder(tf.float32, [None], name="x")
w = tf.get_variable("w", initializer=2.0)
y = tf.cond(tf.reduce_sum(x) > 0.0, lambda: x * w, lambda: x - w)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    export_session(session, sys.argv[1], {"x": x}, {"y": y})
    assert session.run(y, {x: [1.0]}).tolist() == [2.0]
    assert tf.get_default_graph() is session.graph
try:
    load(sys.argv[1])
except Tf1to2Error as error:
    print(error)
"""


def test_with_v2_behaviour_disabled(tmp_path: Path) -> None:
    """The whole program in a process of its own, the export in another that it starts."""
    done = subprocess.run(
        [sys.executable, "-c", _GRAPH_MODE, str(tmp_path / "export")],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr
    assert "in eager execution only" in done.stdout
    assert served(tmp_path / "export") == [2.0, 4.0]


def test_what_the_own_graph_does_outside_is_not_asked_about(tmp_path: Path) -> None:
    """A vocabulary that is no asset, a file that is read at each call: the program's own, and written as TF1 did."""
    (tmp_path / "words.txt").write_text("a\nb\n")
    with v1.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        table = tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64)
        init = tf.raw_ops.InitializeTableFromTextFileV2(
            table_handle=table, filename=str(tmp_path / "words.txt"), key_index=-2, value_index=-1
        )
        x = v1.placeholder(tf.string, [None], name="x")
        found = tf.raw_ops.LookupTableFindV2(table_handle=table, keys=x, default_value=tf.constant(-1, tf.int64))
        size = tf.strings.length(tf.io.read_file(str(tmp_path / "words.txt")))
        session.run(init)
        export_session(session, tmp_path / "export", {"x": x}, {"y": found, "size": size}, init_op=init)
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        loaded = v1.saved_model.load(session, ["serve"], str(tmp_path / "export"))
        outputs = {key: info.name for key, info in loaded.signature_def["serving_default"].outputs.items()}
        fed = {loaded.signature_def["serving_default"].inputs["x"].name: [b"b", b"?"]}
        values = session.run(outputs, fed)
    assert (values["y"].tolist(), values["size"].item()) == ([1, -1], 4)

"""Programs that import TensorFlow by names run on the installed release once they are migrated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PROJECT = Path(__file__).parents[1]

RECEIVER = """
from tensorflow import estimator, keras, float32, placeholder


def fn():
    x = placeholder(float32, [None, 4])
    return estimator.export.ServingInputReceiver({"dense_input": x}, {"numbers": x})


model = keras.Sequential([keras.layers.Dense(2, input_shape=(4,), kernel_initializer="ones", name="dense")])
model.compile("sgd", "mse")
made = keras.estimator.model_to_estimator(keras_model=model)
made.export_saved_model("out", fn)
"""
LIVE = """
from tensorflow import placeholder, Session, Graph, layers
from tensorflow import float32, ones_initializer, saved_model, global_variables_initializer

with Graph().as_default():
    x = placeholder(float32, [None, 4], name="numbers")
    y = layers.dense(x, 2, kernel_initializer=ones_initializer())
    with Session() as session:
        session.run(global_variables_initializer())
        saved_model.simple_save(session, "out/1", {"numbers": x}, {"dense": y})
"""
FROZEN = """
from tensorflow import placeholder, Session, Graph, layers
from tensorflow import float32, constant, import_graph_def, matmul, saved_model


def frozen():
    with Graph().as_default() as graph:
        matmul(placeholder(float32, [None, 4], name="numbers"), constant([[1.0, 1.0]] * 4), name="dense")
    return graph.as_graph_def()


with Session(graph=Graph()) as session:
    import_graph_def(frozen(), name="")
    x = session.graph.get_tensor_by_name("numbers:0")
    y = session.graph.get_tensor_by_name("dense:0")
    saved_model.simple_save(session, "out/1", inputs={"numbers": x}, outputs={"dense": y})
"""


def _run(folder: Path, *arguments: str) -> None:
    paths = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": paths}
    environment.pop("TF_USE_LEGACY_KERAS", None)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    ("program", "mode", "outcome"),
    [
        pytest.param(RECEIVER, "auto", "native", id="a receiver of a Keras model, without TensorFlow itself"),
        pytest.param(LIVE, "auto", "shim", id="names of both generations in one import, in graph mode"),
        pytest.param(FROZEN, "eager", "native", id="names of both generations in one import, in eager mode"),
    ],
)
def test_a_program_that_imports_names_runs(program: str, mode: str, outcome: str, tmp_path: Path) -> None:
    import tensorflow as tf

    (tmp_path / "export.py").write_text(program)
    _run(
        tmp_path, "-m", "migrate", "codemod", "--write", "--mode", mode, "--json", str(tmp_path / "r.json"), "export.py"
    )
    sites: list[dict[str, Any]] = json.loads((tmp_path / "r.json").read_text())["files"][0]["sites"]
    assert {site["outcome"] for site in sites if not site["rule"].startswith("SM9")} == {outcome}
    assert "None." not in (tmp_path / "export.py").read_text()
    _run(tmp_path, "export.py")
    (exported,) = (path.parent for path in (tmp_path / "out").glob("*/saved_model.pb"))
    serve = tf.saved_model.load(str(exported)).signatures["serving_default"]
    (found,) = serve(numbers=tf.constant([[1.0, 2.0, 3.0, 4.0]])).values()
    np.testing.assert_allclose(found, [[10.0, 10.0]])

"""Migrated Estimator programs export what TensorFlow 1.15.5 exported from the same checkpoints."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from tests.exports import compare_export, missing_variables
from tests.shim.estimator.programs import MIGRATED, checkpoint_folder, golden, migrated

pytestmark = pytest.mark.filterwarnings(
    "ignore:`tf.layers:UserWarning", "ignore:`tf.nn:UserWarning", "ignore:The initializer:UserWarning"
)

KERAS = {"keras_model", "keras_sequential"}
# Placeholders at the top level and shared embeddings need a graph, as in graph mode.
NEED_A_GRAPH = {"combined_classifier", "dnn_regressor"}

EXPORT_IN_GRAPH_MODE = """
import pathlib, sys
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
from tests.shim.estimator.programs import checkpoint_folder, migrated
for name in sys.argv[2:]:  # without a __main__ guard, as many a script
    migrated(name).export(str(checkpoint_folder(name)), str(pathlib.Path(sys.argv[1]) / name))
"""


def assert_as_golden(name: str, saved_model: Path, tmp_path: Path) -> None:
    work = tmp_path / f"judge {name}"
    work.mkdir()
    shutil.copytree(saved_model, work / "copy")
    assert compare_export(golden(name), saved_model, work) == []
    assert missing_variables(golden(name), work / "copy") == []


@pytest.mark.parametrize("name", sorted(set(MIGRATED) - KERAS))
def test_same_contract_and_numbers(name: str, tmp_path: Path) -> None:
    with tf.Graph().as_default() if name in NEED_A_GRAPH else contextlib.nullcontext():
        returned = migrated(name).export(str(checkpoint_folder(name)), str(tmp_path / "exports"))
    saved_model = Path(os.fsdecode(returned))
    assert [path.name for path in saved_model.parent.iterdir()] == [saved_model.name]
    assert_as_golden(name, saved_model, tmp_path)


def test_graph_mode_gives_the_same(tmp_path: Path) -> None:
    """With v2 behaviour disabled in the whole process, which then cannot write a TF2 SavedModel itself."""
    names = [*sorted(NEED_A_GRAPH), "custom_rnn"]  # the last one with the control flow of TensorFlow 1
    script = tmp_path / "script.py"
    script.write_text(EXPORT_IN_GRAPH_MODE)
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, script, tmp_path, *names], check=True, env=environment, capture_output=True)
    for name in names:
        (saved_model,) = (tmp_path / name).iterdir()
        assert_as_golden(name, saved_model, tmp_path)


def test_keras_model_with_the_weights_of_its_estimator(tmp_path: Path) -> None:
    exported = migrated("keras_model").export(str(checkpoint_folder("keras_model")), str(tmp_path / "export"))
    assert compare_export(golden("keras_model"), Path(exported), tmp_path) == []

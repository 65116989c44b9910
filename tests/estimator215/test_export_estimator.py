"""Real Estimators of TensorFlow 2.15.1, canned ones included, export natively what TensorFlow 1.15.5 exported."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.shim.estimator import EstimatorTypeError, export_estimator
from tests.estimator215.programs import compat_program
from tests.exports import compare_export, missing_variables
from tests.shim.estimator.programs import checkpoint_folder, golden

pytestmark = pytest.mark.filterwarnings("ignore:`tf.layers:UserWarning")

CANNED = [
    "baseline_classifier",
    "baseline_regressor",
    "combined_classifier",
    "combined_json",
    "combined_regressor",
    "dnn_classifier",
    "dnn_classifier_labels",
    "linear_classifier",
    "linear_regressor",
    "warm_start",
    "warm_start_settings",
]
OF_A_KERAS_MODEL = """
import sys
import tensorflow as tf
from migrate.shim.estimator import export_estimator
from tests.estimator215.programs import compat_program
program = compat_program("keras_model")
with tf.Graph().as_default():
    exported = export_estimator(program.build(sys.argv[1]), sys.argv[2], program.serving_input_receiver_fn)
print(exported.decode())
"""
PROJECT = Path(__file__).parents[2]
FROM_ESTIMATOR = {
    "custom_default": lambda program, folder: program.build(folder),
    "custom_several_outputs": lambda program, folder: tf.compat.v1.estimator.Estimator(program.model_fn, folder),
    "custom_tensor": lambda program, folder: tf.compat.v1.estimator.Estimator(program.model_fn, folder),
}


class ThroughExportEstimator:
    """An Estimator whose exports go through `export_estimator`, so that a program's own export call can be used."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def export_saved_model(self, *args: Any, **kwargs: Any) -> bytes:
        return export_estimator(self._estimator, *args, **kwargs)

    export_savedmodel = export_saved_model


def assert_as_golden(name: str, exported: bytes, tmp_path: Path) -> None:
    saved_model = Path(exported.decode())
    assert [path.name for path in saved_model.parent.iterdir() if path.name.startswith("temp")] == []
    shutil.copytree(saved_model, tmp_path / "copy")
    assert compare_export(golden(name), saved_model, tmp_path) == []
    assert missing_variables(golden(name), tmp_path / "copy") == []


@pytest.mark.parametrize("name", CANNED)
def test_canned(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tf.Graph().as_default():
        program = compat_program(name)
        build: Callable[..., Any] = program.build
        monkeypatch.setattr(program, "build", lambda *args, **kwargs: ThroughExportEstimator(build(*args, **kwargs)))
        exported = program.export(str(checkpoint_folder(name)), str(tmp_path / "exports"))
    assert_as_golden(name, exported, tmp_path)


@pytest.mark.parametrize("name", sorted(FROM_ESTIMATOR))
def test_custom(name: str, tmp_path: Path) -> None:
    program = compat_program(name)
    estimator = FROM_ESTIMATOR[name](program, str(checkpoint_folder(name)))
    exported = export_estimator(estimator, tmp_path / "exports", program.serving_input_receiver_fn)
    assert_as_golden(name, exported, tmp_path)


def test_of_a_keras_model(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(checkpoint_folder("keras_model"), folder)  # model_to_estimator writes there
    # In a process of its own: there is one Keras in it, and one session of Keras.
    command = [sys.executable, "-W", "ignore", "-c", OF_A_KERAS_MODEL, str(folder), str(tmp_path / "exports")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:].decode()
    assert_as_golden("keras_model", done.stdout.splitlines()[-1], tmp_path)


def test_text_and_extra_assets_and_a_named_checkpoint(tmp_path: Path) -> None:
    program = compat_program("custom_checkpoint_path")
    folder = checkpoint_folder("custom_checkpoint_path")
    exported = export_estimator(
        tf.compat.v1.estimator.Estimator(program.model_fn, str(folder)),
        tmp_path / "exports",
        tf.compat.v1.estimator.export.build_raw_serving_input_receiver_fn(
            {"x": tf.zeros([2, 3])}, default_batch_size=2
        ),
        assets_extra={"docs/README.txt": str(folder.parent / "notes.txt")},
        as_text=True,
        checkpoint_path=folder / "model.ckpt-4",
    )
    saved_model = Path(exported.decode())
    assert (saved_model / "saved_model.pbtxt").is_file() and not (saved_model / "saved_model.pb").exists()
    assert (saved_model / "assets.extra/docs/README.txt").read_bytes() == (folder.parent / "notes.txt").read_bytes()
    assert_as_golden("custom_checkpoint_path", exported, tmp_path)


def test_what_is_no_estimator_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EstimatorTypeError, match="Sequential is no Estimator"):
        export_estimator(tf.keras.Sequential(), tmp_path, lambda: None)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_become_native_is_refused_in_terms_of_the_model(tmp_path: Path) -> None:
    program = compat_program("custom_tensor")

    def calling_python(features: Any, labels: Any, mode: str) -> Any:
        total = program.model_fn(features, labels, mode).predictions
        python = tf.compat.v1.py_func(lambda array: array, [total], tf.float32)
        return tf.compat.v1.estimator.EstimatorSpec(mode, predictions=python)

    folder = str(checkpoint_folder("custom_tensor"))
    estimator = tf.compat.v1.estimator.Estimator(calling_python, folder)
    with pytest.raises(RefusedModelError, match=rf"^The model of {folder}: the op PyFunc calls a Python function"):
        export_estimator(estimator, tmp_path / "exports", program.serving_input_receiver_fn)
    assert list((tmp_path / "exports").iterdir()) == []


def test_a_failing_export_leaves_nothing_behind(tmp_path: Path) -> None:
    program = compat_program("custom_tensor")
    estimator = tf.compat.v1.estimator.Estimator(program.model_fn, str(tmp_path / "untrained"))
    with pytest.raises(ValueError, match="untrained"):
        export_estimator(estimator, tmp_path / "exports", program.serving_input_receiver_fn)
    assert list((tmp_path / "exports").iterdir()) == []

"""`tf1to2 codemod --keras` on an Estimator program: the Keras model exports the contract, trains on, and changes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.exports import compare_export
from tests.golden import read_golden

PROJECT = Path(__file__).parents[1]
PROGRAM = PROJECT / "fixtures" / "estimators" / "custom_default"
SECONDS = 280

TRAIN_ON = """
import before
import numpy as np
import tensorflow as tf
model = before.KerasModel()
model.build_from(before.serving_input_receiver_fn)
model.load_tf1_checkpoint(tf.train.latest_checkpoint("checkpoint"))
model.export("exports/first")
model.compile(optimizer="sgd")
model.fit(before.train_input_fn().take(1), steps_per_epoch=1, verbose=0)
model.export("exports/second")
rows = tf.constant([[1.0, 2.0, 3.0, 4.0]])
first, second = (
    tf.saved_model.load(f"exports/{name}").signatures["serving_default"](image=rows)["probabilities"]
    for name in ("first", "second")
)
assert not np.allclose(first, second), "the training step did not reach the export"
np.testing.assert_allclose(model({"image": rows})["probabilities"], second, rtol=1e-5)
"""


def test_the_keras_model_of_a_program(tmp_path: Path) -> None:
    program = tmp_path / "program"
    shutil.copytree(PROGRAM, program, ignore=shutil.ignore_patterns("after.py", "golden.json"))
    environment = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
    environment |= {"PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    # Beside tf.estimator the codemod would leave Estimators as they are.
    codemod = ["-m", "migrate", "codemod", "--write", "--keras", "--tensorflow", "2.16", "before.py"]
    for command in (codemod, ["-c", TRAIN_ON]):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=program,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    assert compare_export(read_golden(PROGRAM / "golden.json"), program / "exports" / "first", tmp_path) == []

"""The codemod beside TensorFlow 2.15: the program keeps its Estimators, trains, and every export is native."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.exports import contract_differences, foreign_forms, read_proto
from tests.shim.estimator.programs import ESTIMATORS_DIR, golden

PROJECT = Path(__file__).parents[2]
TRAIN_AND_EXPORT = "import before; before.train('model'); before.export('model', 'exported')"


def test_a_program_with_exporters_trains_and_exports(tmp_path: Path) -> None:
    shutil.copy(ESTIMATORS_DIR / "exporters" / "before.py", tmp_path)
    migrate_and_run(tmp_path)
    text = (tmp_path / "before.py").read_text(encoding="utf-8")
    assert text.count("native_exporter(tf.estimator.") == 3
    assert "return tf.estimator.LinearRegressor(" in text
    exported = [*tmp_path.glob("model/export/*/*"), *tmp_path.glob("exported/final/*")]
    assert sorted(path.parent.name for path in exported) == ["best", "final", "final", "latest"]
    for path in exported:
        proto = read_proto(path)
        assert [*contract_differences(golden("exporters"), proto), *foreign_forms(proto)] == []


def test_a_program_for_tpus_trains_and_exports(tmp_path: Path) -> None:
    shutil.copy(ESTIMATORS_DIR / "custom_tpu" / "before.py", tmp_path)
    migrate_and_run(tmp_path)
    text = (tmp_path / "before.py").read_text(encoding="utf-8")
    assert "return tf.estimator.tpu.TPUEstimator(" in text  # its tf is compat.v1
    assert "tf.contrib" not in text
    (path,) = tmp_path.glob("exported/*")
    proto = read_proto(path)
    assert [*contract_differences(golden("custom_tpu"), proto), *foreign_forms(proto)] == []


def migrate_and_run(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    for command in (["-m", "migrate", "codemod", "--write", "before.py"], ["-c", TRAIN_AND_EXPORT]):
        done = subprocess.run(
            [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]

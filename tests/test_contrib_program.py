"""SM902 on code that runs: the migrated program computes what `tf.contrib` computed on TensorFlow 1.15.5."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from codemods.engine.file_plans import Surroundings, plan_file
from codemods.rules.sm901_compat_v1 import CompatV1
from codemods.rules.sm902_contrib import Contrib
from codemods.site import Outcome
from codemods.source.mode import Mode

PROJECT = Path(__file__).parents[1]
FIXTURE = PROJECT / "fixtures" / "contrib"


def test_the_migrated_program_computes_the_same(tmp_path: Path) -> None:
    source = (FIXTURE / "before.py").read_bytes()
    around = Surroundings(Mode.GRAPH, migrates=True, legacy_keras=True)
    plan = plan_file("before.py", source, [CompatV1(), Contrib()], around)
    assert plan.document is not None
    assert {site.outcome for site in plan.sites} == {Outcome.NATIVE, Outcome.SHIM}
    migrated = plan.document.apply(plan.sites)
    assert b"tf.contrib." not in migrated.partition(b'"""\n')[2]
    (tmp_path / "after.py").write_bytes(migrated)
    environment = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
    environment |= {"PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "after.py", "found.json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    golden = json.loads((FIXTURE / "golden.json").read_text())
    found = json.loads((tmp_path / "found.json").read_text())
    assert len(golden) == len(found) == 50
    for expected, value in zip(golden, found, strict=True):
        assert value == (expected if isinstance(expected[0], str) else pytest.approx(expected, rel=1e-6, abs=1e-6))

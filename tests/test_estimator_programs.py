"""The Estimator programs of ``fixtures/estimators`` through the codemod: what it finds, and what they export on TF 2.

All programs are migrated by one run; their exports are made by three processes, two at a time, since a program in graph
mode switches v2 behaviour off for its whole process.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.exports import compare_export, missing_variables
from tests.golden import read_golden

PROJECT = Path(__file__).parents[1]
ESTIMATORS = PROJECT / "fixtures" / "estimators"
NAMES = sorted(path.parent.name for path in ESTIMATORS.glob("*/before.py"))
EAGER = ["keras_model", "keras_sequential"]
RULES = ("SM111", "SM112", "SM113")
SECONDS = 280
# Also where the installed TensorFlow has Estimators still: for that target see tests/estimator215.
CODEMOD = [sys.executable, "-m", "migrate", "codemod", "--write", "--tensorflow", "2.16"]

# What finishes an export in graph mode is a fresh process; here one process does it for all programs of a batch.
RUN = """
import importlib.util, json, multiprocessing, pathlib, sys, traceback
from concurrent.futures import ProcessPoolExecutor
from migrate.shim import finish
pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
finish._finish_in_fresh_process = lambda *folders: pool.submit(finish._finish_here, *folders).result()
migrated, results = pathlib.Path(sys.argv[1]), {}
for name in sys.argv[3:]:
    try:
        spec = importlib.util.spec_from_file_location(name, migrated / name / "before.py")
        program = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(program)
        export = program.export(str(migrated / name / "checkpoint"), str(migrated / name / "exports"))
        results[name] = {"export": export.decode() if isinstance(export, bytes) else export}
    except Exception:
        results[name] = {"error": traceback.format_exc()}
pathlib.Path(sys.argv[2]).write_text(json.dumps(results))
"""


@dataclass(frozen=True, slots=True)
class Migrated:
    """The programs after the codemod, its report, and the exports under way (by name; a failure is its traceback)."""

    folder: Path
    sites: dict[str, list[dict[str, Any]]]
    exports: dict[str, "Future[dict[str, dict[str, str]]]"]

    def export(self, name: str) -> Path:
        """The SavedModel that a program wrote, waited for."""
        result = self.exports[name].result()[name]
        assert "error" not in result, result["error"][-3000:]
        return Path(result["export"])


def environment() -> dict[str, str]:
    """That of a user: TF_USE_LEGACY_KERAS is not set, the programs must ask for it."""
    kept = {name: value for name, value in os.environ.items() if name not in ("TF_USE_LEGACY_KERAS", "KERAS_BACKEND")}
    return {**kept, "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migrated]:
    """Migrates all programs at once and starts their exports."""
    folder = tmp_path_factory.mktemp("estimators")
    for name in NAMES:
        shutil.copytree(ESTIMATORS / name, folder / name, ignore=shutil.ignore_patterns("after.py", "golden.json"))
    report = folder / "report.json"
    done = subprocess.run(
        [*CODEMOD, "--json", str(report), str(folder)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    files = {file["path"]: file for file in json.loads(report.read_text())["files"]}
    assert not [file for file in files.values() if file["status"] == "failed"]
    sites = {name: files.get(f"{name}/before.py", {"sites": []})["sites"] for name in NAMES}
    graph = [name for name in NAMES if name not in EAGER]
    batches = [graph[::2], graph[1::2], EAGER]
    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = [pool.submit(run_exports, folder, number, batch) for number, batch in enumerate(batches)]
        exports = {name: future for future, batch in zip(futures, batches, strict=True) for name in batch}
        yield Migrated(folder, sites, exports)


def run_exports(folder: Path, number: int, names: list[str]) -> dict[str, dict[str, str]]:
    """Calls `export` of several migrated programs in one process."""
    results = folder / f"results{number}.json"
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder), str(results), *names],
        env=environment(),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if not results.exists():
        return {name: {"error": done.stderr} for name in names}
    found: dict[str, dict[str, str]] = json.loads(results.read_text())
    return found


def test_the_programs_are_many() -> None:
    assert len(NAMES) >= 20


@pytest.mark.parametrize("name", NAMES)
def test_every_estimator_call_is_a_site_with_its_outcome(name: str, migrated: Migrated) -> None:
    source = (ESTIMATORS / name / "before.py").read_text()
    found = [site for site in migrated.sites[name] if site["rule"] in RULES]
    lines = {site["line"] for site in found}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and called(node) in CALLS:
            assert node.lineno in lines, f"line {node.lineno}: {called(node)} is no site"
    outcomes = {site["symbol"].rsplit(".", 1)[-1]: site["outcome"] for site in found}
    exporters = {outcome for symbol, outcome in outcomes.items() if symbol.endswith("Exporter")}
    assert exporters <= {"manual"}
    assert {outcome for symbol, outcome in outcomes.items() if not symbol.endswith("Exporter")} <= {"native", "shim"}


CALLS = {
    "EstimatorSpec",
    "TPUEstimatorSpec",
    "ServingInputReceiver",
    "TensorServingInputReceiver",
    "build_raw_serving_input_receiver_fn",
    "build_parsing_serving_input_receiver_fn",
    "export_saved_model",
    "export_savedmodel",
    "model_to_estimator",
    "FinalExporter",
    "LatestExporter",
    "BestExporter",
}


def called(call: ast.Call) -> str:
    """The last part of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@pytest.mark.parametrize("name", NAMES)
def test_the_migrated_program_exports_what_the_golden_export_holds(
    name: str, migrated: Migrated, tmp_path: Path
) -> None:
    saved_model, golden = migrated.export(name), read_golden(ESTIMATORS / name / "golden.json")
    shutil.copytree(saved_model, tmp_path / "copy")
    assert compare_export(golden, saved_model, tmp_path) == []
    if name not in EAGER:
        assert missing_variables(golden, tmp_path / "copy") == []
        assert saved_model.name.isdigit()


def test_a_second_run_changes_nothing(migrated: Migrated, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).mkdir()
        shutil.copy(migrated.folder / name / "before.py", tmp_path / name)
    before = {name: (tmp_path / name / "before.py").read_bytes() for name in NAMES}
    subprocess.run([*CODEMOD, str(tmp_path)], env=environment(), capture_output=True, timeout=SECONDS, check=False)
    assert {name: (tmp_path / name / "before.py").read_bytes() for name in NAMES} == before

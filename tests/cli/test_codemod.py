"""`tf1to2 codemod`, `scan`, `explain`: products on stdout, talk on stderr, exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = "import tensorflow as tf\n\ndef f(s, d, i, o):\n    tf.saved_model.simple_save(s, d, i, o)\n"
MANUAL = "import tensorflow as tf\nb = tf.saved_model.Builder(d)\nb.add_meta_graph_and_variables(s, t)\nb.save()\n"


def tf1to2(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "migrate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "export.py"
    path.write_text(SOURCE)
    return path


def test_without_write_the_diff_is_shown_and_nothing_changes(program: Path) -> None:
    done = tf1to2("codemod", program)
    assert done.returncode == 1
    assert done.stdout.startswith("diff --git a/export.py b/export.py\n--- a/export.py\n")
    assert "1 files to change" in done.stderr
    assert program.read_text() == SOURCE


def test_write_then_nothing_is_left_to_do(program: Path) -> None:
    assert tf1to2("codemod", "--write", program).returncode == 0
    assert "export_session(s, d, i, o)" in program.read_text()
    again = tf1to2("codemod", "--check", program)
    assert (again.returncode, again.stdout) == (0, "")


def test_check(program: Path) -> None:
    assert tf1to2("codemod", "--check", program).returncode == 1
    program.write_text(MANUAL)
    done = tf1to2("codemod", "--check", program)
    assert done.returncode == 1
    assert "export.py:2:5: SM102 needs a person" in done.stderr
    assert tf1to2("codemod", program).returncode == 0


def test_json(program: Path) -> None:
    report: dict[str, Any] = json.loads(tf1to2("codemod", "--json", "-", program).stdout)
    assert report["version"] == 1
    assert report["root"] == str(program.parent)
    assert report["summary"]["files_changed"] == 1
    assert set(report["summary"]["sites"]) == {"native", "shim", "manual", "skip"}
    (file,) = report["files"]
    assert (file["path"], file["status"], file["error"], file["mode"]) == ("export.py", "changed", None, "graph")
    site = next(site for site in file["sites"] if site["rule"] == "SM101")
    assert (site["line"], site["col"], site["cell"], site["outcome"]) == (4, 4, None, "shim")
    assert site["symbol"] == "tensorflow.saved_model.simple_save"


def test_sarif(program: Path, tmp_path: Path) -> None:
    (tmp_path / "bad file.py").write_text("simple_save(\n")
    tf1to2("codemod", "--sarif", tmp_path / "out.sarif", tmp_path)
    report = json.loads((tmp_path / "out.sarif").read_text())
    (run,) = report["runs"]
    assert report["version"] == "2.1.0"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        location = result["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"] == "export.py"
        assert location["region"]["startLine"] >= 1
        assert result["level"] in ("none", "note", "warning", "error")
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "bad%20file.py"


def test_patch_and_statistics(program: Path, tmp_path: Path) -> None:
    done = tf1to2("codemod", "--patch", tmp_path / "out.patch", "--statistics", program)
    assert "SM101" in done.stdout
    program_folder = program.parent
    subprocess.run(["git", "apply", str(tmp_path / "out.patch")], cwd=program_folder, check=True)
    assert "export_session" in program.read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["codemod", "nothing.py"], "no such file"),
        (["codemod", "--select", "SM999", "{file}"], "SM999"),
        (["codemod", "--json", "/nowhere/x.json", "{file}"], "cannot be written"),
        (["explain", "SM999"], "SM999"),
        (["scan", "nothing"], "no such file"),
    ],
)
def test_bad_arguments_are_told_in_a_sentence(program: Path, arguments: list[str], words: str) -> None:
    done = tf1to2(*(argument.format(file=program) for argument in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [("simple_save(\n", "no valid Python 3"), ("print 'saved'\nsimple_save(s)\n", "this is Python 2; convert it")],
)
def test_a_bad_file_alone_cannot_be_done_and_among_others_is_told(program: Path, text: str, words: str) -> None:
    bad = program.with_name("bad.py")
    bad.write_text(text)
    alone = tf1to2("codemod", "--write", bad)
    assert (alone.returncode, bad.read_text()) == (2, text)
    assert words in alone.stderr and "Traceback" not in alone.stderr
    among = tf1to2("codemod", "--write", program.parent)
    assert (among.returncode, bad.read_text()) == (0, text)
    assert words in among.stderr and "export_session" in program.read_text()


LIVE = """import tensorflow as tf

x = tf.placeholder(tf.float32, [None, 3])
y = tf.matmul(x, tf.get_variable("w", [3, 2]))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    tf.saved_model.simple_save(sess, "out", {"x": x}, {"y": y})
"""


def test_self_contained_code_needs_nothing_of_this_project(program: Path) -> None:
    """What the file can say itself is written into it; what only the shim keeps stays for a person."""
    live = program.with_name("live.py")
    live.write_text(LIVE)
    assert "simple_save -> shim: self-contained: all code" in tf1to2("scan", "--self-contained", live).stdout
    done = tf1to2("codemod", "--write", "--self-contained", "--json", "-", program.parent)
    report: dict[str, Any] = json.loads(done.stdout)
    found = {file["path"]: {site["rule"]: site["outcome"] for site in file["sites"]} for file in report["files"]}
    assert found["export.py"] == {"SM101": "manual"}
    assert found["live.py"]["SM101"] == "shim"
    assert program.read_text() == SOURCE
    assert "save_graph(sess, " in live.read_text() and "migrate" not in live.read_text()


def test_scan(program: Path) -> None:
    done = tf1to2("scan", program)
    assert done.returncode == 0
    assert "line 4: SM101 tensorflow.saved_model.simple_save -> shim" in done.stdout
    program.write_text("import numpy\n")
    assert "nothing here saves" in tf1to2("scan", program).stdout


def test_explain() -> None:
    page = tf1to2("explain", "sm102").stdout
    assert page.startswith("SM102 saved-model-builder")
    assert "Before:" in page
    assert "| SM" in tf1to2("explain").stdout or "[SM101]" in tf1to2("explain").stdout


def test_the_source_side_never_imports_tensorflow(program: Path) -> None:
    code = (
        "import sys\nfrom migrate.cli.app import build_app\nfrom typer.testing import CliRunner\n"
        "runner = CliRunner()\n"
        f"for args in (['--help'], ['codemod', {str(program)!r}], ['explain', 'SM101'], ['scan', {str(program)!r}]):\n"
        "    runner.invoke(build_app(), args)\n"
        "assert 'tensorflow' not in sys.modules, 'imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_libcst_runs_a_rule_alone(program: Path) -> None:
    rule = "codemods.rules.sm101_simple_save.SimpleSave"
    command = [sys.executable, "-m", "libcst.tool", "codemod", "--no-format", "-x", rule, str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "export_session(s, d, i, o)" in program.read_text()


ESTIMATOR = (
    "import tensorflow as tf\n\ndef export(f, d, fn):\n    est = tf.estimator.Estimator(f, d)\n"
    "    est.export_saved_model(d, fn)\n"
)


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("2.15", "tf_estimator.export_estimator(est, d, fn)"),
        ("2.15.1", "tf_estimator.export_estimator(est, d, fn)"),
        ("2.16", "est = tf_estimator.Estimator(f, d)"),
        ("2.21.0", "est = tf_estimator.Estimator(f, d)"),
    ],
)
def test_the_tensorflow_of_the_rewritten_code(program: Path, version: str, line: str) -> None:
    program.write_text(ESTIMATOR)
    done = tf1to2("codemod", "--diff", "--json", program.parent / "report.json", "--tensorflow", version, program)
    assert f"+    {line}\n" in done.stdout
    report = json.loads((program.parent / "report.json").read_text())
    assert report["tensorflow"] == ".".join(version.split(".")[:2])


@pytest.mark.parametrize("version", ["1.15.5", "2.14", "newest", ""])
@pytest.mark.parametrize("command", ["codemod", "scan"])
def test_rewritten_code_does_not_run_on(program: Path, command: str, version: str) -> None:
    done = tf1to2(command, program, "--tensorflow", version)
    assert done.returncode == 2
    assert "2.15 to 2.21" in done.stderr
    assert program.read_text() == SOURCE


def test_requirements_follow_code_that_keeps_its_estimators(program: Path) -> None:
    program.write_text(ESTIMATOR)
    requirements = program.parent / "requirements.txt"
    requirements.write_text("tensorflow>=1.15\n")
    assert tf1to2("codemod", "--write", "--tensorflow", "2.15", program.parent).returncode == 0
    assert requirements.read_text() == "tensorflow>=2.15,<2.16\ntf1to2\n"


def test_requirements_of_other_code_stay_open(program: Path) -> None:
    requirements = program.parent / "requirements.txt"
    requirements.write_text("tensorflow>=1.15\n")
    assert tf1to2("codemod", "--write", "--tensorflow", "2.15", program.parent).returncode == 0
    assert requirements.read_text() == "tensorflow>=1.15\ntf1to2\n"

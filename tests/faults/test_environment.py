"""Odd environments: each gets a sentence and exit status 2, or makes no difference; never a traceback.

A new case is a line of `SHELL` (how a shell runs a command) or `NUMBERS` (what is no number for a command).
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from migrate.cli.exit_status import BROKEN_PIPE, TERMINATED
from tests.faults.models import changed, renamed_signature
from tests.faults.running import Ended, command, tf1to2

CHECKOUT = str(Path(__file__).parents[2])
MODEL = Path(CHECKOUT) / "fixtures" / "models" / "ref_simple_save" / "model"
EMOJI = "\U0001f600"


def shell(line: str, *, cwd: Path, environment: dict[str, str | None] | None = None, seconds: float = 120) -> Ended:
    """Run a line of bash in which `tf1to2` is the command; an environment variable of None is not set."""
    variables = {**os.environ, "PYTHONPATH": CHECKOUT, **(environment or {})}
    started = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", f'tf1to2() {{ {shlex.join(command())} "$@"; }}\n{line}'],
        cwd=cwd,
        env={key: value for key, value in variables.items() if value is not None},
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    out, err = (text.decode("utf-8", "backslashreplace") for text in (done.stdout, done.stderr))
    return Ended(done.returncode, out, err, time.monotonic() - started)


UNWRITABLE = "the output cannot be written to standard output"
SHELL: dict[str, tuple[str, int, str]] = {
    # case: (what the shell runs, exit status, what is said)
    "full stdout": ("tf1to2 explain >/dev/full", 2, UNWRITABLE),
    "closed stdout": ("tf1to2 explain >&-", 2, UNWRITABLE),
    "full stdout of a report": ("tf1to2 scan . >/dev/full", 2, UNWRITABLE),
    "full stdout of JSON": ("tf1to2 scan . --json - >/dev/full", 2, UNWRITABLE),
    "closed stdout of JSON": ("tf1to2 scan . --json - >&-", 2, UNWRITABLE),
    "a diff that does not fit": ("tf1to2 codemod . >/dev/full", 2, UNWRITABLE),
    "everything closed": ("tf1to2 explain >&- 2>&- <&-", 2, ""),
    "an error without stderr": ("tf1to2 explain nothing 2>&-", 2, ""),
    "an error and a full stderr": ("tf1to2 explain nothing 2>/dev/full", 2, ""),
    "no terminal to ask": ("tf1to2 review . <&-", 2, "there is no terminal"),
    # What must still work.
    "no reader": ("tf1to2 explain | true; exit ${PIPESTATUS[0]}", BROKEN_PIPE, ""),
    "head": ("tf1to2 explain | head -1; exit ${PIPESTATUS[1]}", 0, ""),
    "nothing to print": ("tf1to2 codemod . --check >&-", 1, "2 files to change"),
    "no stdin": ("tf1to2 scan . <&-", 0, ""),
    "talk to a full disk": ("tf1to2 scan . 2>/dev/full", 0, ""),
    "ASCII": (f"LC_ALL=C PYTHONIOENCODING=ascii PYTHONUTF8=0 tf1to2 scan {EMOJI}.py", 0, ""),
    "ASCII diff": (f"LC_ALL=C PYTHONIOENCODING=ascii PYTHONUTF8=0 tf1to2 codemod {EMOJI}.py", 1, ""),
    "ASCII JSON": ("LC_ALL=C PYTHONIOENCODING=ascii PYTHONUTF8=0 tf1to2 scan . --json -", 0, ""),
    "no home, no folder for temporary files": ("env -u HOME TMPDIR=/nowhere tf1to2 scan .", 0, ""),
    "a dumb terminal without colour": ("TERM=dumb NO_COLOR=1 tf1to2 scan .", 0, ""),
    **{f"{n} columns": (f"COLUMNS={n} tf1to2 --help", 0, "") for n in ("0", "1", "1000000000", "-5", "x")},
    "a name that is no text": ("mv a.py $'bad\\xff.py'; tf1to2 codemod .", 1, "2 files to change"),
}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    text = "import tensorflow as tf\ntf.saved_model.simple_save(sess, 'x', {'x': x}, {'y': y})\n"
    for name in ("a.py", f"{EMOJI}.py"):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(("line", "status", "said"), SHELL.values(), ids=SHELL)
def test_a_command_in_a_shell(line: str, status: int, said: str, code: Path) -> None:
    line = line.replace("env -u HOME TMPDIR=/nowhere tf1to2", "unset HOME; TMPDIR=/nowhere tf1to2")
    ended = shell(line, cwd=code)
    assert (ended.status, "Traceback" in ended.said) == (status, False), ended.said
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) < 6, ended.stderr
    assert len(ended.stdout) < 20_000


NUMBERS: dict[str, tuple[str, ...]] = {
    "rewrap --timeout": ("inf", "-inf", "nan", "1e30", "0", "-1", "x", ""),
    "rewrap --request-timeout": ("inf", "nan", "0", "1e9"),
    "rewrap --rtol": ("nan", "inf", "-1"),
    "rewrap --atol": ("nan", "inf", "-1e-9"),
    "rewrap --jobs": ("100000", "-1", "1.5", "x", "99999999999999999999"),
    "verify --timeout": ("inf", "nan", "1e30", "0"),
    "verify --rtol": ("nan", "-1"),
    "codemod --jobs": ("100000", "-1", "x"),
}


@pytest.mark.parametrize(("option", "numbers"), NUMBERS.items(), ids=NUMBERS)
def test_absurd_numbers_are_refused_before_anything_happens(option: str, numbers: tuple[str, ...], code: Path) -> None:
    name, flag = option.split()
    places = {"rewrap": (MODEL, "-o", code / "out"), "verify": (MODEL, MODEL), "codemod": (code,)}[name]
    for number in numbers:
        ended = tf1to2(name, *places, f"{flag}={number}")
        ended.check_spoken()
        assert (ended.status, flag in ended.stderr) == (2, True), (number, ended.said)
        assert len(ended.stderr.splitlines()) == 1
    assert not (code / "out").exists()


def test_a_model_in_an_odd_environment(tmp_path: Path) -> None:
    """ASCII only, no home, an unknown TMPDIR, a key and a name that ASCII lacks: done, and shown escaped."""
    model = changed(tmp_path / f"model{EMOJI}", renamed_signature(EMOJI))
    environment = {"PYTHONIOENCODING": "ascii", "HOME": None, "TMPDIR": "/nowhere"}
    ended = shell(f"tf1to2 rewrap {model} -o out{EMOJI} --json -", cwd=tmp_path, environment=environment)
    assert ended.status == 0, ended.said
    assert ended.stdout.isascii()
    assert json.loads(ended.stdout)["models"][0]["signatures"] == [EMOJI]
    assert (tmp_path / f"out{EMOJI}" / "saved_model.pb").is_file()
    told = shell(f"tf1to2 inspect {model}; tf1to2 inspect {model} >/dev/full", cwd=tmp_path, environment=environment)
    assert told.status == 2
    assert rf"\U{ord(EMOJI):08x}" in told.stdout
    assert UNWRITABLE in told.stderr


@pytest.mark.parametrize("line", ["rewrap MODEL -o $'out\\xff'", "inspect $'bad\\xff'", "rewrap $'bad\\xff' -o out"])
def test_a_name_that_tensorflow_cannot_take_is_refused(line: str, tmp_path: Path) -> None:
    shutil.copytree(MODEL, os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff"))
    ended = shell(f"tf1to2 {line.replace('MODEL', str(MODEL))}", cwd=tmp_path)
    ended.check_spoken()
    assert (ended.status, "is no UTF-8 text" in ended.stderr) == (2, True), ended.said
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_sentence_and_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        command("inspect", MODEL),
        env={**os.environ, "PYTHONPATH": CHECKOUT, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not list(temporary.glob("tf1to2-*")):
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (TERMINATED, 130, 2), said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1
    assert list(temporary.iterdir()) == []


def test_a_defect_is_a_sentence_with_the_model_and_debug_shows_where(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(
        "import sys, migrate.inspection.task as task\n"
        "def broken(*_): raise KeyError('n\\x1b[2J')\n"
        "import migrate.processes.workers\nmigrate.processes.workers.call_in_process = broken\n"
        f"sys.argv = ['tf1to2', 'inspect', {str(MODEL)!r}, *sys.argv[1:]]\n"
        "from migrate.cli import main\nmain()\n"
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": CHECKOUT}
        words = [sys.executable, str(script), *arguments]
        return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)

    told = run()
    assert told.returncode == 2
    assert str(MODEL) in told.stderr
    assert "defect of tf1to2; --debug shows where" in told.stderr
    assert "\x1b" not in told.stderr
    assert "Traceback" not in told.stderr
    assert "Traceback" in run("--debug").stderr


LONG = "x" * 300


@pytest.mark.parametrize("arguments", [("review", ".", "--replay", LONG), ("codemod", LONG), ("scan", LONG)])
def test_a_name_that_no_file_can_have(arguments: tuple[str, ...], tmp_path: Path) -> None:
    ended = tf1to2(*arguments, cwd=tmp_path)
    ended.check_spoken()
    assert ended.status == 2
    assert "defect" not in ended.stderr
    assert "too long" in ended.stderr or "no such" in ended.stderr

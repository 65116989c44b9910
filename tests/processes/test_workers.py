"""The worker processes: order, deaths, time limits, errors, and what is left of them afterwards."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from migrate.errors import RefusedModelError
from migrate.processes.results import Died, Finished, Raised, TimedOut
from migrate.processes.workers import run_all


def square(number: int) -> int:
    time.sleep(0.05 * (3 - number % 3))
    return number * number


def act(what: str) -> str:
    if what == "abort":
        print("F0000 some.cc:12] Check failed: shape.dims() == 2", file=sys.stderr, flush=True)
        print("*** a stack trace", file=sys.stderr, flush=True)
        os.abort()
    if what == "segfault":
        ctypes.string_at(0)
    if what == "exit 0":
        os._exit(0)
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "refused":
        raise RefusedModelError("no such op")
    if what == "sleep":
        time.sleep(60)
    if what == "print":
        print("noise of a library")
    return f"{what} {os.getpid()}"


def unpicklable(number: int) -> object:
    return lambda: number


def test_results_come_in_the_order_of_the_tasks() -> None:
    results = list(run_all(square, range(7), jobs=2))
    assert results == [Finished(number * number) for number in range(7)]


def test_workers_persist_from_call_to_call() -> None:
    results = list(run_all(act, ["a", "b", "c"], jobs=1))
    pids = {result.value.split()[1] for result in results if isinstance(result, Finished)}
    assert len(pids) == 1
    assert str(os.getpid()) not in pids


@pytest.mark.parametrize(
    ("what", "cause"),
    [
        ("abort", "killed by SIGABRT"),
        ("segfault", "killed by SIGSEGV"),
        ("killed", "killed by SIGKILL (out of memory?)"),
        ("exit 0", "ended with exit status 0"),
    ],
)
def test_a_dead_worker_costs_its_own_task_alone(what: str, cause: str) -> None:
    first, dead, last = run_all(act, ["first", what, "last"], jobs=1)
    assert isinstance(first, Finished)
    assert isinstance(dead, Died)
    assert dead.cause == cause
    assert isinstance(last, Finished)


def test_the_line_that_says_why_it_died_is_kept() -> None:
    (dead,) = run_all(act, ["abort"], jobs=1)
    assert isinstance(dead, Died)
    assert dead.last_words == ("F0000 some.cc:12] Check failed: shape.dims() == 2",)


def test_a_call_over_the_time_limit_is_ended() -> None:
    slow, next_one = run_all(act, ["sleep", "next"], jobs=1, timeout=3.0)
    assert slow == TimedOut(3.0)
    assert isinstance(next_one, Finished)


def test_an_error_comes_back_as_itself() -> None:
    (result,) = run_all(act, ["refused"], jobs=1)
    assert isinstance(result, Raised)
    assert isinstance(result.error, RefusedModelError)
    assert str(result.error) == "no such op"


def test_a_result_that_cannot_be_pickled_is_an_error_not_a_hang() -> None:
    (result,) = run_all(unpicklable, [1], jobs=1)
    assert isinstance(result, Raised)
    assert "cannot be sent" in str(result.error)


def test_no_tasks_give_no_results() -> None:
    assert list(run_all(square, [], jobs=2)) == []


def test_workers_do_not_write_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    list(run_all(act, ["print"], jobs=1))
    assert capfd.readouterr().out == ""


def test_closing_early_ends_all_processes() -> None:
    results = run_all(act, ["now", "sleep", "sleep"], jobs=2)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert not [child for child in multiprocessing.active_children() if child.name == "tf1to2-worker"]


def test_an_interrupt_leaves_no_process(tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text(
        "import os, sys, time\n"
        "from migrate.processes.workers import run_all\n"
        "def slow(path):\n"
        "    open(path, 'w').write(str(os.getpid()))\n"
        "    time.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    try:\n"
        "        list(run_all(slow, sys.argv[1:], jobs=1))\n"
        "    except KeyboardInterrupt:\n"
        "        print('interrupted')\n"
    )
    pid_file = tmp_path / "pid"
    process = subprocess.Popen([sys.executable, str(script), str(pid_file)], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert out == "interrupted\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)

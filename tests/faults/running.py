"""Runs the command line as a user does, and tells what a user may never see."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit status, what it printed, and the seconds that it took."""

    status: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def said(self) -> str:
        """Everything that it printed."""
        return self.stdout + self.stderr

    def check_spoken(self) -> None:
        """Fail on a traceback, on a death by a signal, and on an error without a word."""
        assert "Traceback (most recent call last)" not in self.said, self.said
        assert self.status in (0, 1, 2), f"exit status {self.status}: {self.said}"
        assert self.status != 2 or self.stderr.strip(), "exit status 2 without a word"


def command(*arguments: object) -> list[str]:
    """Return the words that run `tf1to2` with these arguments in this Python."""
    return [sys.executable, "-m", "migrate", *map(str, arguments)]


def tf1to2(
    *arguments: object,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> Ended:
    """Run `tf1to2` to its end; `environment` is added to this process's own.

    Raises:
        subprocess.TimeoutExpired: it took longer than `seconds`.
    """
    started = time.monotonic()
    done = subprocess.run(
        command(*arguments),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": _checkout(), **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    spent = time.monotonic() - started
    out, err = (text.decode("utf-8", "backslashreplace") for text in (done.stdout, done.stderr))
    return Ended(done.returncode, out, err, spent)


def killed(
    *arguments: object,
    after: float,
    group: bool,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> bool:
    """Start `tf1to2` and kill it after some seconds, alone or with its process group; tell whether it still ran."""
    process = subprocess.Popen(
        command(*arguments),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": _checkout(), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
        return True
    return False


def _checkout() -> str:
    return str(Path(__file__).parents[2])

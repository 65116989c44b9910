"""Processes that work on files one after the other; one that dies, hangs or eats the memory costs its file alone.

Why not a library: see `migrate.processes.workers`, which serves TensorFlow with fresh interpreters, one call at a time.
Here a process is a fork that has the rules loaded (10 ms instead of 500), gets many files at once and answers file by
file, so that the file that ended it is known.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, Protocol

from migrate.codemod.budget import Budget
from migrate.errors import Tf1to2Error

_STACK = 256 << 20  # address space: only what is used costs memory
_FRAMES = 100_000  # an expression as deep as Python compiles takes some 30,000 frames of LibCST's
_SECONDS_TO_END = 5.0
_PATH_BYTES = 4096
_NEW_OBJECTS = 100_000  # a tree has twice as many: the usual 700 have each walked many times, and it is no garbage
_OFTEN = 4  # of those that stay, older ones too are looked at more often than by default: trees are large
_FORKS = sys.platform.startswith("linux")  # elsewhere forks are not safe, or there are none


class Server(Protocol):
    """What a process works with: it is told which modules must not be read, and tells which one it reads."""

    def prepare(self, spoiled: frozenset[str], reads: Callable[[str], None]) -> None:
        """Leave the spoiled modules alone from now on, and call `reads` with each module that is read ("" for none)."""


class Word(Enum):
    """What a process answers for an item."""

    DONE = "done"
    NO_MEMORY = "no memory"
    RAISED = "raised"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a process answers for an item: the value, or the text of an error."""

    word: Word
    value: Any = None


@dataclass(slots=True)
class Process:
    """One process, the items that it has been given and not answered, and since when it works on the first of them."""

    process: Any
    connection: Connection
    reading: Any
    items: list[tuple[int, Any]] = field(default_factory=list)
    since: float = 0.0
    answered: int = 0

    def give(self, work: Callable[..., Any], items: Sequence[tuple[int, Any]], spoiled: frozenset[str]) -> None:
        """Send items; the answers come one by one.

        Raises:
            OSError: The process is dead.
        """
        self.items = list(items)
        self.since = time.monotonic()
        self.connection.send((work, [item for _, item in items], spoiled))

    def take(self) -> Answer:
        """Return the next answer, which is for the first item.

        Raises:
            EOFError, OSError: The process is dead.
        """
        answer: Answer = self.connection.recv()
        self.since = time.monotonic()
        self.answered += 1
        return answer

    def module(self) -> str:
        """Return the path of the other module that the process was reading, empty where it worked on its item."""
        return os.fsdecode(self.reading.value)

    def exit_code(self) -> int | None:
        """Return the exit code of a process that has closed its pipe, which is to say that it ends."""
        self.process.join(_SECONDS_TO_END)
        return self.end()

    def end(self) -> int | None:
        """End the process at once and return its exit code; it may be dead already."""
        self.process.kill()
        self.process.join(_SECONDS_TO_END)
        self.connection.close()
        code: int | None = self.process.exitcode
        return code


def start(server: Server, budget: Budget, others: Sequence[Process]) -> Process:
    """Start a process that works with the server.

    Raises:
        Tf1to2Error: The system starts no more processes.
    """
    context = multiprocessing.get_context("fork" if _FORKS else "spawn")
    ours, theirs = context.Pipe()
    reading = context.RawArray(ctypes.c_char, _PATH_BYTES)
    # A fork holds the ends of all pipes: it closes those of the run, or it would never see the run end.
    inherited = [ours, *(other.connection for other in others)] if _FORKS else []
    process = context.Process(  # type: ignore[attr-defined]
        target=_main, args=(theirs, inherited, reading, server, budget), name="tf1to2-codemod", daemon=True
    )
    try:
        with warnings.catch_warnings():
            # Python 3.12 warns of forks beside threads (TensorFlow's, in tests): the child touches none of their locks.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
    except OSError as error:
        raise Tf1to2Error(f"no process can be started to work in ({error.strerror or error}).") from error
    theirs.close()
    return Process(process, ours, reading)


def _main(connection: Connection, inherited: list[Connection], reading: Any, server: Server, budget: Budget) -> None:
    for other in inherited:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run ends its processes itself
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # standard output is the run's product, and a dying parser's words are none
        os.dup2(silence, stream)
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _OFTEN, _OFTEN)
    budget.limit_memory(_STACK)
    sys.setrecursionlimit(_FRAMES)
    threading.stack_size(_STACK)
    thread = threading.Thread(target=_serve, args=(connection, reading, server, budget))
    thread.start()
    thread.join()


def _serve(connection: Connection, reading: Any, server: Server, budget: Budget) -> None:
    def reads(module: str) -> None:
        name = os.fsencode(module)
        reading.value = name if len(name) < _PATH_BYTES and b"\0" not in name else b""

    while True:
        try:
            work, items, spoiled = connection.recv()
        except (EOFError, OSError):
            return
        server.prepare(spoiled, reads)
        for item in items:
            _set_alarm(budget)
            answer = _answer(partial(work, server, item))
            try:
                connection.send(answer)
            except MemoryError:
                connection.send(Answer(Word.NO_MEMORY))
            except OSError:
                return


def _answer(call: Callable[[], Any]) -> Answer:
    try:
        return Answer(Word.DONE, call())
    except MemoryError:
        return Answer(Word.NO_MEMORY)
    except BaseException as error:  # a panic of LibCST is no Exception; whatever it is, it is told
        return Answer(Word.RAISED, f"{type(error).__name__}: {error}")


def _set_alarm(budget: Budget) -> None:
    """Let the system end this process some time after the run should have: where the run itself was killed."""
    if budget.seconds and hasattr(signal, "alarm"):
        with contextlib.suppress(OverflowError):
            signal.alarm(int(2 * budget.seconds) + 10)

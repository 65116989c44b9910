"""What runs inside a worker process: it answers calls until the pipe to its parent closes, and ends with its parent."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from migrate.files.scratch import use_scratch
from migrate.processes.memory_limit import limit_memory
from migrate.processes.results import Finished, Raised

ENDING = (signal.SIGINT, signal.SIGTERM)
_in_worker = False


def in_worker_process() -> bool:
    """Tell whether this process is a worker: its end costs the call that it works on alone."""
    return _in_worker


def serve(connection: Connection, folder: Path, warm_up: Callable[[], object] | None) -> None:
    """Answer calls until the pipe closes. Runs in the worker process."""
    global _in_worker  # noqa: PLW0603 - set once, where the process begins
    _in_worker = True
    limit_memory()
    # The parent ends its workers itself; an interrupt of the terminal reaches the whole process group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    _end_with_parent()
    use_scratch(folder)
    log = os.open(folder / "stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    os.dup2(log, 1)  # standard output is the parent's product
    if warm_up is not None:
        with contextlib.suppress(Exception):  # the first call meets the same failure and reports it
            warm_up()
    while True:
        try:
            function, task = connection.recv()
        except (EOFError, OSError):
            return
        os.ftruncate(log, 0)
        result: Finished[Any] | Raised
        try:
            result = Finished(function(task))
        except Exception as error:  # every failure of a call is its result
            result = Raised(error, traceback.format_exc())
        try:
            connection.send(result)
        except Exception as error:  # a value or an error that cannot be pickled
            connection.send(Raised(RuntimeError(f"the result cannot be sent: {error!r} for {result!r}")))


def _end_with_parent() -> None:
    """Make this process end as soon as the one that started it is gone, also in the middle of a call.

    The parent holds the other end of a pipe. A thread waits for its end; so does the system, where it can tell by a
    signal (which ends the process), for a library that never lets another thread run. Linux' death signal of a parent
    would not do: it is sent when the parent's *thread* ends.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(parent.sentinel, fcntl.F_GETFL)
        fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, flags | os.O_ASYNC)
    threading.Thread(target=_end_after, args=(parent.sentinel,), name="tf1to2-parent", daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)

"""Runs function calls in a few persistent processes; one that dies costs its own call alone.

TensorFlow takes seconds to import and aborts the whole process on some inputs (a failed CHECK, a segmentation fault, no
memory). So workers are fresh interpreters (never forks of one that has TensorFlow loaded), stay alive from call to
call, and are replaced when they die. What they and their libraries put into temporary files goes with the run, and they
end with the process that started them, however that ends.

Why not a library: `ProcessPoolExecutor` and loky fail every pending call when one worker dies, and do not say with
which exit status; Pebble is LGPL, and its shared pipe loses a call whose worker dies before the acknowledgement is
read. One `multiprocessing` pipe per worker has neither problem.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from migrate.errors import Tf1to2Error
from migrate.files.scratch import scratch_folder
from migrate.processes.results import Died, Finished, Raised, Result, TimedOut
from migrate.processes.worker_process import ENDING, serve

Task = TypeVar("Task")
Value = TypeVar("Value")

_LAST_WORDS_BYTES = 8192
_LAST_WORDS_LINES = 5
# What a dying TensorFlow says among its other lines.
_TELLING = ("Check failed", "Fatal", "F0000", "terminate called", "std::bad_alloc", "Out of memory", "OOM")
_SECONDS_TO_END = 5.0


_ENDED = Died("ended before it began", ())


def call_in_process(function: Callable[[Task], Value], task: Task) -> Value:
    """Return `function(task)`, run in a process of its own: its noise and its death stay there.

    Raises:
        Tf1to2Error: the process died; the message says how.
        Exception: whatever the function raised.
    """
    (result,) = run_all(function, [task], jobs=1)
    if isinstance(result, Finished):
        return result.value
    if isinstance(result, Raised):
        raise result.error
    said = f": {' | '.join(result.last_words)}" if isinstance(result, Died) and result.last_words else ""
    cause = result.cause if isinstance(result, Died) else "took too long"
    raise Tf1to2Error(f"TensorFlow died ({cause}){said}.")


def run_all(
    function: Callable[[Task], Value], tasks: Iterable[Task], *, jobs: int, timeout: float | None = None
) -> Iterator[Result[Value]]:
    """Yield the result of `function(task)` for every task, in the order of the tasks, as they become known.

    Ending the iteration early (an interrupt, `close()`) ends all processes.

    Args:
        function: a picklable function; its values and errors must be picklable too.
        tasks: its picklable arguments.
        jobs: how many processes work at a time, at most.
        timeout: seconds that one call may take; None for no limit.
    """
    pending = list(tasks)
    count = max(1, min(jobs, len(pending)))
    with Workers(count, timeout=timeout) as workers:
        yield from in_order(lambda task: workers.call(function, task), pending, threads=count)


def in_order(function: Callable[[Task], Value], tasks: Iterable[Task], *, threads: int) -> Iterator[Value]:
    """Yield `function(task)` for every task in the order of the tasks, worked on by some threads of this process.

    Ending the iteration early drops the tasks that have not begun. Meant for functions that wait for `Workers`.
    """
    pool = ThreadPoolExecutor(max_workers=threads)
    try:
        futures = [pool.submit(function, task) for task in tasks]
        for future in futures:
            yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class Workers:
    """Some worker processes; a context manager that ends them. `call` may be used from several threads."""

    def __init__(
        self, count: int, *, timeout: float | None = None, warm_up: Callable[[], object] | None = None
    ) -> None:
        """Start nothing yet.

        Args:
            count: how many processes.
            timeout: seconds that one call may take; None for no limit.
            warm_up: called once in every new process before its first call, e.g. to import TensorFlow.
        """
        self._timeout = timeout
        self._warm_up = warm_up
        self._count = count
        self._idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._lock = threading.Lock()
        self._alive: list[_Worker] = []
        self._started = 0
        self._closed = False
        self._scratch = contextlib.ExitStack()
        self._folder: Path | None = None

    def __enter__(self) -> Workers:
        """Start the processes; they warm up while the caller goes on.

        Raises:
            Tf1to2Error: there is no room for temporary files.
        """
        self._folder = self._scratch.enter_context(scratch_folder())
        for _ in range(self._count):
            self._idle.put(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes; calls under way end as `Died`."""
        with self._lock:
            self._closed = True
            for worker in self._alive:
                worker.end()
        self._scratch.close()

    def call(self, function: Callable[[Task], Value], task: Task) -> Result[Value]:
        """Run `function(task)` in a process as soon as one is idle, and return what became of it."""
        worker = self._idle.get()
        try:
            if worker is not None and not worker.is_alive():
                worker.remove_files()
                worker = None
            worker = worker or self._start()
            return _ENDED if worker is None else worker.run(function, task, self._timeout)
        finally:
            self._idle.put(worker)

    def _start(self) -> _Worker | None:
        """Return a new process, or None where the workers have been ended."""
        with self._lock:
            if self._closed or self._folder is None:
                return None
            self._started += 1
            worker = _Worker(self._folder / f"worker-{self._started}", self._warm_up)
            self._alive = [*(one for one in self._alive if one.is_alive()), worker]
            return worker


class _Worker:
    """One process, the pipe to it, and the folder of its files."""

    def __init__(self, folder: Path, warm_up: Callable[[], object] | None) -> None:
        context = multiprocessing.get_context("spawn")
        self._folder = folder
        self._stderr = folder / "stderr"
        try:
            folder.mkdir()
            self._stderr.touch()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise Tf1to2Error(f"temporary files cannot be made in {folder.parent.parent}: {reason}.") from error
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, folder, warm_up), name="tf1to2-worker", daemon=True)
        with _signals_held():
            self._process.start()
        theirs.close()

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def run(self, function: Callable[[Any], Any], task: Any, timeout: float | None) -> Result[Any]:
        try:
            self._connection.send((function, task))
            if not wait([self._connection, self._process.sentinel], timeout):
                self.end()
                return TimedOut(timeout or 0.0)
            result: Finished[Any] | Raised = self._connection.recv()
        except (EOFError, OSError):
            self._process.join(_SECONDS_TO_END)
            return Died(_cause(self._process.exitcode), _last_words(self._stderr))
        return result

    def end(self) -> None:
        """End the process at once; it may be dead already."""
        self._process.kill()
        self._process.join(_SECONDS_TO_END)

    def remove_files(self) -> None:
        """Remove the files of a dead process; a crash in the middle of a model may leave many."""
        shutil.rmtree(self._folder, ignore_errors=True)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Hold back what ends this process, while one is started: a half-started one dies with a traceback of its own.

    The new process inherits that they are held, until it is ready for them.
    """
    held: list[tuple[int, FrameType | None]] = []
    is_main = threading.current_thread() is threading.main_thread()
    handlers = {int(number): signal.getsignal(number) for number in ENDING} if is_main else {}
    for number in handlers:
        signal.signal(number, lambda received, frame: held.append((received, frame)))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING) if hasattr(signal, "pthread_sigmask") else None
    try:
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for received, frame in held:
        handler = handlers[received]
        if callable(handler):
            handler(received, frame)


def _cause(exit_code: int | None) -> str:
    if exit_code is None:
        return "did not answer"
    if exit_code >= 0:
        return f"ended with exit status {exit_code}"
    name = str(-exit_code)
    with contextlib.suppress(ValueError):
        name = signal.Signals(-exit_code).name
    return f"killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")


def _last_words(stderr: Path) -> tuple[str, ...]:
    """The lines that say why a process died, or else its last lines."""
    try:
        text = stderr.read_bytes()[-_LAST_WORDS_BYTES:].decode("utf-8", "replace")
    except OSError:
        return ()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if any(mark in line for mark in _TELLING)]
    return tuple((telling or lines)[-_LAST_WORDS_LINES:])

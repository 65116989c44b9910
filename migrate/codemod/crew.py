"""The processes of a run, which share its files."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, TypeVar

from migrate.codemod.options import RunOptions
from migrate.codemod.processes import Process, Word, start
from migrate.codemod.worker import Worker

_CHUNK = 32
_FEW_FILES = 16
_MAX_TRIES = 8  # of one item: each module that it imports may spoil one
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class Crew:
    """Processes that share the items of a task; `here` is the worker of this process, for what opens no file.

    An item is the path of a file, or a tuple that begins with it.
    """

    def __init__(self, here: Worker, size: int) -> None:
        self.here = here
        self.spoiled: dict[str, str] = {}
        """Files that ended a process, ate its memory or its time, and the reason: no process reads them again."""
        self._size = size
        self._processes: list[Process] = []

    def map(
        self,
        work: Callable[[Worker, ItemT], ResultT],
        items: Sequence[ItemT],
        instead: Callable[[ItemT, str], ResultT],
    ) -> Iterator[ResultT]:
        """Yield what `work`, a method of the worker, gives for every item, in their order.

        Args:
            work: The method.
            items: Its arguments.
            instead: Gives the result of an item that a process could not work on, for the reason.

        Raises:
            Tf1to2Error: The system starts no more processes.
        """
        task = _Task(self, work, items)
        try:
            yield from task.results(instead)
        finally:
            if task.is_under_way:  # nobody asks for the rest: answers to it would be taken for those of the next task
                self.end()

    def process(self) -> Process | None:
        """Return a process that has nothing to do, started where there may be one more; None while all are busy."""
        idle = next((process for process in self._processes if not process.items), None)
        if idle is None and len(self._processes) < self._size:
            idle = start(self.here, self.here.options.budget, self._processes)
            self._processes.append(idle)
        return idle

    @property
    def busy(self) -> list[Process]:
        """The processes that have items to work on."""
        return [process for process in self._processes if process.items]

    @property
    def size(self) -> int:
        """How many processes work at a time, at most."""
        return self._size

    def drop(self, process: Process) -> None:
        """End a process; it is replaced when there is work."""
        self._processes.remove(process)
        process.end()

    def end(self) -> None:
        """End all processes."""
        while self._processes:
            self.drop(self._processes[-1])


class _Task:
    """One call of `map`."""

    def __init__(self, crew: Crew, work: Callable[[Worker, Any], Any], items: Sequence[Any]) -> None:
        self._crew = crew
        self._budget = crew.here.options.budget
        self._work = work
        self._items = items
        chunk = min(_CHUNK, 1 + len(items) // (4 * crew.size))
        numbered = list(enumerate(items))
        self._waiting = deque(numbered[at : at + chunk] for at in range(0, len(numbered), chunk))
        self._done: dict[int, Any] = {}
        self._lost: dict[int, str] = {}
        self._tries: dict[int, int] = {}

    @property
    def is_under_way(self) -> bool:
        return bool(self._crew.busy)

    def results(self, instead: Callable[[Any, str], Any]) -> Iterator[Any]:
        for number, item in enumerate(self._items):
            while number not in self._done and number not in self._lost:
                self._hand_out()
                self._wait()
            yield self._done.pop(number) if number in self._done else instead(item, self._lost.pop(number))

    def _hand_out(self) -> None:
        while self._waiting:
            process = self._crew.process()
            if process is None:
                return
            items = self._waiting.popleft()
            try:
                process.give(self._work, items, frozenset(self._crew.spoiled))
            except OSError:  # it died while it was idle
                self._crew.drop(process)
                self._waiting.appendleft(items)

    def _wait(self) -> None:
        busy = self._crew.busy
        seconds = self._budget.seconds
        left = min(process.since for process in busy) + seconds - time.monotonic() if seconds else None
        ready = set(wait([process.connection for process in busy], max(0.0, left) if left is not None else None))
        now = time.monotonic()
        for process in busy:
            if process.connection in ready:
                self._take(process)
            elif seconds and now - process.since >= seconds:
                self._crew.drop(process)
                self._give_up(process, self._budget.took_too_long(), again=False)

    def _take(self, process: Process) -> None:
        try:
            answer = process.take()
        except (EOFError, OSError):
            code = process.exit_code()
            self._crew.drop(process)
            self._give_up(process, self._budget.died(code), again=process.answered > 0)
            return
        if answer.word is Word.NO_MEMORY:
            self._crew.drop(process)
            self._give_up(process, self._budget.took_too_much(), again=process.answered > 1)
            return
        number, _ = process.items.pop(0)
        if answer.word is Word.DONE:
            self._done[number] = answer.value
        else:
            self._lost[number] = f"a defect of tf1to2, please report it: {answer.value}"

    def _give_up(self, process: Process, reason: str, *, again: bool) -> None:
        """Blame the module that the process was reading, or else the first of its items, and hand out the others.

        Args:
            process: The process that ended.
            reason: What happened.
            again: Try the item once more: what earlier items left behind may have been too much for the process.
        """
        (number, item), *others = process.items
        process.items = []
        if others:
            self._waiting.appendleft(others)
        tries = self._tries[number] = self._tries.get(number, 0) + 1
        module = process.module()
        if module and tries < _MAX_TRIES:
            self._crew.spoiled[module] = reason
            self._waiting.appendleft([(number, item)])
        elif again and tries == 1:
            self._waiting.appendleft([(number, item)])
        else:
            self._crew.spoiled[_path(item)] = reason
            self._lost[number] = reason


def _path(item: Any) -> str:
    return item if isinstance(item, str) else item[0]


@contextmanager
def gather(root: Path, paths: tuple[str, ...], options: RunOptions) -> Iterator[Crew]:
    """Give as many processes as the options and the number of files ask for, and end them afterwards.

    Raises:
        UnknownRuleError: The options name a rule that does not exist.
    """
    size = (options.jobs or os.cpu_count() or 1) if len(paths) > _FEW_FILES else 1
    crew = Crew(Worker(root, paths, options), size)
    try:
        yield crew
    finally:
        crew.end()

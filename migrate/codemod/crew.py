"""The processes of a run: one here, and others where there is enough to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from migrate.codemod.options import RunOptions
from migrate.codemod.worker import Worker

_CHUNK = 32
_FEW_FILES = 16
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class Crew:
    """Workers that share the items of a task; `here` is the one of this process."""

    def __init__(self, here: Worker, pool: ProcessPoolExecutor | None, size: int) -> None:
        self.here = here
        self._pool = pool
        self._size = size

    def map(self, work: Callable[[Worker, ItemT], ResultT], items: Sequence[ItemT]) -> Iterator[ResultT]:
        """Yield what `work`, a method of the worker, gives for every item, in their order."""
        if self._pool is None or len(items) <= _FEW_FILES:
            return (work(self.here, item) for item in items)
        chunk = min(_CHUNK, 1 + len(items) // (4 * self._size))
        return self._pool.map(partial(_elsewhere, work), items, chunksize=chunk)


@contextmanager
def gather(root: Path, paths: tuple[str, ...], options: RunOptions) -> Iterator[Crew]:
    """Start as many workers as the options and the number of files ask for, and end them afterwards.

    Raises:
        UnknownRuleError: The options name a rule that does not exist.
    """
    here = Worker(root, paths, options)
    size = options.jobs or os.cpu_count() or 1
    if size == 1 or len(paths) <= _FEW_FILES:
        yield Crew(here, None, 1)
        return
    with ProcessPoolExecutor(max_workers=size, initializer=_start, initargs=(root, paths, options)) as pool:
        yield Crew(here, pool, size)


_worker: Worker | None = None


def _start(root: Path, paths: tuple[str, ...], options: RunOptions) -> None:
    global _worker  # noqa: PLW0603 - one per process, made by the pool's initialiser
    _worker = Worker(root, paths, options)


def _elsewhere(work: Callable[[Worker, ItemT], ResultT], item: ItemT) -> ResultT:
    assert _worker is not None
    return work(_worker, item)

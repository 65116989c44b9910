"""A progress bar on a terminal for what takes more than a second, and interrupts that leave nothing half-made."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

from migrate.cli.console import talk_console
from migrate.errors import Tf1to2Error

Item = TypeVar("Item")

_SECONDS_BEFORE_SHOWN = 1.0


def progress_of(items: Iterable[Item], total: int, unit: str) -> Iterator[Item]:
    """Yield the items, while a bar on standard error counts them; no bar where that is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = talk_console()
    if not console.is_terminal:
        yield from items
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=console, transient=True)
    task = progress.add_task(unit, total=total)
    timer = threading.Timer(_SECONDS_BEFORE_SHOWN, progress.start)
    timer.daemon = True
    timer.start()
    try:
        for item in items:
            progress.advance(task)
            yield item
    finally:
        timer.cancel()
        timer.join()
        progress.stop()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT and SIGTERM unwind the work inside, so that staging folders and processes go away.

    Raises:
        Tf1to2Error: the work was interrupted.
    """
    before = signal.getsignal(signal.SIGTERM)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        raise Tf1to2Error("interrupted; models that were finished are in place, nothing is half-made.") from None
    finally:
        if in_main_thread:
            signal.signal(signal.SIGTERM, before)

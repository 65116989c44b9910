"""Holds Ctrl-C and SIGTERM back where a stop in the middle would leave something half done."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def held_signals() -> Iterator[list[int]]:
    """Give the list of the signals received so far: whoever works inside looks at it and stops where it can."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # signals go to the main thread alone
        yield received
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda number, _: received.append(number)) for number in numbers]
    try:
        yield received
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Finish what is inside before Ctrl-C and SIGTERM.

    Raises:
        KeyboardInterrupt: one of them came meanwhile.
    """
    with held_signals() as received:
        yield
    if received:
        raise KeyboardInterrupt

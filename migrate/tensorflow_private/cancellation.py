"""Calls of TensorFlow functions that can be stopped from another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tensorflow.python.eager import cancellation


@contextmanager
def cancelled_after(seconds: float) -> Iterator[None]:
    """Cancel the functions that are called inside once the seconds are over: they raise `tf.errors.CancelledError`."""
    manager = cancellation.CancellationManager()
    timer = threading.Timer(seconds, manager.start_cancel)
    timer.daemon = True
    timer.start()
    try:
        with cancellation.CancellationManagerContext(manager):
            yield
    finally:
        timer.cancel()

"""How long a model may work on one request: for ever is what a queue without elements or an endless loop takes."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from migrate.processes.worker_process import in_worker_process
from migrate.tensorflow_private.cancellation import cancelled_after

_GRACE_SECONDS = 10.0
_STATUS = 124  # of `timeout`


class RequestTimeoutError(Exception):
    """A model did not answer a request in time."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Stop what TensorFlow runs inside after some seconds.

    What does not heed it (a loop that is not lowered, one whose condition is a constant) ends a worker process; what it
    wrote last says why.

    Raises:
        RequestTimeoutError: the time is over.
    """
    guard = threading.Timer(seconds + _GRACE_SECONDS, _give_up, [seconds])
    guard.daemon = True
    if in_worker_process():
        guard.start()
    started = time.monotonic()
    try:
        with cancelled_after(seconds):
            yield
    except (tf.errors.DeadlineExceededError, tf.errors.CancelledError) as error:
        if time.monotonic() - started < seconds:  # of the model itself
            raise
        raise RequestTimeoutError(f"no answer within {seconds:g} s") from error
    finally:
        guard.cancel()


def _give_up(seconds: float) -> None:
    print(f"a request was not answered within {seconds:g} s and cannot be stopped", file=sys.stderr, flush=True)
    os._exit(_STATUS)

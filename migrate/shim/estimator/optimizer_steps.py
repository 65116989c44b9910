"""Calling a model_fn in TRAIN mode for its loss alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

_PATCHING = threading.Lock()


@contextmanager
def without_optimizer_steps(weights: Callable[[], list[Any]]) -> Iterator[None]:
    """Makes TF1 optimizers do nothing: no step, no slot variables.

    A model_fn in TRAIN mode builds its train_op beside its loss. In a graph it runs only when fetched; in a
    `tf.function` it would run in any case, as a second step beside the one of the Keras optimizer.

    Args:
        weights: gives the variables that `compute_gradients` pairs with zeros, for code that clips gradients.
    """

    def no_step(optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        return tf.no_op()

    def zero_gradients(optimizer: Any, *args: Any, **kwargs: Any) -> list[tuple[Any, Any]]:
        return [(tf.zeros_like(variable), variable) for variable in weights()]

    replaced = {"minimize": no_step, "apply_gradients": no_step, "compute_gradients": zero_gradients}
    with _PATCHING:
        original = [
            (optimizer, name, vars(optimizer)[name])
            for optimizer in _with_subclasses(tf1.train.Optimizer)  # those that write their own step included
            for name in replaced
            if name in vars(optimizer)
        ]
        for optimizer, name, _ in original:
            setattr(optimizer, name, replaced[name])
        try:
            yield
        finally:
            for optimizer, name, method in original:
                setattr(optimizer, name, method)


def _with_subclasses(optimizer: Any) -> Iterator[Any]:
    yield optimizer
    for subclass in optimizer.__subclasses__():
        yield from _with_subclasses(subclass)

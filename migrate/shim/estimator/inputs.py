"""Input functions over arrays in memory, for `predict`: the names of `tf.estimator.inputs`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf1

from migrate.shim.estimator.errors import EstimatorError

__all__ = ["numpy_input_fn", "pandas_input_fn"]


def numpy_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
) -> Callable[[], Any]:
    """Returns an input function that feeds an array, or a dict of arrays, in batches.

    Args:
        x: the features; all arrays have the same length.
        y: the targets, in the same form; without them the input function returns features only.
        batch_size: of every batch but the last, which may be shorter.
        num_epochs: how often the arrays are read; None: without end.
        shuffle: must be given; in the order of the arrays when False.
        queue_capacity: of how many rows the next one is drawn when `shuffle` is True.
        num_threads: has no effect.

    Raises:
        EstimatorError: `shuffle` is not given, or (when it is called) the arrays differ in length.
    """
    del num_threads
    if not isinstance(shuffle, bool):
        raise EstimatorError(f"shuffle must be True or False, not {shuffle!r}.")

    def input_fn() -> Any:
        data = x if y is None else (x, y)
        lengths = {len(array) for part in (x, y) for array in _arrays(part)}
        if len(lengths) != 1:
            raise EstimatorError(f"The arrays of x and y must have one length, not {sorted(lengths)}.")
        dataset = tf1.data.Dataset.from_tensor_slices(data)
        if shuffle:
            dataset = dataset.shuffle(queue_capacity)
        batches = dataset.repeat(num_epochs).batch(batch_size, drop_remainder=num_epochs is None)
        iterator = tf1.data.make_initializable_iterator(batches)
        tf1.add_to_collection(tf1.GraphKeys.TABLE_INITIALIZERS, iterator.initializer)
        return iterator.get_next()

    return input_fn


def pandas_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
    target_column: str = "target",
) -> Callable[[], Any]:
    """Returns an input function that feeds the columns of a DataFrame; see `numpy_input_fn`.

    Args:
        y: a Series, or a DataFrame of several targets.
        target_column: has no effect: the name of the target's column while it is read.

    Raises:
        EstimatorError: `shuffle` is not given.
    """
    del target_column
    features = {name: x[name].values for name in x.columns}
    targets = y if y is None else {name: y[name].values for name in y.columns} if hasattr(y, "columns") else y.values
    return numpy_input_fn(features, targets, batch_size, num_epochs, shuffle, queue_capacity, num_threads)


def _arrays(part: Any) -> list[Any]:
    if part is None:
        return []
    arrays = list(part.values()) if isinstance(part, Mapping) else [part]
    if not arrays:
        raise EstimatorError("x and y must not be empty dicts.")
    return [np.asarray(array) for array in arrays]

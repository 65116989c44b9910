"""Functions of `tf.contrib` that TensorFlow 2 has no equal of: the same variables, names and numbers.

    from migrate.shim import contrib as tf_contrib

Names, arguments and defaults are those of `tf.contrib.layers` in TensorFlow 1.15; they build TF1 graphs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

_MODES = ("FAN_IN", "FAN_OUT", "FAN_AVG")


def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Callable[[Any], Any] | None = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> Any:
    """`tf.contrib.layers.layer_norm`: its variables are `beta` and `gamma` in the scope `LayerNorm`.

    Raises:
        ValueError: the rank of the inputs or the shape of the variables is not known, or an axis is not one of theirs.
    """
    with tf1.variable_scope(scope, "LayerNorm", [inputs], reuse=reuse):
        inputs = tf.convert_to_tensor(inputs)
        rank = inputs.shape.ndims
        if rank is None:
            raise ValueError(f"layer_norm needs the rank of its inputs, and {inputs.name} has none.")
        if begin_norm_axis < 0:
            begin_norm_axis += rank
        if begin_params_axis >= rank or begin_norm_axis >= rank:
            raise ValueError(
                f"begin_params_axis ({begin_params_axis}) and begin_norm_axis ({begin_norm_axis}) must be less than "
                f"the rank of the inputs ({rank})."
            )
        shape = inputs.shape[begin_params_axis:]
        if not shape.is_fully_defined():
            raise ValueError(f"layer_norm needs the shape of its variables, and that of {inputs.name} is {shape}.")
        dtype = inputs.dtype.base_dtype

        def variable(name: str, initializer: Any) -> Any:
            given = variables_collections
            collections = list((given.get(name) if isinstance(given, dict) else given) or ())
            collections += [tf1.GraphKeys.GLOBAL_VARIABLES, tf1.GraphKeys.MODEL_VARIABLES]
            return tf1.get_variable(
                name, shape, dtype=dtype, initializer=initializer, collections=collections, trainable=trainable
            )

        beta = variable("beta", tf1.zeros_initializer()) if center else None
        gamma = variable("gamma", tf1.ones_initializer()) if scale else None
        mean, variance = tf1.nn.moments(inputs, list(range(begin_norm_axis, rank)), keep_dims=True)
        epsilon = 1e-3 if dtype == tf.float16 else 1e-12
        outputs = tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        outputs.set_shape(inputs.shape)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return _collected(outputs_collections, outputs)


def dense_to_sparse(tensor: Any, eos_token: Any = 0, outputs_collections: Any = None, scope: Any = None) -> Any:
    """`tf.contrib.layers.dense_to_sparse`: a SparseTensor of what is not `eos_token`."""
    with tf1.variable_scope(scope, "dense_to_sparse", [tensor]):
        tensor = tf.convert_to_tensor(tensor)
        indices = tf1.where(tf.not_equal(tensor, tf.constant(eos_token, tensor.dtype)))
        shape = tf.shape(tensor, out_type=tf.int64)
        return _collected(outputs_collections, tf.SparseTensor(indices, tf.gather_nd(tensor, indices), shape))


def variance_scaling_initializer(
    factor: float = 2.0, mode: str = "FAN_IN", uniform: bool = False, seed: Any = None, dtype: Any = tf.float32
) -> Callable[..., Any]:
    """`tf.contrib.layers.variance_scaling_initializer`, whose truncated normal is wider than that of `tf.compat.v1`.

    Raises:
        TypeError: the mode is none of FAN_IN, FAN_OUT and FAN_AVG, or the dtype no floating point.
    """
    if mode not in _MODES:
        raise TypeError(f"Unknown mode {mode!r}: it must be one of {', '.join(_MODES)}.")
    _check_floating(dtype)
    default_dtype = dtype

    def initializer(shape: Any, dtype: Any = default_dtype, partition_info: Any = None) -> Any:
        del partition_info
        _check_floating(dtype)
        variance = factor / _fan([float(size) for size in shape], mode)
        if uniform:
            limit = math.sqrt(3.0 * variance)
            return tf1.random_uniform(shape, -limit, limit, dtype, seed=seed)
        return tf1.truncated_normal(shape, 0.0, math.sqrt(1.3 * variance), dtype, seed=seed)

    return initializer


def xavier_initializer(uniform: bool = True, seed: Any = None, dtype: Any = tf.float32) -> Callable[..., Any]:
    """`tf.contrib.layers.xavier_initializer`."""
    return variance_scaling_initializer(1.0, "FAN_AVG", uniform, seed, dtype)


def _fan(shape: list[float], mode: str) -> float:
    if not shape:
        return 1.0
    window = math.prod(shape[:-2])
    fan_in, fan_out = shape[-2 if len(shape) > 1 else -1] * window, shape[-1] * window
    return {"FAN_IN": fan_in, "FAN_OUT": fan_out, "FAN_AVG": (fan_in + fan_out) / 2.0}[mode]


def _check_floating(dtype: Any) -> None:
    if not tf.as_dtype(dtype).is_floating:
        raise TypeError(f"An initializer makes floating point values, not {dtype}.")


def _collected(collections: Any, outputs: Any) -> Any:
    if collections:
        tf1.add_to_collections(collections, outputs)
    return outputs

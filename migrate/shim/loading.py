"""`load`: a legacy model as a live module."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from migrate.errors import Tf1to2Error
from migrate.legacy.asked import Asked, parse_signature
from migrate.legacy.read import read_models
from migrate.legacy.tags import only
from migrate.native_module.values import assign_initialized_state, assign_stored_values
from migrate.preflight.allowed_ops import AllowedOps
from migrate.shim.module import MetaGraphModule


def load(
    path: str | Path,
    tags: Iterable[str] | None = None,
    *,
    allow_ops: Iterable[str] = (),
    signatures: Iterable[str] = (),
    checkpoint: str | Path | None = None,
    ema: bool = False,
) -> MetaGraphModule:
    """Load a model of TensorFlow 1 as a `tf.Module` with real resource variables.

    Args:
        path: a SavedModel's folder, or what else `tf1to2 rewrap` takes: a `.meta` file, the prefix of a checkpoint or
            its folder, a GraphDef, a session_bundle export, a Keras `.h5` file.
        tags: of the MetaGraph to load; None takes the only one there is.
        allow_ops: names of ops with an effect outside of the process (`WriteFile`) that the model may run.
        signatures: of a model that names none, in the form `KEY:in=TENSOR->out=TENSOR`; without them the obvious one.
        checkpoint: the prefix of the values of a graph's variables, where they do not lie beside it.
        ema: take moving averages in place of the variables that have one.

    Raises:
        RefusedModelError: it would do something outside of the process that `allow_ops` does not name.
        Tf1to2Error: the model cannot be read, or not be kept as it was; or the caller stands in a v1 graph or has v2
            behaviour disabled.
    """
    if not tf.executing_eagerly():
        raise Tf1to2Error(
            f"{path} can be loaded as a TensorFlow 2 module in eager execution only, not inside a v1 graph or with v2 "
            "behaviour disabled; load it outside, or with tf.compat.v1.saved_model.load in a Session."
        )
    asked = Asked(tuple(map(parse_signature, signatures)), None if checkpoint is None else Path(checkpoint), ema)
    legacy = only(read_models(Path(path), asked), None if tags is None else frozenset(tags))
    module = MetaGraphModule(legacy, allowed=AllowedOps(frozenset(allow_ops)))
    assign_initialized_state(module)
    assign_stored_values(module)
    return module

"""`load`: a legacy model as a live module."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from migrate.errors import Tf1to2Error
from migrate.legacy.read import read_models
from migrate.legacy.tags import only
from migrate.native_module.values import assign_initialized_state, assign_stored_values
from migrate.preflight.allowed_ops import AllowedOps
from migrate.shim.module import MetaGraphModule


def load(path: str | Path, tags: Iterable[str] | None = None, *, allow_ops: Iterable[str] = ()) -> MetaGraphModule:
    """Load a TF1 SavedModel as a `tf.Module` with real resource variables.

    Args:
        path: the model's folder.
        tags: of the MetaGraph to load; None takes the only one there is.
        allow_ops: names of ops with an effect outside of the process (`WriteFile`) that the model may run.

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
    legacy = only(read_models(Path(path)), None if tags is None else frozenset(tags))
    module = MetaGraphModule(legacy, allowed=AllowedOps(frozenset(allow_ops)))
    assign_initialized_state(module)
    assign_stored_values(module)
    return module

"""The OpDef of every op that this TensorFlow has registered."""

from __future__ import annotations

from typing import Any

from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.framework import op_def_registry


def op_def(op: str) -> Any | None:
    """Return the OpDef of `op`, or None where this TensorFlow does not know it."""
    return op_def_registry.get(op)


def registered_ops() -> tuple[Any, ...]:
    """Return the OpDefs of all ops that this process has registered so far, by name."""
    serialized = pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
    return tuple(sorted(op_def_pb2.OpList.FromString(serialized).op, key=lambda op: str(op.name)))

"""Variables that nothing gives a value when a model is loaded: signatures set them, and the model does not store them.

TensorFlow 2 refuses to load a model again that was saved while a `tf.Variable` of it had no value, and reads an empty
tensor where TF1 fails. So these are resources that are made anew at every load, as tables are: reading one before
anything has been assigned fails with the error that a TF1 Session gives.
"""

from __future__ import annotations

import uuid
from typing import Any

import tensorflow as tf

from migrate.legacy.state import LegacyVariable


class ScratchVariable(tf.saved_model.experimental.TrackableResource):  # type: ignore[misc]
    """A variable without a value, under its TF1 name in a Session.

    In a function it has a name that no other model has: the copies of a model that one process loads share it.
    """

    def __init__(self, variable: LegacyVariable) -> None:
        super().__init__()
        self._name = variable.name
        self._dtype = tf.as_dtype(variable.dtype)
        self._shape = tf.TensorShape(variable.shape)
        self._shared_name = f"{variable.name}_{uuid.uuid4()}"

    def _create_resource(self) -> Any:
        in_session = not tf.executing_eagerly() and not tf.inside_function()
        return tf.raw_ops.VarHandleOp(
            dtype=self._dtype,
            shape=self._shape,
            shared_name=self._name if in_session else self._shared_name,
            name=self._name,
        )

    def _initialize(self) -> None:
        # What an earlier load in this process has left there.
        tf.raw_ops.DestroyResourceOp(resource=self.resource_handle, ignore_lookup_error=True)

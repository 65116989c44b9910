"""Lookup tables of a legacy graph as tracked resources of TensorFlow 2.

A table with fixed content keeps the initialiser of the legacy graph and runs it whenever the model is loaded. A mutable
table becomes TensorFlow's own object, whose content lies in the checkpoint.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.graph.tensor_name import source_node


class InitializedTable(tf.saved_model.experimental.TrackableResource):  # type: ignore[misc]
    """A HashTable that runs its own initialiser.

    `initialize` is called at every load, with the table's handle; it is set once the handle exists.
    """

    def __init__(self, node: Any) -> None:
        super().__init__()
        self._name = node.name
        self._node = node
        # A resource outlives its object: no other table in this process may ever get this name.
        self._shared_name = f"{node.name}_{uuid.uuid4()}"
        self.initialize: Callable[[], None] | None = None

    def _create_resource(self) -> Any:
        return tf.raw_ops.HashTableV2(
            key_dtype=self._node.attr["key_dtype"].type,
            value_dtype=self._node.attr["value_dtype"].type,
            shared_name=self._shared_name,
        )

    def _initialize(self) -> None:
        if self.initialize is not None:
            self.initialize()

    def run_initializer(self) -> None:
        """Fill the table now; a table that nothing initialises stays empty, as the TF1 loader leaves it."""
        self._initialize()


class StartedIterator(InitializedTable):
    """An iterator over a dataset of the graph: it starts anew at every load.

    The copies of a model that one process loads share it, as they share its tables.
    """

    def _create_resource(self) -> Any:
        return tf.raw_ops.IteratorV2(
            shared_name=self._shared_name,
            container="",
            output_types=[tf.as_dtype(dtype) for dtype in self._node.attr["output_types"].list.type],
            output_shapes=[tf.TensorShape(shape) for shape in self._node.attr["output_shapes"].list.shape],
        )


class LoadAction(tf.saved_model.experimental.TrackableResource):  # type: ignore[misc]
    """Something to run at every load: TensorFlow 2 runs nothing but the initialisers of resources.

    The resource itself is a scalar that nobody reads.
    """

    def __init__(self, action: Callable[[], None]) -> None:
        super().__init__()
        self.action = action

    def _create_resource(self) -> Any:
        return tf.raw_ops.VarHandleOp(dtype=tf.bool, shape=[], shared_name=f"load_action_{uuid.uuid4()}")

    def _initialize(self) -> None:
        self.action()

    def run(self) -> None:
        """Run it now."""
        self.action()


def mutable_table(node: Any, constant: Callable[[str], Any]) -> Any:
    """Return TensorFlow's object for a mutable table node.

    Args:
        constant: gives the value of a constant tensor of the graph, by edge.

    Raises:
        RefusedModelError: a dense table whose empty or deleted key is computed in the graph.
    """
    key_dtype = tf.as_dtype(node.attr["key_dtype"].type)
    value_dtype = tf.as_dtype(node.attr["value_dtype"].type)
    shape = [dimension.size for dimension in node.attr["value_shape"].shape.dim]
    default = tf.zeros(shape, value_dtype) if value_dtype != tf.string else tf.fill(shape, "")
    if not node.op.startswith("MutableDense"):
        return tf.lookup.experimental.MutableHashTable(key_dtype, value_dtype, default, name=source_node(node.name))
    empty_key = constant(node.input[0])
    if len(node.input) < 2:
        raise RefusedModelError(
            f"the dense hash table {node.name!r} has no deleted key (written before TF 1.13) and TensorFlow 2 needs "
            "one; rebuild the table in TensorFlow 1.15."
        )
    return tf.lookup.experimental.DenseHashTable(
        key_dtype, value_dtype, default, empty_key, constant(node.input[1]), name=source_node(node.name)
    )

"""The live state behind a legacy graph: resource variables and tables, and their handles by node."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.graph.partitions import Part
from migrate.graph.tensor_name import source_node
from migrate.legacy.state import ITERATOR_OPS, MUTABLE_TABLE_OPS, LegacyVariable, state_identity
from migrate.native_module.scratch_variables import ScratchVariable
from migrate.native_module.tables import InitializedTable, StartedIterator, mutable_table
from migrate.tensorflow_private.uninitialized_variable import uninitialized_variable


class State:
    """Every state that the functions of a legacy graph use; each is made when it is first asked for.

    Attributes:
        variables: `tf.Variable`s by TF1 name. They have no value before somebody assigns one.
        tables: tables with fixed content, and iterators, by identity.
        mutable_tables: TensorFlow's own table objects, by table identity.
        scratch: the variables that only signatures set, by TF1 name; they are not among `variables`.
        parts: the slices that stand for the parts of partitioned variables, by node.
    """

    def __init__(
        self, nodes: Mapping[str, Any], variables: Iterable[LegacyVariable], scratch: Collection[str] = ()
    ) -> None:
        self._nodes = nodes
        self._scratch_nodes = frozenset(scratch)
        self.scratch: dict[str, ScratchVariable] = {}
        self._legacy: dict[str, LegacyVariable] = {}
        self.parts: dict[str, Part] = {}
        for variable in variables:
            self._legacy.update(dict.fromkeys(variable.nodes, variable))
            self.parts.update(variable.parts)
        self.variables: dict[str, Any] = {}
        self.legacy_variables: dict[str, LegacyVariable] = {}
        self.tables: dict[tuple[bytes, bytes], InitializedTable] = {}
        self.mutable_tables: dict[tuple[bytes, bytes], Any] = {}
        self.mutable_table_nodes: dict[tuple[bytes, bytes], str] = {}

    def legacy_variable(self, node: str) -> LegacyVariable | None:
        """Return the variable that a node stands for, None for other nodes."""
        return self._legacy.get(node)

    def variable(self, node: str) -> Any:
        """Return the `tf.Variable` of a variable node; for a part, that of the whole."""
        legacy = self._legacy[node]
        if legacy.name not in self.variables:
            with tf.init_scope():
                self.variables[legacy.name] = uninitialized_variable(
                    legacy.name, legacy.shape, tf.as_dtype(legacy.dtype), legacy.trainable
                )
            self.legacy_variables[legacy.name] = legacy
        return self.variables[legacy.name]

    def is_scratch(self, node: str) -> bool:
        """Tell whether a variable node stands for a variable that only signatures set."""
        return node in self._scratch_nodes

    def handle(self, node: Any) -> Any:
        """Return the eager handle of a table node, or of a variable that only signatures set.

        Raises:
            RefusedModelError: the table cannot be rebuilt.
        """
        identity = state_identity(node)
        # A handle that is made while a function is traced would die with it.
        with tf.init_scope():
            if node.name in self._scratch_nodes:
                return self._scratch_variable(node.name).resource_handle
            if node.op in MUTABLE_TABLE_OPS:
                if identity not in self.mutable_tables:
                    self.mutable_tables[identity] = mutable_table(node, self._constant)
                    self.mutable_table_nodes[identity] = node.name
                return self.mutable_tables[identity].resource_handle
            if identity not in self.tables:
                self.tables[identity] = (StartedIterator if node.op in ITERATOR_OPS else InitializedTable)(node)
            return self.tables[identity].resource_handle

    def _scratch_variable(self, node: str) -> ScratchVariable:
        legacy = self._legacy[node]
        if legacy.name not in self.scratch:
            self.scratch[legacy.name] = ScratchVariable(legacy)
        return self.scratch[legacy.name]

    def _constant(self, edge: str) -> Any:
        node = self._nodes[source_node(edge)]
        if node.op != "Const":
            raise RefusedModelError(
                f"the table key {edge!r} is computed in the graph, but TensorFlow 2 needs it before the graph runs; "
                "rebuild the table with constant keys."
            )
        try:
            return tf.make_ndarray(node.attr["value"].tensor)
        except (KeyError, TypeError, ValueError) as error:
            raise RefusedModelError(
                f"the table key {edge!r} is a constant that cannot be read ({error}); copy the model again."
            ) from error

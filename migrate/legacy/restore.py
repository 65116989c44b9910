"""Which checkpoint tensor goes into which variable or table: read from the restore op of the SaverDef.

The restore op is what the TF1 loader runs, so it holds the truth where names differ (moving averages restored into the
variables), where only some variables are saved, and where a variable is a slice of the stored tensor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from migrate.errors import RefusedModelError
from migrate.graph.cut import nodes_by_name
from migrate.graph.tensor_name import is_control, parse_tensor, source_node
from migrate.graph.walk import followed, needed
from migrate.legacy.collections import saved_variable_defs

_RESTORES = frozenset({"RestoreV2"})
_OLD_RESTORES = frozenset({"Restore", "RestoreSlice"})
_ASSIGNS = frozenset({"Assign", "AssignVariableOp"})
_TABLE_IMPORTS = frozenset({"LookupTableImport", "LookupTableImportV2"})
_IDENTITIES = frozenset({"Identity", "RefIdentity"})
# What a Saver puts between the restored tensor and the assignment.
_CONVERSIONS = frozenset({"Identity", "Reshape", "Cast", "Squeeze"})


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of a stored tensor that a variable takes: `shape` from `offset` on, of a tensor of `full_shape`."""

    full_shape: tuple[int, ...]
    offset: tuple[int, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor in the checkpoint: its key, and the slice to take where the variable is a part."""

    key: str
    slice: Slice | None = None


@dataclass(frozen=True, slots=True)
class StoredTable:
    """The checkpoint keys of a mutable table's content."""

    keys: str
    values: str


@dataclass(frozen=True, slots=True)
class RestoreMap:
    """What the restore op does, by the name of the variable's or table's node."""

    variables: Mapping[str, Stored] = field(default_factory=dict)
    tables: Mapping[str, StoredTable] = field(default_factory=dict)


def read_restore_map(meta_graph: Any) -> RestoreMap:
    """Read the restore op of a MetaGraphDef.

    Without a SaverDef the TF1 loader makes a Saver of its own, which restores the collected variables by their names.

    Raises:
        RefusedModelError: the restore op writes state in a way that is not understood.
    """
    if not meta_graph.HasField("saver_def"):
        return RestoreMap({d.variable_name.partition(":")[0]: _by_name(d) for d in saved_variable_defs(meta_graph)})
    nodes = nodes_by_name(meta_graph.graph_def)
    reader = _Reader(nodes)
    for name in _reached(nodes, source_node(meta_graph.saver_def.restore_op_name)):
        reader.read(nodes[name])
    return RestoreMap(reader.variables, reader.tables)


def _by_name(definition: Any) -> Stored:
    info = definition.save_slice_info_def
    if not info.full_name:
        return Stored(definition.variable_name.partition(":")[0])
    return Stored(info.full_name, Slice(tuple(info.full_shape), tuple(info.var_offset), tuple(info.var_shape)))


def _reached(nodes: Mapping[str, Any], start: str) -> list[str]:
    if start not in nodes:
        raise RefusedModelError(f"the SaverDef names the restore op {start!r}, which is not in the graph.")
    return list(needed(nodes, [start]))


class _Reader:
    def __init__(self, nodes: Mapping[str, Any]) -> None:
        self._nodes = nodes
        self.variables: dict[str, Stored] = {}
        self.tables: dict[str, StoredTable] = {}

    def read(self, node: Any) -> None:
        if node.op in _ASSIGNS:
            stored = self._stored(node.input[1])
            if stored is not None:
                self.variables[self._state(node.input[0])] = stored
        elif node.op in _TABLE_IMPORTS:
            keys, values = self._stored(node.input[1]), self._stored(node.input[2])
            if keys is not None and values is not None:
                self.tables[self._state(node.input[0])] = StoredTable(keys.key, values.key)
        elif node.op in _RESTORES | _OLD_RESTORES:
            return
        elif "Deserialize" in node.op:
            raise RefusedModelError(
                f"the checkpoint restores the resource {source_node(node.input[0])!r} with {node.op}, which "
                "TensorFlow 2 has no object for; serve this model with TensorFlow <= 2.15 or train it anew."
            )

    def _state(self, edge: str) -> str:
        """Follow a reference or handle back to the node that makes the state."""
        return source_node(followed(self._nodes, edge, lambda node: node.op in _IDENTITIES))

    def _stored(self, edge: str) -> Stored | None:
        """Follow a value back to the restore op; None where it does not come from the checkpoint."""
        origin = followed(self._nodes, edge, lambda node: node.op in _CONVERSIONS)
        node = self._nodes.get(source_node(origin))
        if node is None or is_control(origin):
            return None
        tensor = parse_tensor(origin)
        if node.op in _RESTORES:
            names = self._strings(node.input[1])
            slices = self._strings(node.input[2])
            if tensor.index >= min(len(names), len(slices)):
                raise RefusedModelError(
                    f"the restore op {node.name!r} reads {min(len(names), len(slices))} tensors, but {origin!r} is "
                    "used; the model is damaged, copy it again."
                )
            return Stored(names[tensor.index], self._slice(slices[tensor.index], node))
        if node.op in _OLD_RESTORES:
            specs = self._strings(node.input[2]) if node.op == "RestoreSlice" else [""]
            names = self._strings(node.input[1])
            if names and specs:
                return Stored(names[0], self._slice(specs[0], node))
        return None

    def _slice(self, spec: str, node: Any) -> Slice | None:
        try:
            return parse_slice(spec)
        except ValueError as error:
            raise RefusedModelError(
                f"the restore op {node.name!r} asks for the slice {spec!r}, which is none; the model is damaged, "
                "copy it again."
            ) from error

    def _strings(self, edge: str) -> list[str]:
        from tensorflow import make_ndarray

        node = self._nodes.get(source_node(edge))
        if node is None or node.op != "Const" or is_control(edge):
            raise RefusedModelError(
                f"the names that the checkpoint is restored by are computed in the graph (node {source_node(edge)!r}), "
                "so that the variables' values cannot be told; export the model again."
            )
        try:
            return [bytes(value).decode() for value in make_ndarray(node.attr["value"].tensor).reshape(-1)]
        except (KeyError, TypeError, ValueError) as error:  # KeyError: a dtype without values
            raise RefusedModelError(
                f"the names that the checkpoint is restored by (node {node.name!r}) are no texts ({error}); the model "
                "is damaged, copy it again."
            ) from error


def parse_slice(spec: str) -> Slice | None:
    """Read a slice spec as the RestoreV2 op takes it, like `10 4 0,5:0,4` (full shape, then `offset,length` or `-`).

    Source: ParseShapeAndSlice in tensorflow/core/util/saved_tensor_slice_util.cc.
    """
    if not spec:
        return None
    *dimensions, slices = spec.split(" ")
    full = tuple(int(dimension) for dimension in dimensions)
    offset, shape = [], []
    for size, extent in zip(full, slices.split(":"), strict=True):
        start, length = (0, size) if extent == "-" else map(int, extent.split(","))
        offset.append(start)
        shape.append(length)
    return Slice(full, tuple(offset), tuple(shape))

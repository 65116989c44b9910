"""A restore op for chosen variables and tables, in the form that Savers of TensorFlow 1 write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migrate.legacy.restore import RestoreMap, Slice, Stored

SCOPE = "tf1to2_save"
_STRING = 7


@dataclass(frozen=True, slots=True)
class Restored:
    """The op that gives a variable its stored value, and a tensor that reads it."""

    initializer: str
    snapshot: str


def add_restore(meta_graph: Any, restores: RestoreMap) -> Mapping[str, Restored]:
    """Add nodes that restore what `restores` names to the graph of `meta_graph`, and a SaverDef that runs them.

    The variables' and tables' nodes must be in the graph. A model that needs nothing gets no SaverDef. Returns the
    variables by the names of their nodes.
    """
    variables: dict[str, Restored] = {}
    if not restores.variables and not restores.tables:
        return variables
    builder = _Builder(meta_graph.graph_def)
    path = builder.add("Const", "Const", dtype=_STRING)
    path.attr["value"].tensor.CopyFrom(_strings("model"))
    for name, stored in restores.variables.items():
        node = builder.nodes[name]
        dtype = node.attr["dtype"].type
        value = builder.restored(path.name, {stored: dtype})
        if node.op == "VarHandleOp":
            run = builder.run("AssignVariableOp", [name, *value], dtype=dtype)
            read = builder.add(f"ReadVariableOp_{len(builder.runs)}", "ReadVariableOp", dtype=dtype)
            read.input.append(name)
            variables[name] = Restored(run.name, f"{read.name}:0")
        else:
            run = builder.run("Assign", [name, *value], T=dtype)
            run.attr["use_locking"].b = True
            # A variable whose shape is not static takes that of its value.
            run.attr["validate_shape"].b = not node.attr["shape"].shape.unknown_rank
            variables[name] = Restored(run.name, f"{name}:0")
    for name, table in restores.tables.items():
        node = builder.nodes[name]
        key_type, value_type = node.attr["key_dtype"].type, node.attr["value_dtype"].type
        values = builder.restored(path.name, {Stored(table.keys): key_type, Stored(table.values): value_type})
        op = "LookupTableImportV2" if node.op.endswith("V2") else "LookupTableImport"
        builder.run(op, [name, *values], Tin=key_type, Tout=value_type)
    restore_all = builder.add("restore_all", "NoOp")
    restore_all.input.extend(f"^{name}" for name in builder.runs)
    meta_graph.saver_def.Clear()
    meta_graph.saver_def.filename_tensor_name = f"{path.name}:0"
    # A Saver wants one; nothing is saved by it.
    meta_graph.saver_def.save_tensor_name = f"{path.name}:0"
    meta_graph.saver_def.restore_op_name = restore_all.name
    meta_graph.saver_def.version = meta_graph.saver_def.V2
    return variables


class _Builder:
    def __init__(self, graph_def: Any) -> None:
        self._graph_def = graph_def
        self.nodes: Mapping[str, Any] = {node.name: node for node in graph_def.node}
        self.scope = SCOPE
        while any(name.startswith(f"{self.scope}/") for name in self.nodes):
            self.scope += "_"
        self.runs: list[str] = []

    def add(self, name: str, op: str, **types: int) -> Any:
        node = self._graph_def.node.add(name=f"{self.scope}/{name}", op=op)
        for attribute, dtype in types.items():
            node.attr[attribute].type = dtype
        return node

    def run(self, op: str, inputs: list[str], **types: int) -> Any:
        node = self.add(f"{op}_{len(self.runs)}", op, **types)
        node.input.extend(inputs)
        self.runs.append(node.name)
        return node

    def restored(self, path: str, stored: Mapping[Stored, int]) -> list[str]:
        number = len(self.runs)
        names = self.add(f"tensor_names_{number}", "Const", dtype=_STRING)
        names.attr["value"].tensor.CopyFrom(_strings([each.key for each in stored]))
        slices = self.add(f"shape_and_slices_{number}", "Const", dtype=_STRING)
        slices.attr["value"].tensor.CopyFrom(_strings([_slice_spec(each.slice) for each in stored]))
        restore = self.add(f"RestoreV2_{number}", "RestoreV2")
        restore.input.extend([path, names.name, slices.name])
        restore.attr["dtypes"].list.type.extend(stored.values())
        return [restore.name, *(f"{restore.name}:{place}" for place in range(1, len(stored)))]


def _strings(texts: str | list[str]) -> Any:
    from tensorflow import make_tensor_proto

    return make_tensor_proto(texts)


def _slice_spec(part: Slice | None) -> str:
    """Write a slice as the RestoreV2 op takes it: `10 4 0,5:0,4`."""
    if part is None:
        return ""
    extents = ":".join(f"{start},{length}" for start, length in zip(part.offset, part.shape, strict=True))
    return " ".join([*map(str, part.full_shape), extents])

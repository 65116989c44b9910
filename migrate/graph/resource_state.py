"""Turns the reference state of TF1 into resource state, so that a graph can live in a TF2 function.

Every edge that carries a reference becomes an edge that carries a resource handle. Where an op takes the value of a
reference, a `ReadVariableOp` is put in between. An op that changes a variable and hands its reference on becomes the
resource op, followed by an `Identity` of the handle under the old name: whoever used the reference sees the changed
variable, and control dependencies on the old name still wait for the change.

When a graph changes no variable, all readers of an edge share one read. Otherwise each consumer reads for itself once
its other inputs are there: that is when TF1 looks at a reference. `Identity` of a reference shares its buffer in TF1,
so that even a value "read" before an `assign_add` shows the sum; it is handed on as a handle and read late, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from migrate.errors import RefusedModelError
from migrate.graph.op_arguments import input_argument, output_argument
from migrate.graph.read_order import Access, put_reads_first
from migrate.graph.reference_ops import (
    PASSING_OPS,
    RESOURCE_WRITING_OPS,
    TABLE_OPS,
    USING_OPS,
    VARIABLE_OPS,
    WRITING_OPS,
)
from migrate.graph.tensor_name import TensorName, edge_to, is_control, parse_tensor, source_node
from migrate.graph.walk import followed
from migrate.tensorflow_private.op_defs import op_def

_DT_RESOURCE = 20
_MERGES = frozenset({"Merge", "RefMerge"})


@dataclass(frozen=True, slots=True)
class ResourceGraph:
    """A graph without references.

    Attributes:
        nodes: NodeDefs; every variable is a VarHandleOp and every table a V2 table op, under their old names.
        values: what to fetch in place of a tensor that carried a reference: the read of its variable.
    """

    nodes: tuple[Any, ...]
    values: Mapping[TensorName, TensorName]


def to_resource_state(nodes: Iterable[Any], fetches: Iterable[TensorName]) -> ResourceGraph:
    """Convert a cut graph; nodes without references are passed on as they are.

    Raises:
        RefusedModelError: an op works on a reference and has no resource counterpart.
    """
    conversion = _Conversion({node.name: node for node in nodes})
    for node in conversion.source.values():
        conversion.convert(node)
    put_reads_first(conversion.source, conversion.late_reads, conversion.writes, frozenset(WRITING_OPS))
    values = {fetch: conversion.read_for_fetch(fetch) for fetch in fetches if conversion.is_reference(fetch)}
    return ResourceGraph(tuple(conversion.result), values)


@dataclass(slots=True)
class _Conversion:
    source: dict[str, Any]
    result: list[Any] = field(default_factory=list)
    reads: dict[TensorName, str] = field(default_factory=dict)
    late_reads: list[Access] = field(default_factory=list)
    writes: list[Access] = field(default_factory=list)
    changes_state: bool = False
    made: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.changes_state = any(
            node.op in WRITING_OPS or node.op in RESOURCE_WRITING_OPS or node.op == "CountUpTo"
            for node in self.source.values()
        )

    def convert(self, node: Any) -> None:
        if node.op in VARIABLE_OPS:
            self._add_variable(node)
        elif node.op in TABLE_OPS:
            self._add_renamed(node, TABLE_OPS[node.op])
        elif node.op in PASSING_OPS:
            self._add_passing(node, PASSING_OPS[node.op])
        elif node.op in USING_OPS:
            self._add_renamed(node, USING_OPS[node.op])
        elif node.op in WRITING_OPS:
            self._add_writing(node)
        elif self._is_alias(node):
            self._add_passing(node, "Identity")
        else:
            self._refuse_references(node)
            self._add_with_reads(node)

    def is_reference(self, tensor: TensorName) -> bool:
        """Tell whether `tensor` carries the reference of a variable; the handles of TF1 tables never need a read."""
        node = self.source.get(tensor.node)
        if node is None or node.op in TABLE_OPS:
            return False
        return self._is_alias(node) or output_argument(node, tensor.index).is_ref

    def read_for_fetch(self, tensor: TensorName) -> TensorName:
        return TensorName(self._shared_read(tensor), 0)

    def _is_alias(self, node: Any) -> bool:
        return (
            self.changes_state
            and node.op == "Identity"
            and bool(node.input)
            and not is_control(node.input[0])
            and self.is_reference(parse_tensor(node.input[0]))
        )

    def _add_variable(self, node: Any) -> None:
        handle = self._new(node, node.name, "VarHandleOp", [])
        _copy_attributes(node, handle, {"dtype": "dtype", "shape": "shape", "container": "container"})
        handle.attr["shared_name"].s = node.attr["shared_name"].s or node.name.encode()

    def _add_renamed(self, node: Any, op: str) -> None:
        copy = self._new(node, node.name, op, list(node.input))
        _copy_known_attributes(node, copy)

    def _add_passing(self, node: Any, op: str) -> None:
        copy = self._new(node, node.name, op, list(node.input))
        _copy_known_attributes(node, copy)
        copy.attr["T"].type = _DT_RESOURCE

    def _add_writing(self, node: Any) -> None:
        handle = next(edge for edge in node.input if not is_control(edge))
        write = self._new(node, self._free_name(f"{node.name}/write"), WRITING_OPS[node.op], self._inputs(node))
        _copy_known_attributes(node, write)
        self.writes.append(Access(write, node.name, self._variable(handle)))
        passed_on = self._new(node, node.name, "Identity", [handle, f"^{write.name}"])
        passed_on.attr["T"].type = _DT_RESOURCE

    def _add_with_reads(self, node: Any) -> None:
        inputs = self._inputs(node)
        if inputs == list(node.input):
            self.result.append(node)
            return
        copy = type(node)()
        copy.CopyFrom(node)
        del copy.input[:]
        copy.input.extend(inputs)
        self.result.append(copy)

    def _inputs(self, node: Any) -> list[str]:
        """Return the inputs of `node`, with a read wherever it takes the value of a reference."""
        return [
            self._read(node, index, parse_tensor(edge))
            if not is_control(edge) and self.is_reference(parse_tensor(edge)) and not input_argument(node, index).is_ref
            else edge
            for index, edge in enumerate(node.input)
        ]

    def _read(self, consumer: Any, index: int, tensor: TensorName) -> str:
        if not self.changes_state:
            return self._shared_read(tensor)
        after = [] if consumer.op in _MERGES else [e for i, e in enumerate(consumer.input) if i != index]
        waits = dict.fromkeys(
            f"^{source_node(edge)}" for edge in after if is_control(edge) or not self._is_state(source_node(edge))
        )
        name = self._add_read(f"{consumer.name}/read_{index}", tensor, list(waits))
        self.late_reads.append(Access(self.result[-1], consumer.name, self._variable(str(tensor))))
        return name

    def _variable(self, edge: str) -> str:
        """Follow a reference back to the node that makes the variable."""
        return source_node(followed(self.source, edge, self._hands_on))

    def _hands_on(self, node: Any) -> bool:
        return node.op not in VARIABLE_OPS and bool(node.input) and source_node(node.input[0]) in self.source

    def _is_state(self, node: str) -> bool:
        return node not in self.source or self.source[node].op in VARIABLE_OPS

    def _shared_read(self, tensor: TensorName) -> str:
        if tensor not in self.reads:
            suffix = "" if tensor.index == 0 else f"_{tensor.index}"
            self.reads[tensor] = self._add_read(f"{tensor.node}/read_value{suffix}", tensor, [])
        return self.reads[tensor]

    def _add_read(self, name: str, tensor: TensorName, waits: list[str]) -> str:
        producer = self.source[tensor.node]
        read = type(producer)(name=self._free_name(name), op="ReadVariableOp", input=[edge_to(tensor), *waits])
        dtype = output_argument(producer, tensor.index).dtype
        read.attr["dtype"].type = dtype
        self.result.append(read)
        return str(read.name)

    def _free_name(self, name: str) -> str:
        candidate, number = name, 0
        while candidate in self.source or candidate in self.made:
            number += 1
            candidate = f"{name}_{number}"
        self.made.add(candidate)
        return candidate

    def _new(self, original: Any, name: str, op: str, inputs: list[str]) -> Any:
        node = type(original)(name=name, op=op, input=inputs)
        self.result.append(node)
        return node

    def _refuse_references(self, node: Any) -> None:
        takes_reference = any(
            not is_control(edge) and input_argument(node, index).is_ref for index, edge in enumerate(node.input)
        )
        if takes_reference or output_argument(node, 0).is_ref:
            raise RefusedModelError(
                f"the op {node.op} (node {node.name!r}) works on a TF1 reference and TensorFlow 2 has no counterpart "
                "of it for resource variables; take the node out of what the signatures need."
            )


def _copy_known_attributes(source: Any, target: Any) -> None:
    """Copy the attributes that the target op has; a variable op's `T` is called `dtype` in most resource ops."""
    definition = op_def(target.op)
    if definition is None:
        raise RefusedModelError(
            f"the node {source.name!r} needs the op {target.op}, which this TensorFlow does not know."
        )
    names = {attribute.name for attribute in definition.attr}
    _copy_attributes(source, target, {name: name for name in names})
    if "dtype" in names and "dtype" not in source.attr and "T" in source.attr:
        target.attr["dtype"].CopyFrom(source.attr["T"])


def _copy_attributes(source: Any, target: Any, names: Mapping[str, str]) -> None:
    for old, new in names.items():
        if old in source.attr:
            target.attr[new].CopyFrom(source.attr[old])

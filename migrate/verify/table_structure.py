"""Compares what tables are made with and filled from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.graph.cut import nodes_by_name
from migrate.legacy.collections import init_op
from migrate.legacy.initialization import filled_input, read_initialization
from migrate.legacy.state import TABLE_NODE_OPS, state_identity
from migrate.verify.graph_view import Frame, GraphView, Leaf, LeafKind
from migrate.verify.node_facts import attribute_differences, canonical_op
from migrate.verify.run_effects import Effects
from migrate.verify.structure_walk import Walk, original_name
from migrate.verify.written_objects import WrittenObjects, object_number, object_table

_FILLS = frozenset({
    "InitializeTableV2", "InitializeTableFromTextFileV2", "LookupTableImportV2", "LookupTableInsertV2", "MakeIterator",
})  # fmt: skip
# TensorFlow's own objects are made with sizes of their own.
_OF_CONTENT = ("key_dtype", "value_dtype", "value_shape", "output_types", "output_shapes")


@dataclass(frozen=True, slots=True)
class TablePairs:
    """The new model's table for each of the original's that the signatures use.

    Attributes:
        place: where the new model was looked at, in words.
        names: the leaf's name of the new table by that of the original's.
        walk: what compares the initialisers.
    """

    place: str
    names: Mapping[str, str]
    walk: Walk


def table_name(node: Any) -> str:
    """Return what a table node is called as a leaf."""
    return "/".join(part.decode(errors="replace") for part in state_identity(node) if part)


def table_leaf(node: Any) -> Leaf | None:
    """Return the leaf of a node that makes a table, None for others."""
    return Leaf(LeafKind.TABLE, frozenset({table_name(node)})) if node.op in TABLE_NODE_OPS else None


def compare_tables(old: Any, pairs: TablePairs, new: Any, objects: WrittenObjects | None) -> Iterator[str]:
    """Yield what differs.

    Args:
        old: the original's MetaGraphDef.
        pairs: the tables.
        new: the new model's MetaGraphDef.
        objects: the objects that the tables of the new model are; None for those of the Session's graph.
    """
    walk = pairs.walk
    nodes = nodes_by_name(old.graph_def)
    filled = {
        "/".join(part.decode(errors="replace") for part in identity if part): names
        for identity, names in read_initialization(old).tables.items()
    }
    made = {table_name(node): node for node in nodes.values() if node.op in TABLE_NODE_OPS}
    fills = _session_fills(walk, new) if objects is None else {}
    made_now = _session_tables(walk.new) if objects is None else {}
    for name, new_name in sorted(pairs.names.items()):
        about = f"the table {name!r} in {pairs.place}"
        number = object_number(new_name)
        if objects is not None and number is not None:
            fills[new_name] = list(_object_fills(walk, objects, number))
            made_now.update(_object_table(walk.new, objects, number))
        before, after = made.get(name), made_now.get(new_name)
        if before is not None and after is not None:
            yield from (f"{about}: {difference}" for difference in _table_differences(before, after[1]))
            inputs = walk.old.inputs(walk.old.graph, before), walk.new.inputs(*after)
            for place, (one, other) in enumerate(zip(*inputs, strict=False)):
                walk.expect(one, other, f"{about}: input {place}")
        inits = sorted(
            (nodes[each] for each in filled.get(name, ()) if canonical_op(nodes[each].op) in _FILLS),
            key=lambda node: str(node.name),
        )
        found = sorted(fills.get(new_name, []), key=lambda act: original_name(act[1].name))
        if len(inits) != len(found):
            yield f"{about} is filled by {len(found)} initialisers in place of {len(inits)}"
        for init, (frame, node) in zip(inits, found, strict=False):
            walk.expect_nodes(walk.old.graph, init, frame, node, about)
    walk.run()
    yield from walk.differences


def _table_differences(before: Any, after: Any) -> Iterator[str]:
    if canonical_op(before.op) != after.op:
        yield f"it is a {after.op} in place of a {before.op}"
        return
    for difference in attribute_differences(before, after):
        if difference.startswith(tuple(f"the attribute {name} " for name in _OF_CONTENT)):
            yield difference


def _session_tables(view: GraphView) -> dict[str, tuple[Frame, Any]]:
    return {table_name(node): (view.graph, node) for node in view.nodes("").values() if node.op in TABLE_NODE_OPS}


def _session_fills(walk: Walk, new: Any) -> dict[str, list[tuple[Frame, Any]]]:
    """Return what fills each table of a Session when its init op runs."""
    start = init_op(new)
    found: dict[str, list[tuple[Frame, Any]]] = {}
    for frame, node in _all_acts(walk, walk.new.graph, [start] if start is not None else []):
        table = walk.new.resolve(walk.new.inputs(frame, node)[filled_input(node.op)])
        if isinstance(table, Leaf):
            found.setdefault(next(iter(table.names)), []).append((frame, node))
    return found


def _object_fills(walk: Walk, objects: WrittenObjects, number: int) -> Iterator[tuple[Frame, Any]]:
    """Yield what fills a table when its object is restored."""
    function = objects.functions_of(number).get("_initialize")
    if function is None or function not in walk.new.functions:
        return
    frame = objects.frame(walk.new, function)
    for inside, node in _all_acts(walk, frame, walk.new.ends(frame)):
        if walk.new.resolve(walk.new.inputs(inside, node)[filled_input(node.op)]) == _object_leaf(number):
            yield inside, node


def _object_leaf(number: int) -> Leaf:
    return Leaf(LeafKind.TABLE, frozenset({object_table(number)}))


def _object_table(view: GraphView, objects: WrittenObjects, number: int) -> dict[str, tuple[Frame, Any]]:
    function = objects.functions_of(number).get("_create_resource")
    if function is None or function not in view.functions:
        return {}
    tables = [node for node in view.nodes(function).values() if node.op in TABLE_NODE_OPS]
    return {object_table(number): (view.unbound(function), tables[0])} if tables else {}


def _all_acts(walk: Walk, frame: Frame, roots: Any) -> Iterator[tuple[Frame, Any]]:
    """Yield the nodes that fill tables, through all functions."""
    for inside, node in Effects(walk.new, walk.new.functions.keys()).of(frame, roots):
        if canonical_op(node.op) in _FILLS:
            yield inside, node

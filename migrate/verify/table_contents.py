"""Compares the entries of mutable tables, as they are when a model has been loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from migrate.legacy.state import MUTABLE_TABLE_OPS, TABLE_NODE_OPS
from migrate.verify.native_model import NativeModel
from migrate.verify.node_facts import canonical_op
from migrate.verify.session_model import SessionModel
from migrate.verify.signature_tensors import Array, as_array
from migrate.verify.table_structure import table_name


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds: how many entries, and a digest of them in whatever order."""

    entries: int
    digest: bytes


def session_contents(model: SessionModel) -> dict[str, Content]:
    """Return what each mutable table of a Session holds, by the table's name."""
    exports = {}
    nodes = [node for node in model.graph.get_operations() if canonical_op(node.type) in MUTABLE_TABLE_OPS]
    with model.graph.as_default(), tf.device(None):
        for node in nodes:
            old = node.type not in MUTABLE_TABLE_OPS
            export = tf.raw_ops.LookupTableExport if old else tf.raw_ops.LookupTableExportV2
            exports[table_name(node.node_def)] = tuple(
                export(
                    table_handle=node.outputs[0],
                    Tkeys=node.get_attr("key_dtype"),
                    Tvalues=node.get_attr("value_dtype"),
                )
            )
    values = model.session.run(exports) if exports else {}
    return {name: _content(as_array(keys), as_array(found)) for name, (keys, found) in values.items()}


def native_contents(model: NativeModel, original: tf.Graph, places: Mapping[str, int]) -> dict[str, Content]:
    """Return what tables of a loaded model hold.

    Args:
        model: the loaded model.
        original: the graph that tells the dtypes.
        places: the place of each table in the model's list `tables`, by the name that it has in the original.
    """
    nodes = (node.node_def for node in original.get_operations() if node.type in TABLE_NODE_OPS)
    types = {table_name(node): (node.attr["key_dtype"].type, node.attr["value_dtype"].type) for node in nodes}
    return {name: _content(*model.table(place, *types[name])) for name, place in places.items()}


def content_differences(old: Mapping[str, Content], new: Mapping[str, Content], place: str) -> Iterator[str]:
    """Yield what differs in the tables that are in both."""
    for name in sorted(old.keys() & new.keys()):
        if old[name].entries != new[name].entries:
            yield f"the table {name!r} in {place} has {new[name].entries} entries in place of {old[name].entries}"
        elif old[name] != new[name]:
            yield f"the table {name!r} in {place} has other entries"


def _content(keys: Array, values: Array) -> Content:
    rows = sorted(_bytes(key) + b"\0=" + _bytes(value) for key, value in zip(keys, values, strict=True))
    state = hashlib.sha256()
    for row in rows:
        state.update(len(row).to_bytes(8, "little"))
        state.update(row)
    return Content(len(rows), state.digest())


def _bytes(value: Any) -> bytes:
    array = as_array(value)
    return b"\0".join(array.ravel().tolist()) if array.dtype == object else array.tobytes()

"""Compares which stored tensor a Session and `tf.saved_model.load` restore into each variable of a new model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from migrate.graph.tensor_name import source_node
from migrate.legacy.checkpoint_reader import open_checkpoint
from migrate.verify.graph_view import GraphView, Leaf, LeafKind, Tensor
from migrate.verify.run_effects import Effects
from migrate.verify.written_objects import WrittenObjects

_OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE = "VARIABLE_VALUE"


def compare_restored(new: Path, meta_graph: Any, view: GraphView, objects: WrittenObjects) -> Iterator[str]:
    """Yield each variable that the restore op of the graph gives another value than the objects get.

    The values that the objects get are compared with the original's elsewhere. Variables that no signature uses count.
    """
    stored = _stored_keys(new, objects)
    restored = dict(_restored_keys(meta_graph, view))
    for name, key in sorted(stored.items()):
        found = restored.get(name)
        if found is None:
            yield f"a Session restores nothing into the variable {name!r}"
        elif found != key:
            yield f"a Session restores {found!r} into the variable {name!r} in place of {key!r}"


def _stored_keys(new: Path, objects: WrittenObjects) -> Mapping[str, str]:
    """Return the checkpoint key of each variable by name, for names that are unique."""
    from tensorflow.core.protobuf import trackable_object_graph_pb2

    reader = open_checkpoint(new / "variables" / "variables")
    nodes = trackable_object_graph_pb2.TrackableObjectGraph.FromString(reader.get_tensor(_OBJECT_GRAPH_KEY)).nodes
    keys: dict[str, list[str]] = {}
    pending, seen = [(0, 0)], {0}
    while pending:
        written, stored = pending.pop()
        name = objects.variable_name(written)
        for attribute in nodes[stored].attributes if name is not None else ():
            if attribute.name == _VALUE:
                keys.setdefault(str(name), []).append(attribute.checkpoint_key)
        children = objects.children(written)
        for child in nodes[stored].children:
            number = children.get(child.local_name)
            if number is not None and number not in seen:
                seen.add(number)
                pending.append((number, child.node_id))
    return {name: found[0] for name, found in keys.items() if len(found) == 1}


def _restored_keys(meta_graph: Any, view: GraphView) -> Iterator[tuple[str, str]]:
    """Yield each variable that the restore op assigns to, with the key."""
    start = source_node(meta_graph.saver_def.restore_op_name)
    for frame, node in Effects(view, view.functions.keys()).of(view.graph, [start] if start else []):
        if node.op != "AssignVariableOp":
            continue
        variable, value = (view.resolve(each) for each in view.inputs(frame, node)[:2])
        key = _restored_key(view, value)
        if isinstance(variable, Leaf) and variable.kind is LeafKind.VARIABLE and key is not None:
            yield next(iter(variable.names)), key


def _restored_key(view: GraphView, value: Tensor | Leaf) -> str | None:
    node = view.node(value) if isinstance(value, Tensor) else None
    if not isinstance(value, Tensor) or node is None or node.op != "RestoreV2":
        return None
    names = view.resolve(view.inputs(value.frame, node)[1])
    constant = view.node(names) if isinstance(names, Tensor) else None
    if constant is None or constant.op != "Const":
        return None
    keys = tf.make_ndarray(constant.attr["value"].tensor).ravel().tolist()
    return bytes(keys[value.place]).decode(errors="replace") if value.place < len(keys) else None

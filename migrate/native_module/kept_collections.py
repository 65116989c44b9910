"""Keeps the collections that clients read names and values from, as far as what they name is still there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrate.graph.op_arguments import output_count
from migrate.graph.tensor_name import parse_tensor

# What TensorFlow itself reads, or writes as protos of objects of the graph (tf.GraphKeys, tf.saved_model.constants).
_OF_TENSORFLOW = frozenset(
    {
        "variables",
        "trainable_variables",
        "local_variables",
        "model_variables",
        "moving_average_variables",
        "metric_variables",
        "global_step",
        "global_step_read_op_cache",
        "cond_context",
        "while_context",
        "queue_runners",
        "savers",
        "saveable_objects",
        "saved_model_main_op",
        "legacy_init_op",
        "saved_model_train_op",
        "saved_model_assets",
        "table_initializer",
        "asset_filepaths",
        "init_op",
        "local_init_op",
        "ready_op",
        "ready_for_local_init_op",
        "report_uninitialized_variables",
        "resources",
        "local_resources",
        "train_op",
        "update_ops",
        "losses",
        "regularization_losses",
        "summaries",
        "summary_op",
        "summary",
        "iterators",
    }
)


def keep_collections(legacy: Any, written: Any) -> tuple[str, ...]:
    """Copy the collections of a program's own into the new MetaGraphDef; return what is lost, in sentences."""
    nodes = {node.name: node for node in written.graph_def.node}
    lost = []
    for key, collection in sorted(legacy.collection_def.items()):
        if key in _OF_TENSORFLOW or key in written.collection_def:
            continue
        kind = collection.WhichOneof("kind")
        if kind in ("int64_list", "float_list", "bytes_list") or (
            kind == "node_list" and all(_is_there(name, nodes) for name in collection.node_list.value)
        ):
            written.collection_def[key].CopyFrom(collection)
        elif kind == "node_list":
            lost.append(key)
    return tuple(_told(lost))


def _is_there(name: str, nodes: Any) -> bool:
    try:
        tensor = parse_tensor(name)
    except ValueError:
        return False
    count = output_count(nodes[tensor.node]) if tensor.node in nodes else 0
    return bool(count) and tensor.index < (count or 0)


def _told(lost: list[str]) -> Iterator[str]:
    if lost:
        listed = ", ".join(map(repr, lost))
        yield f"the collections {listed} name tensors that are no inputs or outputs, and are not kept."

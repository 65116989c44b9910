"""Moves a legacy checkpoint under a TF2 SavedModel without reading a weight.

TensorFlow writes the SavedModel with most variables unset, so that its checkpoint holds the object graph and little
else. The legacy data files are copied beside it as they are, and one index over all of them names the legacy tensors
as TensorFlow 2 asks for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from migrate.files.copying import copy_file
from migrate.legacy.checkpoint_reader import open_checkpoint
from migrate.native_module.bundle_index import joined, read_index, shard_path, write_index

_OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VARIABLES = "variables"


def adopt_checkpoint(model_dir: Path, legacy_prefix: Path, stored: Mapping[int, str]) -> None:
    """Make a model, as written with most variables unset, use the tensors of a legacy checkpoint.

    Args:
        model_dir: the written model, whose root object lists its variables as `variables`.
        legacy_prefix: of the legacy checkpoint; its files are copied.
        stored: the legacy name by position in `variables`, for each variable that is unset.

    Raises:
        UnreadableModelError: the legacy index is damaged.
    """
    if not stored:
        return
    prefix = model_dir / "variables" / "variables"
    keys = variable_keys(prefix)
    names: dict[str, list[str]] = defaultdict(list)
    for position, legacy_name in stored.items():
        names[legacy_name].append(keys[position])
    legacy, written = read_index(legacy_prefix), read_index(prefix)
    index = joined(legacy, names, written)
    for shard in reversed(range(written.shard_count)):
        moved = shard_path(prefix, legacy.shard_count + shard, index.shard_count)
        shard_path(prefix, shard, written.shard_count).rename(moved)
    for shard in range(legacy.shard_count):
        copy_file(shard_path(legacy_prefix, shard, legacy.shard_count), shard_path(prefix, shard, index.shard_count))
    write_index(index, prefix)


def variable_keys(prefix: Path) -> Sequence[str]:
    """Return the checkpoint key of each variable in the root object's list `variables`, in its order."""
    from tensorflow.core.protobuf import trackable_object_graph_pb2

    serialized = open_checkpoint(prefix).get_tensor(_OBJECT_GRAPH_KEY)
    nodes = trackable_object_graph_pb2.TrackableObjectGraph.FromString(serialized).nodes
    lists = [child.node_id for child in nodes[0].children if child.local_name == _VARIABLES]
    children = sorted(nodes[lists[0]].children, key=lambda child: int(child.local_name))
    return [nodes[child.node_id].attributes[0].checkpoint_key for child in children]

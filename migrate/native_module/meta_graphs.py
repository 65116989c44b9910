"""Puts several native SavedModels together as the MetaGraphs of one folder, told apart by their tags.

TensorFlow 2 saves one MetaGraph. Programs that built several into one folder have clients that choose by tags; for them
each MetaGraph is written on its own and joined here, with a checkpoint of its own under a prefix.
`tf.saved_model.load` takes such a folder with `tags=`, through its TF1 path.
"""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from migrate.errors import RefusedModelError
from migrate.native_module.bundle_index import joined, read_index, shard_path, write_index
from migrate.tensorflow_private.fingerprint import write_fingerprint


def join_meta_graphs(models: Sequence[Path], target: Path) -> None:
    """Move the first of `models` to `target` and add the MetaGraphs of the others to it.

    Raises:
        RefusedModelError: two models have different assets of one name.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    first, *others = models
    first.rename(target)
    proto_file = target / "saved_model.pb"
    saved_model = saved_model_pb2.SavedModel.FromString(proto_file.read_bytes())
    for number, model in enumerate(others, start=1):
        (meta_graph,) = saved_model_pb2.SavedModel.FromString((model / "saved_model.pb").read_bytes()).meta_graphs
        prefix = f"meta_graph_{number}/"
        _prefix_checkpoint_keys(meta_graph.graph_def, prefix)
        _join_checkpoints(model / "variables" / "variables", target / "variables" / "variables", prefix)
        _join_assets(model / "assets", target / "assets")
        saved_model.meta_graphs.append(meta_graph)
    proto_file.write_bytes(saved_model.SerializeToString(deterministic=True))
    write_fingerprint(target)


def _prefix_checkpoint_keys(graph_def: Any, prefix: str) -> None:
    """Let the SaverDef's functions ask for the prefixed keys."""
    for nodes in (graph_def.node, *(function.node_def for function in graph_def.library.function)):
        names = {node.input[1].partition(":")[0] for node in nodes if node.op in ("RestoreV2", "SaveV2")}
        for node in nodes:
            if node.op == "Const" and node.name in names:
                keys = node.attr["value"].tensor.string_val
                prefixed = [prefix.encode() + key for key in keys]
                del keys[:]
                keys.extend(prefixed)


def _join_checkpoints(source: Path, target: Path, prefix: str) -> None:
    added, kept = read_index(source), read_index(target)
    names = {key.decode(): [prefix + key.decode()] for key in added.entries if not key.startswith(b"\0")}
    index = joined(added, names, kept)
    for shard in reversed(range(kept.shard_count)):
        shard_path(target, shard, kept.shard_count).rename(
            shard_path(target, added.shard_count + shard, index.shard_count)
        )
    for shard in range(added.shard_count):
        shutil.move(shard_path(source, shard, added.shard_count), shard_path(target, shard, index.shard_count))
    write_index(index, target)


def _join_assets(source: Path, target: Path) -> None:
    for asset in source.rglob("*") if source.is_dir() else ():
        there = target / asset.relative_to(source)
        if asset.is_dir():
            there.mkdir(parents=True, exist_ok=True)
            continue
        if there.exists() and not filecmp.cmp(asset, there, shallow=False):
            raise RefusedModelError(
                f"two of the MetaGraphs have different assets of the name {asset.name!r}; rename one of the files."
            )
        target.mkdir(exist_ok=True)
        shutil.copyfile(asset, there)

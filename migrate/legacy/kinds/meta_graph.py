"""MetaGraphs with their checkpoint: `model.ckpt-123.meta`, its prefix, or a folder with a `checkpoint` file."""

from __future__ import annotations

import glob
from pathlib import Path

from migrate.legacy.asked import Asked
from migrate.legacy.kind import Detection, ModelKind
from migrate.legacy.latest_checkpoint import latest_checkpoint
from migrate.legacy.model import LegacyModel
from migrate.legacy.reader import Reader


def recognise(path: Path) -> Detection | None:
    """Recognise the prefix of a checkpoint with a MetaGraph, and a folder whose latest checkpoint has one."""
    if path.is_dir():
        prefix = latest_checkpoint(path)
        file = None if prefix is None else prefix.with_name(f"{prefix.name}.meta")
    else:
        file = path.with_name(f"{path.name}.meta") if path.name else None
    if file is None or path.name.endswith(".meta") or not _is_file(file):
        return None
    return Detection(ModelKind.META_GRAPH, file, is_text=False)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # no file system has such a name
        return False


def read(detection: Detection, asked: Asked) -> tuple[LegacyModel, ...]:
    """Read a MetaGraph, with the signatures that are asked for or the one that is obvious.

    Raises:
        RefusedModelError: its variables have no values, or no one signature is obvious.
        UnreadableModelError: it is damaged, or TensorFlow could not import it.
    """
    from tensorflow.core.protobuf import meta_graph_pb2

    from migrate.legacy.checkpoint_values import open_checkpoint
    from migrate.legacy.lone_graph import LoneGraph
    from migrate.legacy.lone_model import lone_model
    from migrate.legacy.proto_files import read_proto
    from migrate.legacy.restore import RestoreMap, read_restore_map
    from migrate.legacy.saved_model import check_sound

    file = detection.main_file
    meta_graph = read_proto(file, meta_graph_pb2.MetaGraphDef(), is_text=detection.is_text)
    check_sound(meta_graph, file)
    prefix = asked.checkpoint or file.with_name(file.name.removesuffix(".meta"))
    beside = {found.name for found in prefix.parent.glob(f"{glob.escape(prefix.name)}[.-]*")} - {file.name}
    if asked.checkpoint is None and not beside and not prefix.is_file():
        return (lone_model(LoneGraph(file, meta_graph, RestoreMap()), None, asked),)
    checkpoint = open_checkpoint(prefix)
    return (lone_model(LoneGraph(file, meta_graph, read_restore_map(meta_graph)), checkpoint, asked),)


READER = Reader(frozenset({ModelKind.META_GRAPH}), read, recognise)

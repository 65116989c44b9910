"""Small models with something odd in them, made from a fixture by one change of its proto."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tensorflow.core.protobuf import saved_model_pb2

from tests.golden import MODELS_DIR

Change = Callable[[Any], object]


def changed(folder: Path, change: Change, base: str = "ref_simple_save") -> Path:
    """Copy a fixture to `folder` and let `change` work on its MetaGraphDef."""
    shutil.copytree(MODELS_DIR / base / "model", folder)
    proto = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    change(proto.meta_graphs[0])
    (folder / "saved_model.pb").write_bytes(proto.SerializeToString())
    return folder


def renamed_signature(name: str) -> Change:
    """Give the signature another key."""

    def change(graph: Any) -> None:
        graph.signature_def[name].CopyFrom(graph.signature_def["serving_default"])
        del graph.signature_def["serving_default"]

    return change


def renamed_tensor(side: str, name: str) -> Change:
    """Give an input or output of the signature another key."""

    def change(graph: Any) -> None:
        infos = getattr(graph.signature_def["serving_default"], side)
        key = sorted(infos)[0]
        infos[name].CopyFrom(infos[key])
        del infos[key]

    return change


def node_before(graph: Any, name: str, op: str) -> None:
    """Put a node with an odd name or op in the path of the signature."""
    graph.graph_def.node.add(name=name, op=op)
    output = sorted(graph.signature_def["serving_default"].outputs)[0]
    wanted = graph.signature_def["serving_default"].outputs[output].name.partition(":")[0]
    next(node for node in graph.graph_def.node if node.name == wanted).input.append(f"^{name}")

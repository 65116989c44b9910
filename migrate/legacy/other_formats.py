"""What to do with a model that is no SavedModel: rewrap needs signatures, which the other TF1 formats do not have."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from migrate.legacy.checkpoint_files import CheckpointFacts
from migrate.legacy.detect import checkpoint_of
from migrate.legacy.graph_file import graph_file_facts
from migrate.legacy.kind import Detection, ModelKind

_INSPECT = "`tf1to2 inspect` shows which tensors look like inputs and outputs"
# What packaging.version reads, which import_meta_graph asks; `0.12.head` is an example of the others.
_VERSION = re.compile(r"v?\d+(\.\d+)*([-_.]?(a|b|c|rc|alpha|beta|pre|post|rev|dev)[-_.]?\d*)*(\+[\w.-]+)?", re.I)


def why_not(detection: Detection) -> str:
    """Return why a model of another format than SavedModel is not rewrapped, and the way to go, in a few sentences.

    Raises:
        UnreadableModelError: files of its checkpoint are missing or damaged, so that no way leads on.
    """
    file = detection.main_file
    what = f"{file} is {detection.kind.value}, not a SavedModel"
    match detection.kind:
        case ModelKind.META_GRAPH | ModelKind.SESSION_BUNDLE:
            return f"{what}{_meta_graph(detection)}"
        case ModelKind.FROZEN_GRAPH if graph_file_facts(detection).has_variables:
            return (
                f"{what}, and not frozen: the values of its variables are not in it. Pass the SavedModel, or the "
                ".meta file that lies beside the checkpoint with its weights."
            )
        case ModelKind.FROZEN_GRAPH:
            return f"{what}: it names no inputs and outputs. {how_to_export(detection.kind)}; {_INSPECT}."
        case ModelKind.KERAS_H5 if not _holds_keras_model(file):
            return (
                f"{what}, and holds no model, weights at most. Build the model in code with tf_keras, call its "
                "load_weights, and model.export(DIR)."
            )
        case _:
            return f"{what}. {how_to_export(detection.kind)}."


def how_to_export(kind: ModelKind, restore_from: str = "PREFIX") -> str:
    """Return how to make a TF2 SavedModel of a format that rewrap does not read: a sentence without its full stop.

    Args:
        kind: the format.
        restore_from: what `Saver.restore` takes; empty for a graph without variables.
    """
    if kind == ModelKind.KERAS_H5:
        return "Load it with tf_keras.models.load_model(FILE, compile=False) and call model.export(DIR)"
    load = "tf.import_graph_def(graph_def, name='')"
    if kind in (ModelKind.META_GRAPH, ModelKind.SESSION_BUNDLE):
        load = "tf.compat.v1.train.import_meta_graph(FILE)"
        if restore_from:
            load = f"saver = {load} and saver.restore(session, {restore_from!r})"
    export = "migrate.shim.export_session(session, DIR, inputs={...}, outputs={...})"
    return f"Load it in a tf.compat.v1.Session with {load}, then call {export}"


def _meta_graph(detection: Detection) -> str:
    facts = graph_file_facts(detection)
    checkpoint = checkpoint_of(detection)
    if checkpoint is None and facts.has_variables:
        prefix = detection.main_file.name.removesuffix(".meta")
        return (
            f", and no checkpoint lies beside it: its variables have no values without {prefix}.index and its data "
            "files. Copy them, too."
        )
    missing = ": it names no inputs and outputs"
    if detection.kind == ModelKind.SESSION_BUNDLE:
        missing = ", and its signatures are of a kind that TensorFlow 2 does not read"
    version = (
        f" import_meta_graph stumbles over its TensorFlow version {facts.tensorflow!r}: give it the MetaGraphDef with "
        "meta_info_def.tensorflow_version cleared, in place of the file."
        if facts.tensorflow and not _VERSION.fullmatch(facts.tensorflow)
        else ""
    )
    return f"{missing}. {how_to_export(detection.kind, _restore_from(checkpoint))}; {_INSPECT}.{version}"


def _restore_from(checkpoint: CheckpointFacts | None) -> str:
    """What `Saver.restore` takes for this checkpoint: of the older sharded format a pattern of its files."""
    if checkpoint is None:
        return ""
    first = checkpoint.shards[0].name
    if first.startswith(f"{checkpoint.prefix.name}-"):
        return f"{checkpoint.prefix}-?????-of-{first.rpartition('-')[2]}"
    return str(checkpoint.prefix)


def _holds_keras_model(file: Path) -> bool:
    """Whether the file has the attribute that Keras keeps a model's configuration in, not its weights alone."""
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b"model_config") >= 0

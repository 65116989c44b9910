"""Shows and sets the method names of a SavedModel on disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from migrate.errors import Tf1to2Error
from migrate.files.disk import in_words
from migrate.files.staging import FINISHED, recover, staging
from migrate.legacy.model_files import all_files
from migrate.legacy.saved_model import read_saved_model
from migrate.method_names.method import INTERNAL_SIGNATURES, Method, answering_apis
from migrate.method_names.proto_file import proto_path, write_saved_model
from migrate.method_names.serving_rules import BrokenRule, serving_rules
from migrate.tensorflow_private.fingerprint import write_fingerprint

_FINGERPRINT = "fingerprint.pb"


@dataclass(frozen=True, slots=True)
class SignatureMethod:
    """One signature of one MetaGraphDef: its method name, the Serving APIs that answer it, the rules that it breaks."""

    tags: tuple[str, ...]
    key: str
    method_name: str
    apis: tuple[str, ...]
    broken_rules: tuple[BrokenRule, ...]


def method_names(model_dir: Path) -> tuple[SignatureMethod, ...]:
    """Return the signatures of every MetaGraphDef of `model_dir`, sorted by key.

    Raises:
        UnreadableModelError: the folder holds no readable SavedModel.
    """
    return tuple(
        SignatureMethod(
            tags=tuple(sorted(meta_graph.meta_info_def.tags)),
            key=key,
            method_name=signature.method_name,
            apis=answering_apis(signature.method_name),
            broken_rules=serving_rules(signature),
        )
        for meta_graph in read_saved_model(model_dir).meta_graphs
        for key, signature in sorted(meta_graph.signature_def.items())
        if key not in INTERNAL_SIGNATURES
    )


def set_method_names(model_dir: Path, methods: Mapping[str, Method | str]) -> None:
    """Set the method name of each signature key, in every MetaGraphDef that has the key.

    The new proto is written beside the old one and renamed over it. The old fingerprint goes first and the new one
    comes last, so that a run that is killed never leaves a fingerprint of another proto.

    Args:
        model_dir: a SavedModel; its other files are not touched.
        methods: signature key to method, or to a name that no `Method` has (a source's own, to be kept).

    Raises:
        UnreadableModelError: the folder holds no readable SavedModel.
        Tf1to2Error: no MetaGraphDef has one of the keys, or the folder cannot be written; nothing was changed.
    """
    if not methods:
        return
    names = {key: method.value if isinstance(method, Method) else method for key, method in methods.items()}
    source = proto_path(model_dir)
    recover(model_dir)
    try:
        with staging(source) as folder:
            staged = _updated_proto(model_dir, source, names, folder)
            shutil.copymode(source, staged)
            (model_dir / _FINGERPRINT).unlink(missing_ok=True)
            staged.replace(source)
        if source.suffix == ".pb":
            write_fingerprint(model_dir)
    except OSError as error:
        raise Tf1to2Error(in_words(error, model_dir, f"{source} cannot be written")) from error


def _updated_proto(model_dir: Path, source: Path, names: Mapping[str, str], staging: Path) -> Path:
    """Let TensorFlow's `MethodNameUpdater` work on a folder that holds the proto alone.

    It would read `saved_model.pb` but write `saved_model.pbtxt` in a folder that has both.
    """
    meta_graphs = read_saved_model(model_dir).meta_graphs
    missing = sorted(key for key in names if not any(key in graph.signature_def for graph in meta_graphs))
    if missing:
        known = sorted({key for graph in meta_graphs for key in graph.signature_def} - INTERNAL_SIGNATURES)
        raise Tf1to2Error(
            f"{model_dir} has no signature {', '.join(map(repr, missing))}; it has {', '.join(map(repr, known))}."
        )
    alone, updated = staging / "old", staging / "new"
    alone.mkdir()
    updated.mkdir()
    shutil.copyfile(source, alone / source.name)
    updater = tf.compat.v1.saved_model.signature_def_utils.MethodNameUpdater(str(alone))
    for graph in meta_graphs:
        for key, name in names.items():
            # The updater raises for `tags=None` when one MetaGraph lacks the key.
            if key in graph.signature_def and name:
                updater.replace_method_name(key, name, tags=list(graph.meta_info_def.tags))
    updater.save(str(updated))
    _clear_names(updated, [key for key, name in names.items() if not name])
    return updated / source.name


def _clear_names(model_dir: Path, keys: Sequence[str]) -> None:
    """Empty the method names of `keys`, as TF1 Hub modules have them; the updater refuses an empty name."""
    if not keys:
        return
    saved_model = read_saved_model(model_dir)
    for graph in saved_model.meta_graphs:
        for key in keys:
            if key in graph.signature_def:
                graph.signature_def[key].ClearField("method_name")
    write_saved_model(saved_model, proto_path(model_dir))


def copy_with_method_names(model_dir: Path, target: Path, methods: Mapping[str, Method | str]) -> None:
    """Write a copy of `model_dir` with other method names to `target`; it appears complete or not at all.

    Raises:
        UnreadableModelError: `model_dir` holds no readable SavedModel.
        RefusedModelError: it holds links that leave it, or what is no file.
        Tf1to2Error: `target` exists, cannot be written, or no MetaGraphDef has one of the keys.
    """
    read_saved_model(model_dir)
    if os.path.lexists(target):
        raise Tf1to2Error(f"{target} exists; choose another output or remove it first.")
    if target.resolve().is_relative_to(model_dir.resolve()):
        raise Tf1to2Error(f"{target} lies inside {model_dir}; choose a folder outside of it.")
    recover(target.parent)
    try:
        with staging(target) as folder:
            (folder / FINISHED).mkdir()
            all_files(model_dir).copy(folder / FINISHED)
            set_method_names(folder / FINISHED, methods)
            (folder / FINISHED).rename(target)
    except OSError as error:
        raise Tf1to2Error(in_words(error, target.parent, f"{target} cannot be written")) from error

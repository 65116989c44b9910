"""Writes a module as a native TF2 SavedModel: staged beside the target and renamed at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf

from migrate.errors import RefusedModelError, Tf1to2Error, UnreadableModelError
from migrate.files.destination import UnwritableError
from migrate.files.disk import full_disk, in_words
from migrate.files.staging import FINISHED, recover, staging
from migrate.legacy.model_files import copied_files
from migrate.native_module.contract import restore_contract
from migrate.native_module.export_root import export_root
from migrate.native_module.inline_signatures import inline_signatures
from migrate.native_module.kept_collections import keep_collections
from migrate.native_module.module import LegacyModule
from migrate.native_module.tensor_names import keep_tensor_names
from migrate.native_module.weights import adopt_checkpoint
from migrate.tensorflow_private.fingerprint import write_fingerprint


def save_module(module: LegacyModule, target: Path) -> None:
    """Write a module with the values that its variables have.

    Raises:
        RefusedModelError: `assets.extra` holds what may not be copied.
        Tf1to2Error: `target` exists, or cannot be written.
    """
    _write(module, target, lambda model_dir: None)


def save_with_legacy_weights(module: LegacyModule, target: Path) -> None:
    """Write a module whose unset variables get their value from the legacy checkpoint, without reading it.

    Raises:
        RefusedModelError: `assets.extra` holds what may not be copied.
        Tf1to2Error: `target` exists, or cannot be written.
    """
    state = module.state
    stored = {
        index: legacy.stored.key
        for index, (name, legacy) in enumerate(state.legacy_variables.items())
        if legacy.stored is not None and not tf.compat.v1.is_variable_initialized(state.variables[name])
    }

    _write(module, target, lambda model_dir: adopt_checkpoint(model_dir, module.legacy.checkpoint, stored))


def _write(module: LegacyModule, target: Path, finish_weights: Callable[[Path], None]) -> None:
    from tensorflow.core.protobuf import saved_model_pb2

    extra = copied_files(module.legacy.path)
    with staged(target) as staging:
        signatures = {key: function.concrete_function for key, function in module.signatures.items()}
        try:
            # What custom gradients there are was lost with their Python code (`migrate.graph.custom_gradients`).
            # TensorFlow would refuse those of functions, and trace what this process has registered by chance.
            options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
            tf.saved_model.save(export_root(module), str(staging), signatures=signatures, options=options)
        except (ValueError, TypeError, tf.errors.NotFoundError, tf.errors.InvalidArgumentError) as error:
            raise RefusedModelError(
                f"{module.legacy.path}: TensorFlow {tf.__version__} cannot save its graph: {_in_one_line(error)}"
            ) from error
        finish_weights(staging)
        proto_file = staging / "saved_model.pb"
        saved_model = saved_model_pb2.SavedModel.FromString(proto_file.read_bytes())
        inline_signatures(saved_model, module.signatures)
        restore_contract(saved_model, module)
        (meta_graph,) = saved_model.meta_graphs
        names = keep_tensor_names(meta_graph, module.signatures)
        module.lost_names = (*names, *keep_collections(module.legacy.meta_graph, meta_graph))
        proto_file.write_bytes(saved_model.SerializeToString(deterministic=True))
        write_fingerprint(staging)
        extra.copy(staging)


def _in_one_line(error: Exception) -> str:
    """The lines of an error of TensorFlow without its heading `in user code:`, which names no user's code."""
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(line for line in lines if line and line != "in user code:")


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Give a folder beside `target` that takes its name when the block ends well, and is removed when it does not.

    Raises:
        Tf1to2Error: `target` exists, or its parent cannot be written to.
    """
    if os.path.lexists(target):
        raise Tf1to2Error(f"{target} exists already; choose another folder or remove it first.")
    recover(target.parent)
    with staging(target) as folder:
        try:
            (folder / FINISHED).mkdir()
            yield folder / FINISHED
            (folder / FINISHED).rename(target)
        except (OSError, UnwritableError, tf.errors.OpError) as error:
            reason = full_disk(error, target.parent)
            if reason is None and isinstance(error, OSError):
                reason = in_words(error, target.parent, f"cannot write {target}")
            if reason is None:
                raise
            raise UnreadableModelError(reason) from error

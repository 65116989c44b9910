"""Where the values of a module's variables and mutable tables come from."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from migrate.errors import RefusedModelError, UnreadableModelError
from migrate.legacy.checkpoint_reader import open_checkpoint
from migrate.legacy.restore import Stored
from migrate.legacy.state import LegacyVariable
from migrate.native_module.module import LegacyModule


def assign_initialized_state(module: LegacyModule) -> None:
    """Give the variables and mutable tables that the init op sets the value that it leaves behind.

    The init op runs once, here: stored as weights, its results do not undo later training at every load. Mutable tables
    get their content from the checkpoint first.

    Raises:
        RefusedModelError: the init op fails.
    """
    _fill_mutable_tables(module)
    if module.initialization.writes:
        _run_init_op(module)
    path_variables = module.initialization.path_variables
    for name, legacy in module.state.legacy_variables.items():
        variable = module.state.variables[name]
        if legacy.stored is not None or _is_set(variable):
            continue
        if path_variables.intersection(legacy.nodes):
            # Every load overwrites it; until then it needs some value to be stored.
            _assign_empty(variable, legacy)


def _run_init_op(module: LegacyModule) -> None:
    initializer = module.initializer(module.initialization.writes)
    _assign_stored(module, {variable.name for variable in initializer.function.graph.variables})
    try:
        initializer.run()
    except tf.errors.OpError as error:
        raise RefusedModelError(
            f"{module.legacy.path}: the init op that the TF1 loader runs fails: {error.message.splitlines()[0]}"
        ) from error


def assign_unmovable_values(module: LegacyModule) -> None:
    """Give a value to the variables whose tensor cannot be taken over by copying the checkpoint's files.

    These are the parts of partitioned variables that are kept apart, and all of a checkpoint in the format before TF
    0.12.
    """
    old_format = not module.legacy.has_checkpoint
    unmovable = {
        module.state.variables[name].name
        for name, legacy in module.state.legacy_variables.items()
        if legacy.stored is not None and (old_format or legacy.stored.slice is not None)
    }
    _assign_stored(module, unmovable)


def assign_stored_values(module: LegacyModule) -> None:
    """Give every variable that has none yet its value from the checkpoint, and fill the tables."""
    _assign_stored(module, {variable.name for variable in module.variables if not _is_set(variable)})
    for table in module.state.tables.values():
        table.run_initializer()
    for action in module.load_actions:
        action.run()


def _assign_stored(module: LegacyModule, names: Collection[str]) -> None:
    """Assign their value from the checkpoint to the `tf.Variable`s of these names, as far as they have one."""
    stored = {
        name: legacy.stored
        for name, legacy in module.state.legacy_variables.items()
        if legacy.stored is not None and module.state.variables[name].name in names
    }
    if stored:
        for name, source in stored.items():
            module.state.variables[name].assign(_stored_value(module, source))


def _read(module: LegacyModule, key: str) -> Any:
    """Read a tensor of the checkpoint.

    Raises:
        UnreadableModelError: its bytes are damaged.
    """
    try:
        return open_checkpoint(module.legacy.checkpoint).get_tensor(key)
    except (tf.errors.OpError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UnreadableModelError(
            f"{module.legacy.path}: the tensor {key!r} cannot be read from the checkpoint ({reason}); copy the model "
            "again, with all files of its variables folder."
        ) from error


def _stored_value(module: LegacyModule, stored: Stored) -> NDArray[Any]:
    whole: NDArray[Any] = np.asarray(_read(module, stored.key))
    if stored.slice is None:
        return whole
    extents = zip(stored.slice.offset, stored.slice.shape, strict=True)
    return whole[tuple(slice(start, start + size) for start, size in extents)]


def _is_set(variable: Any) -> bool:
    return bool(tf.compat.v1.is_variable_initialized(variable))


def _assign_empty(variable: Any, legacy: LegacyVariable) -> None:
    dtype = tf.as_dtype(legacy.dtype)
    variable.assign(tf.fill(legacy.shape or (), tf.constant("" if dtype == tf.string else 0, dtype)))


def _fill_mutable_tables(module: LegacyModule) -> None:
    for identity, node in module.state.mutable_table_nodes.items():
        stored = module.restores.tables.get(node)
        if stored is None:
            continue
        # Not an insert: what a dense table stored includes its empty buckets.
        tf.raw_ops.LookupTableImportV2(
            table_handle=module.state.mutable_tables[identity].resource_handle,
            keys=_read(module, stored.keys),
            values=_read(module, stored.values),
        )

"""Which tensors a checkpoint holds, by the names under which the variables of a loose graph are restored from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from migrate.errors import RefusedModelError, UnreadableModelError
from migrate.files.own_folder import OwnFolder
from migrate.legacy.checkpoint_files import check_checkpoint
from migrate.legacy.restore import RestoreMap, Stored
from migrate.legacy.state import VARIABLE_NODE_OPS

_AVERAGE = "/ExponentialMovingAverage"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint in the format that TensorFlow writes since 0.12.

    Attributes:
        prefix: of its files.
        shapes: of the tensors that it holds, by name.
        folder: the temporary folder that it lives in where it was converted, which goes with this object.
    """

    prefix: Path
    shapes: Mapping[str, tuple[int, ...]]
    folder: OwnFolder | None = None


def open_checkpoint(prefix: Path) -> Checkpoint:
    """Look into a checkpoint; one of the older format (a table `prefix` or its shards) is converted.

    Raises:
        UnreadableModelError: it is not whole, or damaged.
    """
    import tensorflow as tf

    files = check_checkpoint(prefix)
    is_old = not prefix.with_name(f"{prefix.name}.index").is_file()
    sharded = is_old and files.shards[0] != prefix
    place = f"{prefix}-?????-of-{len(files.shards):05d}" if sharded else str(prefix)
    try:
        reader = tf.train.load_checkpoint(place)
        shapes = {name: tuple(shape) for name, shape in reader.get_variable_to_shape_map().items()}
        if not is_old:
            return Checkpoint(prefix, shapes)
        folder = OwnFolder("tf1to2-converted-")
        target = folder.path / "model"
        _write(target, {name: reader.get_tensor(name) for name in shapes})
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        raise UnreadableModelError(
            f"the checkpoint {prefix} cannot be read ({(str(error).splitlines() or [''])[0]}); copy it again, with all "
            "of its files."
        ) from error
    return Checkpoint(target, shapes, folder)


def _write(prefix: Path, tensors: Mapping[str, Any]) -> None:
    import tensorflow as tf

    names = sorted(tensors)
    with tf.init_scope():
        tf.raw_ops.SaveV2(
            prefix=str(prefix),
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=[tf.constant(tensors[name]) for name in names],
        )


def restores_by_name(graph_def: Any, checkpoint: Checkpoint) -> RestoreMap:
    """Restore each variable from the tensor of its own name, where the checkpoint has one."""
    variables = (node.name for node in graph_def.node if node.op in VARIABLE_NODE_OPS)
    return RestoreMap({name: Stored(name) for name in variables if name in checkpoint.shapes})


def with_averages(restores: RestoreMap, checkpoint: Checkpoint) -> RestoreMap:
    """Restore variables from their exponential moving averages, where the checkpoint has them.

    Raises:
        RefusedModelError: it has none.
    """
    averages = {
        name: replace(stored, key=f"{name}{_AVERAGE}")
        for name, stored in restores.variables.items()
        if f"{name}{_AVERAGE}" in checkpoint.shapes
    }
    if not averages:
        raise RefusedModelError(
            f"--ema: the checkpoint {checkpoint.prefix} holds no moving averages (…{_AVERAGE}); leave the option out."
        )
    return replace(restores, variables={**restores.variables, **averages})


def missing(restores: RestoreMap, checkpoint: Checkpoint) -> tuple[str, ...]:
    """Return the tensors that a restore asks for and the checkpoint lacks."""
    tables = (key for table in restores.tables.values() for key in (table.keys, table.values))
    asked = (*(stored.key for stored in restores.variables.values()), *tables)
    return tuple(key for key in asked if key not in checkpoint.shapes)

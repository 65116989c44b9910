"""The variables and tables of a legacy graph: which nodes stand for one state, and where its value is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from migrate.errors import UnreadableModelError
from migrate.graph.partitions import Part
from migrate.graph.reference_ops import TABLE_OPS, VARIABLE_OPS
from migrate.legacy.checkpoint_reader import open_checkpoint
from migrate.legacy.collections import trainable_nodes, variable_defs
from migrate.legacy.model import LegacyModel
from migrate.legacy.restore import RestoreMap, Slice, Stored

VARIABLE_NODE_OPS = VARIABLE_OPS | {"VarHandleOp"}
ITERATOR_OPS = frozenset({"Iterator", "IteratorV2"})
TABLE_NODE_OPS = frozenset({*TABLE_OPS, *TABLE_OPS.values(), *ITERATOR_OPS})
"""What an init op fills and TensorFlow 2 fills at every load: tables, and iterators, which start anew like these."""
MUTABLE_TABLE_OPS = frozenset({"MutableHashTableV2", "MutableHashTableOfTensorsV2", "MutableDenseHashTableV2"})
STATE_OPS = frozenset({"VarHandleOp", "HashTableV2"}) | MUTABLE_TABLE_OPS | ITERATOR_OPS
"""What makes state in a graph whose state is in resources."""


@dataclass(frozen=True, slots=True)
class LegacyVariable:
    """One variable as TF1 users know it; the parts of a partitioned variable are one.

    Attributes:
        name: its TF1 name, without `:0`; for a partitioned variable the name without `/part_<n>`.
        dtype: DataType enum number.
        shape: of the whole; None where neither graph nor checkpoint tells (a variable that nothing restores).
        trainable: whether it (or its first part) was in the `trainable_variables` collection.
        stored: the checkpoint tensor that the restore op puts into it, None where it restores nothing.
        nodes: the variable nodes that stand for it.
        parts: by node name, for a variable of several parts.
    """

    name: str
    dtype: int
    shape: tuple[int, ...] | None
    trainable: bool
    stored: Stored | None
    nodes: tuple[str, ...]
    parts: Mapping[str, Part]


def state_identity(node: Any) -> tuple[bytes, bytes]:
    """Return what TensorFlow tells two state nodes apart by: container and shared name (the node's name by default)."""
    return node.attr["container"].s, node.attr["shared_name"].s or node.name.encode()


def read_variables(legacy: LegacyModel, restores: RestoreMap) -> tuple[LegacyVariable, ...]:
    """Return every variable of the graph, in the order of their nodes.

    Raises:
        UnreadableModelError: the checkpoint lacks a tensor that the restore op asks for.
    """
    shapes = _checkpoint_shapes(legacy) if restores.variables else {}
    trainable = trainable_nodes(legacy.meta_graph)
    full_names = _full_names(legacy.meta_graph)
    groups: dict[Any, list[Any]] = defaultdict(list)
    own_names = frozenset(node.name for node in legacy.meta_graph.graph_def.node if node.op in VARIABLE_NODE_OPS)
    for node in legacy.meta_graph.graph_def.node:
        if node.op in VARIABLE_NODE_OPS:
            stored = _stored(node, restores)
            if stored is not None and stored.key not in shapes:
                raise UnreadableModelError(
                    f"{legacy.path}: the checkpoint has no tensor {stored.key!r} for the variable {node.name!r}; "
                    "the variables folder belongs to another model or is incomplete."
                )
            # The parts of one partitioned variable are slices of one stored tensor.
            whole = ("part of", stored.key) if stored is not None and stored.slice is not None else None
            groups[whole or state_identity(node)].append(node)
    return tuple(_variable(nodes, restores, trainable, full_names, shapes, own_names) for nodes in groups.values())


def with_parts_apart(variables: Iterable[LegacyVariable], wholes: frozenset[str]) -> tuple[LegacyVariable, ...]:
    """Make variables of their own of the parts of some partitioned variables."""
    result: list[LegacyVariable] = []
    for variable in variables:
        if variable.name not in wholes or variable.stored is None or variable.shape is None:
            result.append(variable)
            continue
        for node, part in variable.parts.items():
            stored = Stored(variable.stored.key, Slice(variable.shape, part.offset, part.shape))
            result.append(replace(variable, name=node, shape=part.shape, stored=stored, nodes=(node,), parts={}))
    return tuple(result)


def with_unknown_shapes(variables: Iterable[LegacyVariable], nodes: frozenset[str]) -> tuple[LegacyVariable, ...]:
    """Forget the shape of the variables that these nodes stand for: it changes while the model is used."""
    return tuple(
        variable if nodes.isdisjoint(variable.nodes) else replace(variable, shape=None) for variable in variables
    )


def _variable(
    nodes: list[Any],
    restores: RestoreMap,
    trainable: frozenset[str],
    full_names: Mapping[str, str],
    shapes: Mapping[str, list[int]],
    own_names: frozenset[str],
) -> LegacyVariable:
    first = nodes[0]
    stored = next((s for s in (_stored(node, restores) for node in nodes) if s is not None), None)
    name = first.name
    if stored is not None and stored.slice is not None:
        whole = full_names.get(first.name, stored.key)
        # A variable of its own may have the name of the whole.
        name = first.name if whole in own_names else whole
    shape = tuple(shapes[stored.key]) if stored is not None else _static_shape(first)
    parts = {
        node.name: Part(name, one.slice.offset, one.slice.shape)
        for node in nodes
        if (one := _stored(node, restores)) is not None and one.slice is not None and one.slice.shape != shape
    }
    return LegacyVariable(
        name=name,
        dtype=first.attr["dtype"].type,
        shape=shape,
        trainable=any(node.name in trainable for node in nodes),
        stored=None if stored is None else Stored(stored.key),
        nodes=tuple(node.name for node in nodes),
        parts=parts,
    )


def _stored(node: Any, restores: RestoreMap) -> Stored | None:
    return restores.variables.get(node.name)


def _static_shape(node: Any) -> tuple[int, ...] | None:
    shape = node.attr["shape"].shape
    if shape.unknown_rank or any(dimension.size < 0 for dimension in shape.dim):
        return None
    return tuple(dimension.size for dimension in shape.dim)


def _full_names(meta_graph: Any) -> dict[str, str]:
    """Return the whole variable's name for each part's node."""
    return {
        definition.variable_name.partition(":")[0]: definition.save_slice_info_def.full_name
        for definition in variable_defs(meta_graph)
        if definition.HasField("save_slice_info_def") and definition.save_slice_info_def.full_name
    }


def _checkpoint_shapes(legacy: LegacyModel) -> Mapping[str, list[int]]:
    import tensorflow as tf

    try:
        shapes: Mapping[str, list[int]] = open_checkpoint(legacy.checkpoint).get_variable_to_shape_map()
        return shapes
    except (ValueError, tf.errors.OpError) as error:
        raise UnreadableModelError(
            f"{legacy.path}: cannot read the checkpoint variables/variables ({str(error).splitlines()[0]}); "
            "fetch the model again, with all files of its variables folder."
        ) from error

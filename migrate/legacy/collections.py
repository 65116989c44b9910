"""The collections of a MetaGraphDef that tell about variables, assets and initialisation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrate.errors import UnreadableModelError
from migrate.graph.tensor_name import TensorName, parse_tensor, source_node
from migrate.legacy.proto_files import parsed
from migrate.legacy.signatures import INIT_OP_KEY

# In the order in which the TF1 loader looks (tensorflow/python/saved_model/loader_impl.py, get_init_op).
_INIT_COLLECTIONS = ("saved_model_main_op", "legacy_init_op")
VARIABLE_COLLECTIONS = ("variables", "trainable_variables", "local_variables", "model_variables")


def init_op(meta_graph: Any) -> str | None:
    """Return the node that the TF1 loader runs after the restore, or None."""
    if INIT_OP_KEY in meta_graph.signature_def:
        outputs = meta_graph.signature_def[INIT_OP_KEY].outputs
        # Asking a proto's map for a key that it lacks would add it.
        return source_node(outputs[INIT_OP_KEY].name) if INIT_OP_KEY in outputs else None
    for collection in _INIT_COLLECTIONS:
        names = _node_names(meta_graph, collection)
        if names:
            return source_node(names[0])
    return None


def all_init_ops(meta_graph: Any) -> tuple[str, ...]:
    """Return every node that some loader runs after the restore: not all look in the same places first."""
    names = [name for collection in _INIT_COLLECTIONS for name in _node_names(meta_graph, collection)]
    if INIT_OP_KEY in meta_graph.signature_def:
        names += [info.name for info in meta_graph.signature_def[INIT_OP_KEY].outputs.values()]
    return tuple(dict.fromkeys(source_node(name) for name in names))


def table_initializers(meta_graph: Any) -> tuple[str, ...]:
    """Return the nodes of the `table_initializer` collection, which the TF1 loader does not run by itself."""
    return tuple(source_node(name) for name in _node_names(meta_graph, "table_initializer"))


def asset_tensors(meta_graph: Any) -> Mapping[TensorName, str]:
    """Return the file name, within the model's `assets` folder, of every tensor that holds an asset's path.

    Raises:
        UnreadableModelError: an asset's tensor has no valid name.
    """
    try:
        return {
            parse_tensor(asset.tensor_info.name): asset.filename
            for asset in asset_file_defs(meta_graph)
            if asset.tensor_info.name
        }
    except ValueError as error:
        raise UnreadableModelError(f"an asset is damaged: {error}; copy the model again, or export it anew.") from error


def asset_file_defs(meta_graph: Any) -> tuple[Any, ...]:
    """Return the AssetFileDefs, from the field or, before TF 1.13, from the collection."""
    if meta_graph.asset_file_def:
        return tuple(meta_graph.asset_file_def)
    from tensorflow.core.protobuf import meta_graph_pb2

    found = []
    for packed in (
        meta_graph.collection_def["saved_model_assets"].any_list.value
        if ("saved_model_assets" in meta_graph.collection_def)
        else ()
    ):
        found.append(parsed(meta_graph_pb2.AssetFileDef(), packed.value, "an asset of the collection"))
    return tuple(found)


def check_collections(meta_graph: Any) -> None:
    """Read what the other functions here read.

    Raises:
        UnreadableModelError: an entry is damaged.
    """
    asset_tensors(meta_graph)
    for _ in variable_defs(meta_graph):
        pass


def variable_defs(meta_graph: Any) -> Iterator[Any]:
    """Yield the VariableDefs of all variable collections; one variable may come several times."""
    for collection in VARIABLE_COLLECTIONS:
        yield from variable_defs_of(meta_graph, collection)


def saved_variable_defs(meta_graph: Any) -> Iterator[Any]:
    """Yield the VariableDefs of the variables that a Saver stores by default."""
    return variable_defs_of(meta_graph, "variables")


def trainable_nodes(meta_graph: Any) -> frozenset[str]:
    """Return the names of the variable nodes in the `trainable_variables` collection."""
    return frozenset(source_node(d.variable_name) for d in variable_defs_of(meta_graph, "trainable_variables"))


def variable_defs_of(meta_graph: Any, collection: str) -> Iterator[Any]:
    """Yield the VariableDefs of one collection."""
    from tensorflow.core.framework import variable_pb2

    if collection in meta_graph.collection_def:
        for data in meta_graph.collection_def[collection].bytes_list.value:
            yield parsed(variable_pb2.VariableDef(), data, f"a variable of the collection {collection!r}")


def _node_names(meta_graph: Any, collection: str) -> list[str]:
    if collection not in meta_graph.collection_def:
        return []
    return list(meta_graph.collection_def[collection].node_list.value)

"""The functions of a TensorFlow 2 SavedModel that its loader calls by itself.

Source: tensorflow/python/saved_model/load.py: resources are made and filled by `_create_resource` and `_initialize`,
and destroyed by `_destroy_resource`; what an object saves and restores by functions of its own is run by the restore.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_CALLED_CHILDREN = ("_create_resource", "_initialize", "_destroy_resource")


@dataclass(frozen=True, slots=True)
class LoadedFunction:
    """A function of the library that the loader calls.

    Attributes:
        name: its name in the library.
        asset_arguments: for each of its last arguments, which the loader binds, whether it is the path of an asset.
    """

    name: str
    asset_arguments: tuple[bool, ...]


def functions_run_by_the_loader(meta_graph: Any) -> tuple[LoadedFunction, ...]:
    """Return the functions, each once; none for a MetaGraphDef without object graph."""
    object_graph = meta_graph.object_graph_def
    found = dict.fromkeys(name for identity in _called_objects(object_graph) for name in _names(object_graph, identity))
    return tuple(LoadedFunction(name, _asset_arguments(object_graph, name)) for name in found)


def _called_objects(object_graph: Any) -> Iterator[int]:
    for node in object_graph.nodes:
        yield from (child.node_id for child in node.children if child.local_name in _CALLED_CHILDREN)
        for saveable in node.saveable_objects.values():
            yield from (saveable.save_function, saveable.restore_function)


def _names(object_graph: Any, identity: int) -> tuple[str, ...]:
    if not 0 <= identity < len(object_graph.nodes):
        return ()
    node = object_graph.nodes[identity]
    bare = node.bare_concrete_function.concrete_function_name
    return tuple(node.function.concrete_functions) + ((bare,) if bare else ())


def _asset_arguments(object_graph: Any, name: str) -> tuple[bool, ...]:
    if name not in object_graph.concrete_functions:
        return ()
    nodes = object_graph.nodes
    return tuple(
        0 <= identity < len(nodes) and nodes[identity].WhichOneof("kind") == "asset"
        for identity in object_graph.concrete_functions[name].bound_inputs
    )

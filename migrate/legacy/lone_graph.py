"""Makes a model with signatures of a graph that has none: cut to what they need, and restored by an op of its own."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from migrate.errors import RefusedModelError
from migrate.graph.cut import cut, nodes_by_name
from migrate.graph.op_arguments import output_argument, output_count
from migrate.graph.reference_ops import RESOURCE_WRITING_OPS, WRITING_OPS
from migrate.graph.tensor_name import TensorName, edge_to, is_control, parse_tensor, source_node
from migrate.graph.walk import followed, needed
from migrate.legacy.asked import AskedSignature, NamedTensor
from migrate.legacy.collections import variable_defs_of
from migrate.legacy.restore import RestoreMap
from migrate.legacy.restore_nodes import Restored, add_restore

_PLACEHOLDERS = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})
_TABLE_INITIALIZERS = frozenset({
    "InitializeTable", "InitializeTableV2", "InitializeTableFromTextFile", "InitializeTableFromTextFileV2",
    "LookupTableImport", "LookupTableImportV2",
})  # fmt: skip
_WRITES = frozenset({*WRITING_OPS, *RESOURCE_WRITING_OPS})
_FIXED_TABLES = frozenset({"HashTable", "HashTableV2"})
_COLLECTIONS = ("variables", "trainable_variables", "model_variables")


@dataclass(frozen=True, slots=True)
class LoneGraph:
    """A graph without signatures.

    Attributes:
        path: what messages call it; assets are in the folder `assets` there.
        meta_graph: the graph and its collections.
        restores: what its variables and tables are restored from.
        init_op: the node that is run after the restore.
        assets: the file name of each tensor that holds an asset's path.
    """

    path: Path
    meta_graph: Any
    restores: RestoreMap
    init_op: str | None = None
    assets: Mapping[str, str] = field(default_factory=dict)


def with_signatures(lone: LoneGraph, signatures: Iterable[AskedSignature]) -> Any:
    """Return a MetaGraphDef tagged `serve` that holds the signatures and what they need, and nothing else.

    Fed tensors that are no placeholders (elements of an input pipeline, inner tensors) become placeholders.

    Raises:
        RefusedModelError: a tensor is not in the graph.
    """
    source = lone.meta_graph
    asked = tuple(signatures)
    nodes = nodes_by_name(source.graph_def)
    functions = {function.signature.name: function for function in source.graph_def.library.function}
    for end in (end for each in asked for end in (*each.inputs, *each.outputs)):
        _check(lone.path, nodes, functions, end)
    served = _joined(nodes, (_cut_of(nodes, each) for each in asked))
    initializers = tuple(_initializers(lone, nodes, served))
    kept = _joined(nodes, (served.values(), cut(nodes, (), initializers, ()).nodes))
    result = _bare(source, kept.values())
    # What another signature computes stays: TensorFlow 1 feeds any tensor.
    feeds = {end.tensor for each in asked for end in each.inputs if end.tensor.node not in served}
    placeholders = _fed_by_placeholders(result.graph_def, nodes, functions, feeds)
    for each in asked:
        definition = result.signature_def[each.key]
        definition.method_name = each.method.value
        for ends, infos in ((each.inputs, definition.inputs), (each.outputs, definition.outputs)):
            for end in ends:
                infos[end.key].name = placeholders.get(end.tensor, str(end.tensor))
                _describe(infos[end.key], nodes[end.tensor.node], end.tensor, functions)
    if initializers:
        _run_when_loaded(result, initializers)
    _keep_assets(result, lone.assets)
    restores = RestoreMap(
        {name: stored for name, stored in lone.restores.variables.items() if name in served},
        {name: stored for name, stored in lone.restores.tables.items() if name in served},
    )
    restored = add_restore(result, restores)
    _keep_collected(source, result, restored)
    return result


def _check(path: Path, nodes: Mapping[str, Any], functions: Mapping[str, Any], end: NamedTensor) -> None:
    node = nodes.get(end.tensor.node)
    if node is None:
        near = difflib.get_close_matches(end.tensor.node, list(nodes), 1)
        hint = f"is {near[0]!r} meant?" if near else "name a tensor that it has."
        raise RefusedModelError(f"{path}: there is no node {end.tensor.node!r} in its graph; {hint}")
    count = output_count(node, functions)
    if count is not None and end.tensor.index >= count:
        raise RefusedModelError(f"{path}: the node {node.name!r} ({node.op}) has {count} outputs, no {end.tensor}.")


def _cut_of(nodes: Mapping[str, Any], signature: AskedSignature) -> Iterable[Any]:
    feeds = {end.tensor for end in signature.inputs}
    return cut(nodes, [end.tensor for end in signature.outputs], (), feeds).nodes


def _joined(nodes: Mapping[str, Any], cuts: Iterable[Iterable[Any]]) -> dict[str, Any]:
    """Put cuts of one graph together, in its order; a node keeps the control edges that any of them has."""
    found: dict[str, Any] = {}
    for node in (node for each in cuts for node in each):
        if node.name not in found or len(node.input) > len(found[node.name].input):
            found[node.name] = node
    return {name: found[name] for name in nodes if name in found}


def _initializers(lone: LoneGraph, nodes: Mapping[str, Any], served: Collection[str]) -> Iterator[str]:
    """Yield what sets the state that is served: in the init op, and what fills tables from a file or from constants."""
    run = needed(nodes, [lone.init_op] if lone.init_op is not None else [])
    for node in nodes.values():
        state = source_node(followed(nodes, node.input[0], _passes_on_state)) if node.input else ""
        if state not in served:
            continue
        # What is imported into tables that are not fixed comes from the checkpoint.
        fills = node.op in _TABLE_INITIALIZERS and ("Import" not in node.op or nodes[state].op in _FIXED_TABLES)
        if fills or (node.name in run and node.op in _WRITES):
            yield node.name


def _passes_on_state(node: Any) -> bool:
    return node.op in ("Identity", "RefIdentity")


def _bare(source: Any, nodes: Iterable[Any]) -> Any:
    """Return a MetaGraphDef of these nodes alone."""
    result = type(source)()
    result.meta_info_def.CopyFrom(source.meta_info_def)
    result.meta_info_def.tags[:] = ["serve"]
    if not _is_version(result.meta_info_def.tensorflow_version):
        result.meta_info_def.ClearField("tensorflow_version")  # such as `0.12.head`, at which TensorFlow stumbles
    result.graph_def.versions.CopyFrom(source.graph_def.versions)
    result.graph_def.library.CopyFrom(source.graph_def.library)
    result.graph_def.node.extend(nodes)
    return result


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _fed_by_placeholders(
    graph_def: Any, nodes: Mapping[str, Any], functions: Mapping[str, Any], feeds: Iterable[TensorName]
) -> dict[TensorName, str]:
    """Let placeholders give what is fed; return their tensors' names."""
    names: dict[TensorName, str] = {}
    kept = {node.name: node for node in graph_def.node}
    for feed in sorted(feeds):
        node = nodes[feed.node]
        if node.op in _PLACEHOLDERS:
            names[feed] = str(feed)
            if node.name not in kept:
                graph_def.node.add().CopyFrom(node)
            continue
        placeholder = graph_def.node.add(name=_free(feed.node, {*nodes} - {feed.node} | kept.keys()), op="Placeholder")
        placeholder.attr["dtype"].type = output_argument(node, feed.index, functions).dtype
        placeholder.attr["shape"].shape.CopyFrom(_shape(node, feed.index))
        kept[placeholder.name] = placeholder
        names[feed] = f"{placeholder.name}:0"
    for node in graph_def.node:
        edges = [edge if is_control(edge) else names.get(parse_tensor(edge), edge) for edge in node.input]
        node.input[:] = [edge_to(parse_tensor(edge)) if not is_control(edge) else edge for edge in edges]
    return names


def _free(name: str, taken: Collection[str]) -> str:
    number, found = 0, name
    while found in taken:
        number, found = number + 1, f"{name}_{number + 1}"
    return found


def _describe(info: Any, node: Any, tensor: TensorName, functions: Mapping[str, Any]) -> None:
    info.dtype = output_argument(node, tensor.index, functions).dtype
    info.tensor_shape.CopyFrom(_shape(node, tensor.index))


def _shape(node: Any, index: int) -> Any:
    """Return what a node tells of the shape of an output; of most nodes that is nothing."""
    from tensorflow.core.framework import tensor_shape_pb2

    told = node.attr["_output_shapes"].list.shape if "_output_shapes" in node.attr else ()
    if index < len(told):
        return told[index]
    if node.op in _PLACEHOLDERS and "shape" in node.attr:
        shape = node.attr["shape"].shape
        # Graphs of producers before 24 say nothing by a shape without dimensions.
        if shape.dim or shape.unknown_rank or node.op == "PlaceholderWithDefault":
            return shape
    return tensor_shape_pb2.TensorShapeProto(unknown_rank=True)


def _run_when_loaded(meta_graph: Any, operations: Iterable[str]) -> None:
    name = _free("tf1to2_tables", {node.name for node in meta_graph.graph_def.node})
    meta_graph.graph_def.node.add(name=name, op="NoOp").input.extend(f"^{each}" for each in operations)
    meta_graph.collection_def["saved_model_main_op"].node_list.value.append(name)


def _keep_assets(meta_graph: Any, assets: Mapping[str, str]) -> None:
    kept = {node.name for node in meta_graph.graph_def.node}
    for tensor, filename in sorted(assets.items()):
        if source_node(tensor) in kept:
            meta_graph.asset_file_def.add(filename=filename).tensor_info.name = tensor


def _keep_collected(source: Any, result: Any, restored: Mapping[str, Restored]) -> None:
    """Keep in the collections what is left of the variables, initialised by their restore."""
    for collection in _COLLECTIONS:
        for definition in variable_defs_of(source, collection):
            name = source_node(definition.variable_name)
            if name in restored:
                definition.initializer_name = restored[name].initializer
                definition.snapshot_name = restored[name].snapshot
                definition.ClearField("initial_value_name")
                result.collection_def[collection].bytes_list.value.append(definition.SerializeToString())

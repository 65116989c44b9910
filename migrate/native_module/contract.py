"""Puts the legacy contract into a SavedModel that TensorFlow wrote: the protos' side of what clients see.

`tf.saved_model.save` writes one tag, one method name, its own TensorInfos, and argument names in place of input keys.
Here the SignatureDefs get the legacy method names, keys, dtypes and shapes (verbatim, even where a TensorInfo lies:
clients were shown just that), sparse tensors are one entry again, and the loaded functions answer to the legacy keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from migrate.graph.tensor_name import is_control, parse_tensor
from migrate.legacy.signatures import SPARSE_PARTS, Endpoint
from migrate.native_module.module import LegacyModule
from migrate.native_module.signature_function import SignatureFunction


def restore_contract(saved_model: Any, module: LegacyModule) -> None:
    """Edit a SavedModel proto in place so that it shows the contract of `module.legacy`."""
    meta_graph = saved_model.meta_graphs[0]
    del meta_graph.meta_info_def.tags[:]
    meta_graph.meta_info_def.tags.extend(module.legacy.meta_graph.meta_info_def.tags)
    for key, signature in module.signatures.items():
        _make_optional(meta_graph, key, signature)
        _restore_signature_def(meta_graph.signature_def[key], signature)
    _restore_arguments(meta_graph.object_graph_def, module.signatures)


def _restore_signature_def(written: Any, function: SignatureFunction) -> None:
    signature = function.signature
    argument_of = dict(zip((e.key for e in signature.inputs), function.arguments, strict=True))
    input_names = {key: written.inputs[argument].name for key, argument in argument_of.items()}
    output_names = {endpoint.key: written.outputs[endpoint.key].name for endpoint in signature.outputs}
    written.ClearField("inputs")
    written.ClearField("outputs")
    written.method_name = signature.proto.method_name
    _copy_infos(signature.proto.inputs, written.inputs, input_names)
    _copy_infos(signature.proto.outputs, written.outputs, output_names)


def _make_optional(meta_graph: Any, key: str, function: SignatureFunction) -> None:
    """Give the outer placeholder of an optional input its default, for clients that leave it out."""
    written = meta_graph.signature_def[key].inputs
    names = {
        endpoint.key: parse_tensor(written[argument].name).node
        for argument, endpoint in zip(function.arguments, function.signature.inputs, strict=True)
    }
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    for endpoint in function.signature.inputs:
        node = nodes[names[endpoint.key]]
        if endpoint.key in function.defaults:
            default = meta_graph.graph_def.node.add(name=f"{node.name}/default", op="Const")
            default.attr["dtype"].CopyFrom(node.attr["dtype"])
            default.attr["value"].tensor.CopyFrom(function.defaults[endpoint.key])
            node.input.append(default.name)
        elif endpoint.key in function.computed_defaults:
            node.input.append(_add_default(meta_graph.graph_def, endpoint, names, function))
        else:
            continue
        node.op = "PlaceholderWithDefault"


def _add_default(graph_def: Any, endpoint: Endpoint, names: Mapping[str, str], function: SignatureFunction) -> str:
    """Add the nodes that compute a default from other inputs; return the name of their result."""
    default = function.computed_defaults[endpoint.key]
    placeholders = {each.tensor: names[each.key] for each in function.signature.inputs}
    folder = f"{names[endpoint.key]}/default"

    def moved(edge: str) -> str:
        if is_control(edge):
            return f"^{folder}/{edge[1:]}"
        tensor = parse_tensor(edge)
        if tensor in default.cut.fed:
            return placeholders[tensor]
        return f"{folder}/{tensor.node}:{tensor.index}"

    for node in default.cut.nodes:
        copy = graph_def.node.add()
        copy.CopyFrom(node)
        copy.name = f"{folder}/{node.name}"
        copy.input[:] = [moved(edge) for edge in node.input]
    return moved(str(default.tensor))


def _copy_infos(legacy: Mapping[str, Any], written: Any, names: Mapping[str, str]) -> None:
    for key, info in legacy.items():
        written[key].CopyFrom(info)
        if info.WhichOneof("encoding") == "coo_sparse":
            indices, values, dense_shape = (names[f"{key}_{part}"] for part in SPARSE_PARTS)
            written[key].coo_sparse.indices_tensor_name = indices
            written[key].coo_sparse.values_tensor_name = values
            written[key].coo_sparse.dense_shape_tensor_name = dense_shape
        else:
            written[key].name = names[key]


def _restore_arguments(object_graph: Any, signatures: Mapping[str, SignatureFunction]) -> None:
    """Let the loaded functions take the legacy keys where the argument had to have another name."""
    for key, node in _signature_nodes(object_graph):
        function = signatures[key]
        names = zip(function.arguments, function.loaded_names, strict=True)
        renamed = {old: new for old, new in names if old != new}
        if not renamed:
            continue
        saved = node.bare_concrete_function
        savable = dict(zip(function.arguments, function.saved_names, strict=True))
        keywords = [savable.get(name, name) for name in saved.argument_keywords]
        del saved.argument_keywords[:]
        saved.argument_keywords.extend(keywords)
        concrete = object_graph.concrete_functions[saved.concrete_function_name]
        for value in concrete.canonicalized_input_signature.tuple_value.values:
            _rename_fields(value.dict_value, renamed)
        for value in saved.function_spec.fullargspec.named_tuple_value.values:
            for entry in value.value.list_value.values if value.key == "kwonlyargs" else ():
                entry.string_value = renamed.get(entry.string_value, entry.string_value)


def _rename_fields(dictionary: Any, renamed: Mapping[str, str]) -> None:
    for old, new in renamed.items():
        if old in dictionary.fields:
            dictionary.fields[new].CopyFrom(dictionary.fields[old])
            del dictionary.fields[old]


def _signature_nodes(object_graph: Any) -> Iterable[tuple[str, Any]]:
    for child in object_graph.nodes[0].children:
        if child.local_name == "signatures":
            for signature in object_graph.nodes[child.node_id].children:
                yield signature.local_name, object_graph.nodes[signature.node_id]

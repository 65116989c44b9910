"""Signatures, variables and tables of a MetaGraphDef, as facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrate.graph.tensor_name import source_node
from migrate.inspection.facts import SignatureFacts, TableFacts, TensorFacts, VariableFacts, VariableStorage
from migrate.legacy.collections import trainable_nodes, variable_defs
from migrate.legacy.signatures import INIT_OP_KEY, TRAIN_OP_KEY
from migrate.legacy.state import ITERATOR_OPS, TABLE_NODE_OPS, VARIABLE_NODE_OPS, state_identity


def signature_facts(meta_graph: Any) -> tuple[SignatureFacts, ...]:
    """Return the signatures by key, as they are declared."""
    return tuple(
        SignatureFacts(key, one.method_name, tuple(_tensors(one.inputs)), tuple(_tensors(one.outputs)))
        for key, one in sorted(meta_graph.signature_def.items())
        if key not in (INIT_OP_KEY, TRAIN_OP_KEY)
    )


def variable_facts(meta_graph: Any) -> tuple[VariableFacts, ...]:
    """Return the variables in the order of their nodes; the slices of a partitioned one are one variable."""
    trainable = trainable_nodes(meta_graph)
    slices = {
        source_node(one.variable_name): one.save_slice_info_def
        for one in variable_defs(meta_graph)
        if one.save_slice_info_def.full_name
    }
    whole: dict[str, list[Any]] = {}
    seen: set[tuple[bytes, bytes]] = set()
    for node in meta_graph.graph_def.node:
        if node.op not in VARIABLE_NODE_OPS or state_identity(node) in seen:
            continue
        seen.add(state_identity(node))
        whole.setdefault(slices[node.name].full_name if node.name in slices else node.name, []).append(node)
    return tuple(
        VariableFacts(
            name=name,
            dtype=_dtype(nodes[0].attr["dtype"].type),
            shape=str(list(slices[nodes[0].name].full_shape)) if nodes[0].name in slices else _node_shape(nodes[0]),
            storage=VariableStorage.RESOURCE if nodes[0].op == "VarHandleOp" else VariableStorage.REF,
            trainable=nodes[0].name in trainable,
            parts=len(nodes),
        )
        for name, nodes in whole.items()
    )


def table_facts(meta_graph: Any) -> tuple[TableFacts, ...]:
    """Return the lookup tables in the order of their nodes."""
    return tuple(
        TableFacts(node.name, node.op, _dtype(node.attr["key_dtype"].type), _dtype(node.attr["value_dtype"].type))
        for node in meta_graph.graph_def.node
        if node.op in TABLE_NODE_OPS - ITERATOR_OPS
    )


def _tensors(infos: Any) -> Iterator[TensorFacts]:
    for key in sorted(infos):
        info = infos[key]
        sparse = info.WhichOneof("encoding") == "coo_sparse"
        name = f"sparse {info.coo_sparse.values_tensor_name}" if sparse else info.name
        yield TensorFacts(key, name, _dtype(info.dtype), _shape(info.tensor_shape))


def _node_shape(node: Any) -> str:
    return _shape(node.attr["shape"].shape) if "shape" in node.attr else "unknown"


def _shape(shape: Any) -> str:
    if shape.unknown_rank:
        return "unknown"
    return str([None if dimension.size < 0 else dimension.size for dimension in shape.dim])


def _dtype(number: int) -> str:
    from tensorflow.core.framework import types_pb2

    if number not in types_pb2.DataType.values():
        return f"dtype {number}"
    return str(types_pb2.DataType.Name(number)).removeprefix("DT_").lower()

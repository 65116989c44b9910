"""What is wrong with a MetaGraphDef's signatures and assets, as far as its protos tell."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from migrate.graph.op_arguments import output_count
from migrate.graph.tensor_name import parse_tensor
from migrate.legacy.collections import asset_file_defs
from migrate.legacy.model import is_asset_within
from migrate.preflight.problem import Problem, ProblemKind

# Entries of `signature_def` that TensorFlow 2 writes for itself; they name ops, not tensors.
_RESERVED = ("__saved_model_init_op", "__saved_model_train_op")
_SPARSE_PARTS = ("values_tensor_name", "indices_tensor_name", "dense_shape_tensor_name")


def check_signatures(meta_graph: Any) -> tuple[Problem, ...]:
    """Return the signature entries that name no tensor, or one that the graph does not have."""
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    functions = {function.signature.name: function for function in meta_graph.graph_def.library.function}
    return tuple(
        problem
        for signature, entry, tensor in _tensors(meta_graph)
        if (problem := _check_tensor(signature, entry, tensor, nodes, functions)) is not None
    )


def check_assets(meta_graph: Any, model: Path) -> tuple[Problem, ...]:
    """Return the assets that the MetaGraphDef names and that are not in the model's `assets` folder."""
    found = (_asset_problem(name, model) for name in sorted({one.filename for one in asset_file_defs(meta_graph)}))
    return tuple(problem for problem in found if problem is not None)


def _asset_problem(name: str, model: Path) -> Problem | None:
    if not is_asset_within(model, name):
        message = f"the asset {name!r} lies outside of the model's assets folder; such a model is not safe to load."
        return Problem(ProblemKind.UNSAFE_ASSET, name, "", message)
    if not os.path.isfile(model / "assets" / name):  # noqa: PTH113 - no error for a name that no file can have
        message = (
            f"the asset {name!r} is not in {model / 'assets'}; copy the export again, with all files of the folder."
        )
        return Problem(ProblemKind.MISSING_ASSET, name, "", message)
    return None


def _tensors(meta_graph: Any) -> Iterator[tuple[str, str, str]]:
    """Yield signature key, a phrase for the entry, and the tensor's name."""
    for key, signature in sorted(meta_graph.signature_def.items()):
        if key in _RESERVED:
            continue
        for side, infos in (("input", signature.inputs), ("output", signature.outputs)):
            for name in sorted(infos):
                info = infos[name]
                if info.WhichOneof("encoding") == "coo_sparse":
                    for part in _SPARSE_PARTS:
                        yield key, f"{side} {name!r} ({part})", getattr(info.coo_sparse, part)
                else:
                    yield key, f"{side} {name!r}", info.name


def _check_tensor(
    signature: str, entry: str, tensor: str, nodes: Mapping[str, Any], functions: Mapping[str, Any]
) -> Problem | None:
    try:
        name = parse_tensor(tensor)
    except ValueError:
        return _dangling(signature, entry, tensor, "names no tensor" if not tensor else f"names {tensor!r}, no tensor")
    node = nodes.get(name.node)
    if node is None:
        return _dangling(signature, entry, tensor, f"names the tensor {tensor!r}, which is not in the graph")
    count = output_count(node, functions)
    if count is not None and name.index >= count:
        return _dangling(
            signature, entry, tensor, f"names the tensor {tensor!r}, but {node.op} {name.node} has {count} output(s)"
        )
    return None


def _dangling(signature: str, entry: str, tensor: str, cause: str) -> Problem:
    message = f"the {entry} of signature {signature!r} {cause}; correct the signature and export the model again."
    return Problem(ProblemKind.DANGLING_TENSOR, signature, tensor, message)

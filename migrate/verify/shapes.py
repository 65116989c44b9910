"""What sizes the graph itself hints at for dimensions that a placeholder leaves open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from migrate.verify.dataflow import DataFlow, Tensor, Use

_KEEPS_SHAPE = frozenset(
    {
        "Identity", "StopGradient", "Cast", "Enter", "Switch", "Merge", "PlaceholderWithDefault", "Relu", "Tanh",
        "Sigmoid", "Neg", "Abs", "Log", "Log1p", "Exp", "Sqrt", "Square", "Sub", "Add", "AddV2", "Mul", "RealDiv",
        "Div", "Maximum", "Minimum", "FusedBatchNorm", "FusedBatchNormV3", "CheckNumerics",
    }
)  # fmt: skip
_ELEMENTWISE = frozenset({"Sub", "Add", "AddV2", "Mul", "RealDiv", "Div", "BiasAdd"})
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShapeHint:
    """What the graph tells about a tensor: its rank, its last dimension, a divisor of its number of elements."""

    rank: int | None = None
    last: int | None = None
    elements: int | None = None


def shape_hint(flow: DataFlow, tensor: Tensor, static_shape: Callable[[Tensor], Shape | None]) -> ShapeHint:
    """Return the first hint that an op behind `tensor` gives."""
    weak = ShapeHint()
    for use in flow.uses(tensor, lambda node: node.op in _KEEPS_SHAPE):
        hint = _strong_hint(flow, use, static_shape)
        if hint is not None:
            return hint
        if weak.last is None and use.node.op in _ELEMENTWISE:
            weak = _elementwise_hint(flow, use, static_shape)
    return weak


def _strong_hint(flow: DataFlow, use: Use, static_shape: Callable[[Tensor], Shape | None]) -> ShapeHint | None:
    inputs = flow.inputs(use.scope, use.node)
    op = use.node.op
    if use.place != 0 or len(inputs) < 2:
        return None
    other = static_shape(inputs[1])
    if op == "MatMul" and other and len(other) == 2:
        return ShapeHint(2, _known(other[1 if use.node.attr["transpose_b"].b else 0]))
    if op == "Conv2D" and other and len(other) == 4:
        return ShapeHint(4, _known(other[2]) if use.node.attr["data_format"].s != b"NCHW" else None)
    if op in ("BatchMatMul", "BatchMatMulV2") and other and len(other) >= 2:
        return ShapeHint(None, _known(other[-2]))
    if op == "Reshape":
        dims = _known_dims(flow, inputs[1])
        if dims:
            return ShapeHint(None, None, int(np.prod([dim for dim in dims if dim > 0] or [1])))
    return None


def _known_dims(flow: DataFlow, shape: Tensor) -> list[int]:
    """Return the dimensions of a shape that are constants, of one that is put together (the batch and a size), too."""
    origin, node = flow.origin(shape)
    parts = flow.inputs(origin.scope, node) if node is not None and node.op in ("Pack", "ConcatV2") else [shape]
    values = [flow.constant(part) for part in parts]
    return [int(dim) for value in values if value is not None for dim in value.ravel().tolist()]


def _elementwise_hint(flow: DataFlow, use: Use, static_shape: Callable[[Tensor], Shape | None]) -> ShapeHint:
    inputs = flow.inputs(use.scope, use.node)
    other = static_shape(inputs[1 - use.place]) if len(inputs) == 2 and use.place < 2 else None
    return ShapeHint(None, _known(other[-1])) if other and other[-1] > 1 else ShapeHint()


def _known(dim: int) -> int | None:
    return dim if dim > 0 else None


def concrete_shape(shape: Shape | None, hint: ShapeHint, batch: int, size: int | None) -> Shape:
    """Fill the open dimensions of a placeholder's shape.

    Args:
        shape: -1 for an open dimension; None for an unknown rank.
        hint: what the graph tells.
        batch: the size of an open first dimension.
        size: the size of the other open dimensions; None to take the hint's, else 3.
    """
    if shape is None:
        shape = (-1,) * (hint.rank if hint.rank is not None else 2 if hint.last or hint.elements else 1)
    dims = list(shape)
    if dims and dims[0] < 0:
        dims[0] = batch
    unknown = [place for place, dim in enumerate(dims) if dim < 0]
    if unknown and unknown[-1] == len(dims) - 1 and hint.last is not None:
        dims[unknown.pop()] = hint.last
    if unknown and hint.elements is not None and size is None:
        _fill_to(dims, unknown, hint.elements)
        return tuple(dims)
    for place in unknown:
        dims[place] = size if size is not None else 3
    return tuple(dims)


def _fill_to(dims: list[int], unknown: list[int], elements: int) -> None:
    """Fill `unknown` dimensions so that one batch row holds `elements` elements, squares where two are open."""
    known = int(np.prod([dim for dim in dims[1:] if dim > 0], dtype=np.int64)) or 1
    rest = max(elements // known, 1)
    root = round(rest ** (1 / len(unknown)))
    if root ** len(unknown) == rest:
        for place in unknown:
            dims[place] = root
    else:
        for place in unknown[:-1]:
            dims[place] = 1
        dims[unknown[-1]] = rest

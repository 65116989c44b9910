"""Ops that only changed their name: newer graphs may not hold the old one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from migrate.graph.stand_ins.nodes import Builder

# By GraphDef version 13 to 14 ops for one matrix took over from those for batches.
_RENAMED = {
    "BatchCholesky": "Cholesky",
    "BatchMatrixBandPart": "MatrixBandPart",
    "BatchMatrixDeterminant": "MatrixDeterminant",
    "BatchMatrixDiag": "MatrixDiag",
    "BatchMatrixDiagPart": "MatrixDiagPart",
    "BatchMatrixInverse": "MatrixInverse",
    "BatchMatrixSetDiag": "MatrixSetDiag",
    "BatchMatrixSolve": "MatrixSolve",
    "BatchMatrixSolveLs": "MatrixSolveLs",
    "BatchMatrixTriangularSolve": "MatrixTriangularSolve",
    "BatchSelfAdjointEigV2": "SelfAdjointEigV2",
    "BatchSvd": "Svd",
}


def _rename(op: str, build: Builder) -> Iterator[Any]:
    node = build.add("", op, [*build.inputs, *build.waits])
    for attribute, value in build.node.attr.items():
        node.attr[attribute].CopyFrom(value)
    yield node


STAND_INS: dict[str, Callable[[Builder], Iterator[Any]]] = {old: partial(_rename, new) for old, new in _RENAMED.items()}

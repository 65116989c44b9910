"""`BucketizeWithInputBoundaries` of tf.contrib.boosted_trees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrate.graph.stand_ins.nodes import DT_FLOAT, DT_INT32, Builder


def bucketize_by_input(build: Builder) -> Iterator[Any]:
    """Give `upper_bound(boundaries, x)` in the shape of x: how many boundaries are not above it, all for NaN.

    Measured with TensorFlow 1.15's tf.contrib.boosted_trees: boundaries are cast to the type of x, as here. What it
    refuses when it runs, boundaries that are not sorted, gives numbers without a meaning here.
    """
    dtype = build.node.attr["T"].type
    values, boundaries = build.inputs
    row = build.integers("row", (1, -1))
    typed = build.add("typed_boundaries", "Cast", [boundaries], SrcT=DT_FLOAT, DstT=dtype)
    sorted_row = build.add("boundaries", "Reshape", [typed.name, row.name], T=dtype, Tshape=DT_INT32)
    value_row = build.add("values", "Reshape", [values, row.name], T=dtype, Tshape=DT_INT32)
    upper = build.add("upper_bound", "UpperBound", [sorted_row.name, value_row.name], T=dtype, out_type=DT_INT32)
    shape = build.add("shape", "Shape", [values], T=dtype, out_type=DT_INT32)
    result = build.add("", "Reshape", [upper.name, shape.name, *build.waits], T=DT_INT32, Tshape=DT_INT32)
    yield from (row, typed, sorted_row, value_row, upper, shape, result)


STAND_INS = {"BucketizeWithInputBoundaries": bucketize_by_input}

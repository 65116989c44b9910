"""`BoostedTreesBucketize`, which lost its kernel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrate.graph.stand_ins.nodes import DT_FLOAT, DT_INT32, Builder


def bucketize(build: Builder) -> Iterator[Any]:
    """Give `min(lower_bound(boundaries, x), len(boundaries) - 1)` for each feature.

    Source: tensorflow/core/kernels/boosted_trees/quantile_ops.cc of TensorFlow 1.15, BoostedTreesBucketizeOp.
    """
    count = int(build.node.attr["num_features"].i)
    row, flat, one = build.integers("row", (1, -1)), build.integers("flat", (-1,)), build.integers("one", 1)
    yield from (row, flat, one)
    buckets = []
    for number in range(count):
        values, boundaries = build.inputs[number], build.inputs[count + number]
        sorted_row = build.add(f"boundaries_{number}", "Reshape", [boundaries, row.name], T=DT_FLOAT, Tshape=DT_INT32)
        value_row = build.add(f"values_{number}", "Reshape", [values, row.name], T=DT_FLOAT, Tshape=DT_INT32)
        lower = build.add(
            f"lower_bound_{number}", "LowerBound", [sorted_row.name, value_row.name], T=DT_FLOAT, out_type=DT_INT32
        )
        size = build.add(f"size_{number}", "Size", [boundaries], T=DT_FLOAT, out_type=DT_INT32)
        last = build.add(f"last_{number}", "Sub", [size.name, one.name], T=DT_INT32)
        bucket = build.add(f"bucket_{number}", "Minimum", [lower.name, last.name], T=DT_INT32)
        vector = build.add(f"vector_{number}", "Reshape", [bucket.name, flat.name], T=DT_INT32, Tshape=DT_INT32)
        buckets.append(vector.name)
        yield from (sorted_row, value_row, lower, size, last, bucket, vector)
    # One node with all outputs, so that whoever reads output n of the original finds it.
    result = build.add("", "IdentityN", [*buckets, *build.waits])
    result.attr["T"].list.type.extend([DT_INT32] * count)
    yield result


STAND_INS = {"BoostedTreesBucketize": bucketize}

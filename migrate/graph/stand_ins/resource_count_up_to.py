"""`ResourceCountUpTo`, which insists on its handle's shape while a function is loaded, before TensorFlow tells it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrate.graph.stand_ins.nodes import DT_STRING, Builder


def count_up_to(build: Builder) -> Iterator[Any]:
    """Give the variable's value and add one, unless it has reached the limit; not atomic across parallel calls."""
    handle, dtype = build.inputs[0], build.node.attr["T"].type
    read = build.add("count", "ReadVariableOp", [handle, *build.waits], dtype=dtype)
    limit = build.integers("limit", int(build.node.attr["limit"].i), dtype)
    below = build.add("below_limit", "Less", [read.name, limit.name], T=dtype)
    message = build.add("message", "Const", [], dtype=DT_STRING)
    message.attr["value"].tensor.dtype = DT_STRING
    message.attr["value"].tensor.tensor_shape.SetInParent()
    message.attr["value"].tensor.string_val.append(f"Reached limit of {build.node.attr['limit'].i}".encode())
    check = build.add("check", "Assert", [below.name, message.name])
    check.attr["T"].list.type.append(DT_STRING)
    one = build.integers("one", 1, dtype)
    increment = build.add("increment", "AssignAddVariableOp", [handle, one.name, f"^{check.name}"], dtype=dtype)
    result = build.add("", "Identity", [read.name, f"^{increment.name}"], T=dtype)
    yield from (read, limit, below, message, check, one, increment, result)


STAND_INS = {"ResourceCountUpTo": count_up_to}

"""`TopK`, whose number of values is an attribute: graphs of GraphDef versions before 7 hold it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrate.graph.stand_ins.nodes import Builder


def top_k(build: Builder) -> Iterator[Any]:
    """Give the number as an input."""
    number = build.integers("k", int(build.node.attr["k"].i))
    node = build.add("", "TopKV2", [build.inputs[0], number.name, *build.waits], T=build.node.attr["T"].type)
    if "sorted" in build.node.attr:
        node.attr["sorted"].b = build.node.attr["sorted"].b
    yield from (number, node)


STAND_INS = {"TopK": top_k}

"""Makes the nodes of a stand-in one by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migrate.graph.tensor_name import is_control

DT_FLOAT, DT_INT32, DT_STRING = 1, 3, 7


class Builder:
    """Makes nodes under the name of the one that they replace."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self.inputs = [edge for edge in node.input if not is_control(edge)]
        self.waits = [edge for edge in node.input if is_control(edge)]

    def add(self, name: str, op: str, inputs: Iterable[str], **types: int) -> Any:
        """Return a new node; `types` are its attributes of kind type. An empty name is that of the original."""
        full_name = f"{self.node.name}/{name}" if name else self.node.name
        node = type(self.node)(name=full_name, op=op, input=inputs)
        for attribute, value in types.items():
            node.attr[attribute].type = value
        return node

    def integers(self, name: str, values: tuple[int, ...] | int, dtype: int = DT_INT32) -> Any:
        """Return a Const of one integer, or of a vector."""
        node = self.add(name, "Const", [], dtype=dtype)
        tensor = node.attr["value"].tensor
        tensor.dtype = dtype
        listed = values if isinstance(values, tuple) else (values,)
        if isinstance(values, tuple):
            tensor.tensor_shape.dim.add(size=len(values))
        (tensor.int_val if dtype == DT_INT32 else tensor.int64_val).extend(listed)
        return node

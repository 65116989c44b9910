"""The ways in which a GraphDef and a SignatureDef name tensors."""

from __future__ import annotations

from dataclasses import dataclass

_MOST_DIGITS = 10


@dataclass(frozen=True, slots=True, order=True)
class TensorName:
    """One output of a node: `scope/node:1` is `TensorName("scope/node", 1)`."""

    node: str
    index: int

    def __str__(self) -> str:
        return f"{self.node}:{self.index}"


def parse_tensor(name: str) -> TensorName:
    """Read `node`, `node:0` or `node:1`; a missing index means output 0.

    Raises:
        ValueError: for an empty name or an index that is no number.
    """
    node, colon, index = name.partition(":")
    if not node or (colon and not (index.isascii() and index.isdigit() and len(index) < _MOST_DIGITS)):
        raise ValueError(f"{name!r} is not the name of a tensor")
    return TensorName(node, int(index) if colon else 0)


def is_control(edge: str) -> bool:
    """Tell whether an input of a NodeDef (`^node`) is a control dependency."""
    return edge.startswith("^")


def source_node(edge: str) -> str:
    """Return the node that an input of a NodeDef comes from: for `^a`, `a` and `a:1` that is `a`."""
    return edge[1:] if is_control(edge) else edge.partition(":")[0]


def edge_to(tensor: TensorName) -> str:
    """Return the canonical spelling of a data input in a NodeDef."""
    return tensor.node if tensor.index == 0 else str(tensor)

"""Which OpDef argument each input and output of a NodeDef belongs to, and its dtype."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from migrate.tensorflow_private.op_defs import op_def


@dataclass(frozen=True, slots=True)
class Argument:
    """One tensor that an op takes or gives.

    Attributes:
        dtype: the DataType enum number, without the reference bit; 0 where the node does not tell.
        is_ref: whether the tensor is a mutable reference (TF1 variables and tables).
    """

    dtype: int
    is_ref: bool


_UNKNOWN = Argument(dtype=0, is_ref=False)


@lru_cache(maxsize=4096)
def _cached_op_def(op: str) -> Any | None:
    return op_def(op)


def input_argument(node: Any, index: int) -> Argument:
    """Return the argument of data input `index` of `node`; unknown ops give an argument without dtype."""
    definition = _cached_op_def(node.op)
    return _nth(definition, definition.input_arg, node.attr, index) if definition else _UNKNOWN


def output_argument(node: Any, index: int, functions: Mapping[str, Any] | None = None) -> Argument:
    """Return the argument of output `index` of `node`.

    Args:
        functions: the FunctionDefs of the graph's library by name, for nodes that call one directly.
    """
    definition = _cached_op_def(node.op)
    if definition is None and functions and node.op in functions:
        definition = functions[node.op].signature
    return _nth(definition, definition.output_arg, node.attr, index) if definition else _UNKNOWN


def output_count(node: Any, functions: Mapping[str, Any] | None = None) -> int | None:
    """Return how many outputs `node` has, or None for an op that this TensorFlow does not know."""
    definition = _cached_op_def(node.op)
    if definition is None and functions and node.op in functions:
        definition = functions[node.op].signature
    if definition is None:
        return None
    return sum(_length(argument, node.attr) for argument in definition.output_arg)


@dataclass(frozen=True, slots=True)
class Arity:
    """What a node must have: its number of data inputs (None where its attributes do not tell), attributes by kind."""

    inputs: int | None
    attributes: Mapping[str, str]


def arity(node: Any, functions: Mapping[str, Any]) -> Arity | None:
    """Return what the OpDef of a node asks for, or None for an op that this TensorFlow does not know.

    Attributes with a default are not among those it must have.
    """
    definition = _cached_op_def(node.op)
    if definition is None and node.op in functions:
        definition = functions[node.op].signature
    if definition is None:
        return None
    required = {
        attribute.name: attribute.type for attribute in definition.attr if not attribute.HasField("default_value")
    }
    told = all(_is_told(argument, node.attr) for argument in definition.input_arg)
    return Arity(sum(_length(argument, node.attr) for argument in definition.input_arg) if told else None, required)


def _is_told(argument: Any, attributes: Any) -> bool:
    name = argument.number_attr or argument.type_list_attr
    return not name or (name in attributes and attributes[name].WhichOneof("value") in ("i", "list"))


def named_output_offset(node: Any, name: str, functions: Mapping[str, Any]) -> int:
    """Return the index of the first tensor of the output argument `name` of `node`.

    Raises:
        KeyError: neither the op nor the argument is known.
    """
    definition = _cached_op_def(node.op) or functions[node.op].signature
    offset = 0
    for argument in definition.output_arg:
        if argument.name == name:
            return offset
        offset += _length(argument, node.attr)
    raise KeyError(f"{node.op} has no output {name!r}")


def _nth(definition: Any, arguments: Any, attributes: Any, index: int) -> Argument:
    for argument in arguments:
        length = _length(argument, attributes)
        if index < length:
            return Argument(_dtype(definition, argument, attributes, index), argument.is_ref)
        index -= length
    return _UNKNOWN


def _length(argument: Any, attributes: Any) -> int:
    if argument.number_attr:
        return int(attributes[argument.number_attr].i) if argument.number_attr in attributes else 0
    if argument.type_list_attr:
        return len(attributes[argument.type_list_attr].list.type) if argument.type_list_attr in attributes else 0
    return 1


def _dtype(definition: Any, argument: Any, attributes: Any, index: int) -> int:
    if argument.type_list_attr:
        return int(attributes[argument.type_list_attr].list.type[index])
    if argument.type_attr in attributes:
        return int(attributes[argument.type_attr].type)
    # `strip_default_attrs` leaves out what has its default value.
    defaults = (attr.default_value.type for attr in definition.attr if attr.name == argument.type_attr)
    return int(next(defaults, argument.type))

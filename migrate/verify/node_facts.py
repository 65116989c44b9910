"""What a node does, apart from its name, its inputs and how TensorFlow 1 or 2 spells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import tensorflow as tf

from migrate.graph.reference_ops import PASSING_OPS, TABLE_OPS, USING_OPS, WRITING_OPS
from migrate.tensorflow_private.op_defs import op_def

RENAMED: Mapping[str, str] = {**PASSING_OPS, **TABLE_OPS, **USING_OPS, **WRITING_OPS}
"""How TensorFlow 2 calls what works on references in TensorFlow 1."""
# What says where and how to run a node, not what it computes.
_NO_MEANING = frozenset({"shared_name", "container", "frame_name", "config", "config_proto", "executor_type"})
# Handles go where references went.
_HANDING_ON = frozenset({"Switch", "Merge", "Enter", "Exit", "NextIteration"})
_DT_RESOURCE, _FIRST_REFERENCE = 20, 100
_LONGEST = 60


def canonical_op(op: str) -> str:
    """Return the op, for one that works on references its resource twin."""
    return RENAMED.get(op, op)


def attribute_differences(old: Any, new: Any) -> Iterator[str]:
    """Yield what differs in the attributes of two nodes of one canonical op; functions are compared elsewhere."""
    renamed = old.op != new.op
    before, after = _attributes(old), _attributes(new)
    names = before.keys() & after.keys() if renamed else before.keys() | after.keys()
    for name in sorted(names - _NO_MEANING):
        if name == "T" and new.op in _HANDING_ON and _passes_state(before.get(name), after.get(name)):
            continue
        if name not in after and not _is_known(new.op, name):
            continue  # of a TensorFlow that had the attribute
        if not _same(before.get(name), after.get(name)):
            yield f"the attribute {name} is {in_words(after.get(name))} in place of {in_words(before.get(name))}"


def functions_of(node: Any) -> dict[str, str]:
    """Return the functions that the attributes of a node name, by attribute and place."""
    found = {}
    for name, value in node.attr.items():
        if name.startswith("_"):
            continue
        if value.HasField("func"):
            found[name] = str(value.func.name)
        for place, one in enumerate(value.list.func):
            found[f"{name}[{place}]"] = str(one.name)
    return found


def in_words(value: Any) -> str:
    """Return an attribute's value as short text."""
    if value is None:
        return "nothing"
    kind = value.WhichOneof("value")
    if kind == "tensor":
        return _tensor_in_words(value.tensor)
    if kind == "type":
        return _dtype(value.type)
    text = " ".join(str(getattr(value, kind) if kind in ("s", "i", "f", "b") else value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _dtype(number: int) -> str:
    try:
        return str(tf.dtypes.as_dtype(number).name)
    except (TypeError, KeyError):
        return str(number)


def _tensor_in_words(tensor: Any) -> str:
    try:
        array = tf.make_ndarray(tensor)
    except (KeyError, TypeError, ValueError):
        return "a constant that cannot be read"
    text = str(array.tolist()) if array.size <= 8 else f"{array.dtype.name}{list(array.shape)}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _passes_state(before: Any | None, after: Any | None) -> bool:
    return after is not None and after.type == _DT_RESOURCE and before is not None


def _attributes(node: Any) -> dict[str, Any]:
    found = {name: value for name, value in node.attr.items() if not name.startswith("_") and not _has_function(value)}
    for name, default in _defaults(node.op).items():
        found.setdefault(name, default)
    return found


def _has_function(value: Any) -> bool:
    return bool(value.HasField("func") or value.list.func)


@lru_cache(maxsize=4096)
def _defaults(op: str) -> Mapping[str, Any]:
    definition = op_def(op)
    attributes = definition.attr if definition is not None else ()
    return {
        one.name: one.default_value
        for one in attributes
        if one.HasField("default_value") and one.type != "func" and not one.name.startswith("_")
    }


@lru_cache(maxsize=4096)
def _is_known(op: str, attribute: str) -> bool:
    definition = op_def(op)
    return definition is None or any(one.name == attribute for one in definition.attr)


def _same(before: Any | None, after: Any | None) -> bool:
    if before is None or after is None:
        return before is after
    kind = before.WhichOneof("value")
    if kind != after.WhichOneof("value"):
        # An empty list may be of any kind.
        return kind == "list" and not before.ListFields() and not after.ListFields()
    if kind == "type":
        return int(before.type) % _FIRST_REFERENCE == int(after.type) % _FIRST_REFERENCE
    if kind == "tensor":
        return same_tensor(before.tensor, after.tensor)
    return bool(before.SerializeToString(deterministic=True) == after.SerializeToString(deterministic=True))


def same_tensor(before: Any, after: Any) -> bool:
    """Tell whether two TensorProtos hold the same: dtype, shape and bits, packed in whatever way."""
    if before.SerializeToString(deterministic=True) == after.SerializeToString(deterministic=True):
        return True
    try:
        a, b = tf.make_ndarray(before), tf.make_ndarray(after)
    except (KeyError, TypeError, ValueError):
        return False
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return bool(a.tolist() == b.tolist() if a.dtype == object else a.tobytes() == b.tobytes())

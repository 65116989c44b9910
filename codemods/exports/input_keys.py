"""Which keys TensorFlow 2 takes for the inputs of a signature: it makes them the names of a function's arguments."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

import libcst as cst

from codemods.exports.signatures import constant, dictionary, stored_entry, unwrapped
from codemods.source.module import Module


def is_input_key(key: str) -> bool:
    """Whether `tf.saved_model.save` takes an input's key: it keeps these in the SignatureDef, and refuses others.

    Functions loaded by TensorFlow 2 have `a_b` for `a/b`; the SignatureDef, which is what clients see, keeps `a/b`.
    """
    is_name = re.fullmatch(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*", key) is not None
    return is_name and not keyword.iskeyword(key) and key != "self"


def refuses_keys(module: Module, inputs: cst.BaseExpression) -> bool:
    """Whether TensorFlow 2 is certain to refuse a key of a map of inputs, and says so when the export runs."""
    names = (constant(module, key) for key, _ in dictionary(module, inputs) or [])
    return any(name is not None and not is_input_key(name) for name in names) or _has_tensor_names(module, inputs)


def _has_tensor_names(module: Module, inputs: cst.BaseExpression) -> bool:
    """Whether a map's keys are names of tensors: those have a colon, which no argument's name can have."""
    value = module.value(inputs)
    pairs = list(_stores(module, inputs)) if isinstance(inputs, cst.Name) else []
    if isinstance(value, cst.Dict):
        pairs += [(item.key, item.value) for item in value.elements if isinstance(item, cst.DictElement)]
    if isinstance(value, cst.DictComp):
        pairs.append((value.key, value.value))
    return any(_is_name_of(key, unwrapped(module, tensor)) for key, tensor in pairs)


def _stores(module: Module, inputs: cst.Name) -> Iterator[tuple[cst.BaseExpression, cst.BaseExpression]]:
    owner = module.scope(inputs).owner(inputs.value)
    for name in module.names[inputs.value]:
        stored = stored_entry(module, name) if module.scope(name).owner(name.value) is owner else None
        if stored is not None:
            yield stored[0], stored[1]


def _is_name_of(key: cst.BaseExpression, tensor: cst.BaseExpression) -> bool:
    """Whether it is `t.name: t`, or `name: graph.get_tensor_by_name(name)`."""
    if isinstance(key, cst.Attribute) and key.attr.value == "name":
        return key.value.deep_equals(tensor)
    if not isinstance(tensor, cst.Call) or not isinstance(tensor.func, cst.Attribute) or len(tensor.args) != 1:
        return False
    return tensor.func.attr.value == "get_tensor_by_name" and tensor.args[0].value.deep_equals(key)

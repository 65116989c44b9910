"""What the arguments of a call say of a name that TensorFlow 1 and 2 share: which of them the call is written for."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import libcst as cst

from codemods.names.meanings import Kind, Meaning, Parameter, Parameters, meaning, tf1_parameters
from codemods.names.target import Target
from codemods.source.module import Module
from codemods.source.tensorflow_uses import Use


class Says(Enum):
    """What a use says of the TensorFlow that it is written for."""

    V1 = "v1"
    V2 = "v2"
    SAME = "same"
    """It means the same in both."""
    OPEN = "open"
    """It means one thing in TensorFlow 1 and another in 2, and does not tell which it means."""


# Two functions or classes each, and the same values wherever a call gives both the same: a test compares them.
_SAME_VALUES = """
    Variable case constant convert_to_tensor device executing_eagerly expand_dims gradients name_scope nn.avg_pool
    nn.avg_pool2d nn.conv2d_transpose nn.log_softmax nn.max_pool nn.softmax math.log_softmax math.softmax ones_like
    scalar_mul math.scalar_mul shape size strings.length strings.to_number strings.to_hash_bucket zeros_like
"""
SAME_VALUES = frozenset(_SAME_VALUES.split())
TF1_METHODS = frozenset({"make_initializable_iterator", "make_one_shot_iterator"})
"""What datasets have in TensorFlow 1 alone; they hold the same elements, and else do the same."""


def says(module: Module, use: Use, name: str, target: Target) -> Says:
    """Return what a use of the plain name (after `tensorflow.`) says, by its arguments where it is called."""
    found = meaning(target, name)
    if found is None or (found.name.startswith("data.") and found.kind is Kind.CLASS):
        return Says.SAME
    call = module.parent(use.node)
    if found.name != name or not isinstance(call, cst.Call) or call.func is not use.node:
        return Says.SAME if found.name == name and _has_same_values(found) and _starts_alike(found) else Says.OPEN
    if any(argument.star for argument in call.args):
        return Says.OPEN
    return _says_call(found, call.args)


def _says_call(found: Meaning, arguments: Sequence[cst.Arg]) -> Says:
    in_tf1 = tf1_parameters(found.name)
    if found.v1 is None or found.v2 is None:
        return Says.OPEN
    fits_v1 = _fits(found.v1, arguments) or (in_tf1 is not None and _fits(in_tf1, arguments))
    fits_v2 = _fits(found.v2, arguments)
    if fits_v1 is not fits_v2:
        return Says.V1 if fits_v1 else Says.V2
    is_same = fits_v1 and _has_same_values(found) and _take_the_same(found, arguments)
    return Says.SAME if is_same else Says.OPEN


def _has_same_values(found: Meaning) -> bool:
    return found.kind is Kind.ARGUMENTS or found.name in SAME_VALUES


def _starts_alike(found: Meaning) -> bool:
    """Whether both take the same first argument, the one that a function handed on is called with."""
    if not found.v1 or not found.v2:
        return False
    return found.v1[0].name == found.v2[0].name


def _fits(parameters: Parameters, arguments: Sequence[cst.Arg]) -> bool:
    """Whether a call with these arguments can work: none is unknown, given twice or missing."""
    named = [each for each in parameters if not each.stars]
    positional = [argument for argument in arguments if argument.keyword is None]
    keywords = {argument.keyword.value for argument in arguments if argument.keyword is not None}
    if len(positional) > len(named) and not any(each.stars == "*" for each in parameters):
        return False
    given = {each.name for each in named[: len(positional)]}
    known = {each.name for each in named}
    if keywords & given or (keywords - known and not any(each.stars == "**" for each in parameters)):
        return False
    return all(each.default is not None or each.name in given | keywords for each in named)


def _take_the_same(found: Meaning, arguments: Sequence[cst.Arg]) -> bool:
    """Whether each argument means the same parameter to both, and so do the defaults of those that are not given."""
    assert found.v1 is not None
    assert found.v2 is not None
    v1 = {each.name: each for each in found.v1}
    v2 = {each.name: each for each in found.v2}
    given: set[str] = set()
    for position, argument in enumerate(arguments):
        if argument.keyword is not None:
            given.add(argument.keyword.value)
            if argument.keyword.value not in v1.keys() & v2.keys():
                return False  # a catch-all takes it
            continue
        if position >= min(len(found.v1), len(found.v2)) or found.v1[position].stars or found.v2[position].stars:
            return False
        old, new = found.v1[position], found.v2[position]
        if old.name != new.name and (old.name in v2 or (new.name in v1 and new.default is not None)):
            return False  # in another order, not by a new name
        given |= {old.name, new.name}
    left = [each for each in found.v1 if each.name not in given and not each.stars]
    return all(_same_default(each, v2.get(each.name), found) for each in left)


def _same_default(old: Parameter, new: Parameter | None, found: Meaning) -> bool:
    """Whether a parameter that a call leaves out is the same to both; None stands for what the other has."""
    if new is None:
        return old.default == "None" or old.name in found.fixed or found.kind is not Kind.ARGUMENTS
    return old.default == new.default or "None" in (old.default, new.default)

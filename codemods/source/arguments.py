"""What a call gives for each parameter of the function it calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import libcst as cst


def bound_arguments(call: cst.Call, parameters: Sequence[str]) -> Mapping[str, cst.Arg] | None:
    """Return the arguments by parameter; None where the call has stars, too many, or an unknown or doubled one."""
    bound: dict[str, cst.Arg] = {}
    for position, given in enumerate(call.args):
        if given.star:
            return None
        if given.keyword is not None:
            name = given.keyword.value
        elif position < len(parameters):
            name = parameters[position]
        else:
            return None
        if name not in parameters or name in bound:
            return None
        bound[name] = given
    return bound


def is_simple(expression: cst.BaseExpression) -> bool:
    """Whether evaluating the expression twice is the same as once: a name, an attribute, a literal."""
    if isinstance(expression, cst.Attribute):
        return is_simple(expression.value)
    if isinstance(expression, (cst.List, cst.Tuple)):
        return all(is_simple(element.value) for element in expression.elements)
    return isinstance(expression, (cst.Name, cst.BaseNumber, cst.SimpleString, cst.ConcatenatedString))


def argument(call: cst.Call, name: str, position: int | None = None) -> cst.Arg | None:
    """Return the argument given for a parameter, by keyword or by position; None where it is not given plainly."""
    for given in call.args:
        if given.keyword is not None and given.keyword.value == name:
            return given
    if position is None or any(given.star for given in call.args[: position + 1]) or position >= len(call.args):
        return None
    return call.args[position] if call.args[position].keyword is None else None


def has_star(call: cst.Call) -> bool:
    """Whether the call has `*args` or `**kwargs`."""
    return any(given.star for given in call.args)

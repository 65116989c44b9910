"""Version checks of TensorFlow: branches that are for TensorFlow 1 alone, and checks that end a program on 2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeGuard

import libcst as cst

from codemods.source.module import Module
from codemods.source.nodes import walk

_VERSION = re.compile(r"\d+")
# A helper of the program that returns the version, by its name.
_HELPER = re.compile(r"(?:get_)?(?:tf|tensorflow)_?version(?:_tuple|_info)?", re.IGNORECASE)


def in_tf1_branch(module: Module, node: cst.CSTNode) -> bool:
    """Whether the node stands in a branch that a version check reserves for TensorFlow 1."""
    child = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (cst.If, cst.IfExp)):
            body_is_tf1 = _reserves_for_tf1(module, ancestor.test)
            in_body = child is ancestor.body
            in_else = child is ancestor.orelse
            if (body_is_tf1 is True and in_body) or (body_is_tf1 is False and in_else):
                return True
        child = ancestor
    return False


def in_checked_branch(module: Module, node: cst.CSTNode) -> bool:
    """Whether the node stands in a branch that a version check reserves for one of the TensorFlows."""
    child = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (cst.If, cst.IfExp)):
            decides = child is not ancestor.test and _reserves_for_tf1(module, ancestor.test) is not None
            if decides:
                return True
        child = ancestor
    return False


def refusals_of_tf2(module: Module) -> Iterator[cst.Assert | cst.If]:
    """Yield the version checks that end a program on TensorFlow 2: assertions, and branches that raise or exit."""
    for node in module.nodes:
        if type(node) is cst.Assert and _reserves_for_tf1(module, node.test) is True:
            yield node
        elif type(node) is cst.If:
            is_tf1 = _reserves_for_tf1(module, node.test)
            ending = node.body if is_tf1 is False else node.orelse.body if is_tf1 and _is_else(node.orelse) else None
            if ending is not None and _ends_program(module, ending):
                yield node


def _is_else(node: cst.If | cst.Else | None) -> TypeGuard[cst.Else]:
    return isinstance(node, cst.Else)


def _ends_program(module: Module, suite: cst.BaseSuite) -> bool:
    last = suite.body[-1] if suite.body else None
    part = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last
    if isinstance(part, cst.Expr) and isinstance(part.value, cst.Call):
        return module.code(part.value.func) in ("exit", "quit", "sys.exit")
    return isinstance(part, cst.Raise)


def _reserves_for_tf1(module: Module, test: cst.BaseExpression, depth: int = 0) -> bool | None:
    """Return True where the test holds on TensorFlow 1 only, False where it holds on 2 only, None otherwise."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        inner = _reserves_for_tf1(module, test.expression, depth)
        return None if inner is None else not inner
    if isinstance(test, cst.Name) and depth < 3:
        value = module.value(test)
        return _reserves_for_tf1(module, value, depth + 1) if value is not None and value is not test else None
    if isinstance(test, cst.BooleanOperation):
        sides = {_reserves_for_tf1(module, side, depth) for side in (test.left, test.right)} - {None}
        return sides.pop() if len(sides) == 1 and isinstance(test.operator, cst.And) else None
    if isinstance(test, cst.Call):
        return _call_reserves(module, test)
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1 and _mentions_version(module, test.left):
        return _comparison_reserves(module, test.comparisons[0])
    return None


def _call_reserves(module: Module, test: cst.Call) -> bool | None:
    if module.resolve(test.func) in ("tensorflow.executing_eagerly", "tensorflow.compat.v2.executing_eagerly"):
        return None
    is_prefix = isinstance(test.func, cst.Attribute) and test.func.attr.value == "startswith"
    if is_prefix and _mentions_version(module, test.func) and test.args:
        text = module.code(test.args[0].value).strip("'\"")
        return True if text.startswith("1") else False if text.startswith("2") else None
    return None


def _comparison_reserves(module: Module, target: cst.ComparisonTarget) -> bool | None:
    number = _VERSION.search(module.code(target.comparator))
    if number is None:
        return None
    major = int(number.group())
    if isinstance(target.operator, (cst.LessThan, cst.LessThanEqual)):
        return True if major == 2 or (major == 1 and isinstance(target.operator, cst.LessThanEqual)) else None
    if isinstance(target.operator, (cst.GreaterThanEqual, cst.GreaterThan)):
        return False if major == 2 or (major == 1 and _is_open_one(module, target)) else None
    if isinstance(target.operator, cst.Equal):
        return True if major == 1 else False if major == 2 else None
    return None


def _is_open_one(module: Module, target: cst.ComparisonTarget) -> bool:
    text = module.code(target.comparator).strip("'\"")
    return isinstance(target.operator, cst.GreaterThan) and text == "1"


def _mentions_version(module: Module, expression: cst.CSTNode, depth: int = 0) -> bool:
    for node in walk(expression):
        if isinstance(node, cst.Attribute) and node.attr.value in ("__version__", "VERSION"):
            if module.resolve(node.value) == "tensorflow":
                return True
        elif isinstance(node, cst.Call) and not node.args and _HELPER.fullmatch(module.code(node.func).split(".")[-1]):
            return True
        elif isinstance(node, cst.Name) and depth < 3 and module.parent(node) is not None:
            if module.resolve(node) in ("tensorflow.__version__", "tensorflow.VERSION"):
                return True
            for binding in module.bindings(node):
                if binding.value is not None and _mentions_version(module, binding.value, depth + 1):
                    return True
    return False

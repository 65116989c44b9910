"""An expression that new code needs twice gets a name: an assignment on a line of its own, above its statement."""

from __future__ import annotations

import libcst as cst

from codemods.edit.edits import Edit
from codemods.edit.layout import indent_at, newline_of
from codemods.source.module import Module
from codemods.source.nodes import walk

# What runs its parts later, more than once, or not always.
_DEFERS = (cst.Lambda, cst.BaseComp, cst.CompFor, cst.Assert, cst.FormattedString)
_ACTS = (cst.Call, cst.Await, cst.Yield, cst.NamedExpr)


def named_above(module: Module, expression: cst.BaseExpression, name: str) -> Edit | None:
    """Return the edit that assigns an expression to a name above its statement.

    None where the expression would be evaluated another number of times, or in another order among the calls beside it.
    """
    statement = module.statement(expression)
    if not isinstance(statement, cst.SimpleStatementLine) or not _is_in(module, expression, statement.body[0]):
        return None
    if not _runs_once(module, expression, statement) or _meets_calls(module, expression, statement.body[0]):
        return None
    start, end = module.outer_span(expression)
    indent, newline = indent_at(module, statement), newline_of(module)
    opening, closing = ("", "") if _has_brackets(module.text[start:end]) else ("(", ")")
    before = f"{indent}{name} = {opening}"
    code = _moved(module.text[start:end], module.column_of(start), len(before))
    place = module.line_start(module.start(statement))
    return Edit(place, place, f"{before}{code}{closing}{newline}")


def _is_in(module: Module, node: cst.CSTNode, ancestor: cst.CSTNode) -> bool:
    return any(each is ancestor for each in module.ancestors(node))


def _runs_once(module: Module, expression: cst.BaseExpression, statement: cst.CSTNode) -> bool:
    """Whether the statement evaluates the expression, and does so once."""
    node: cst.CSTNode = expression
    for parent in module.ancestors(expression):
        if parent is statement:
            return True
        if isinstance(parent, _DEFERS):
            return False
        if isinstance(parent, cst.IfExp) and node is not parent.test:
            return False
        if isinstance(parent, cst.BooleanOperation) and node is not parent.left:
            return False
        if isinstance(parent, cst.Comparison) and node is not parent.left and node is not parent.comparisons[0]:
            return False
        node = parent
    return False


def _meets_calls(module: Module, expression: cst.BaseExpression, statement: cst.CSTNode) -> bool:
    """Whether the statement calls something before it evaluates the expression; targets are evaluated last."""
    around = {id(node) for node in module.ancestors(expression)}
    last = {id(node) for target in _targets(statement) for node in walk(target)}
    return any(
        isinstance(node, _ACTS) and module.before(node, expression) and id(node) not in around and id(node) not in last
        for node in walk(statement)
    )


def _targets(statement: cst.CSTNode) -> list[cst.CSTNode]:
    if isinstance(statement, cst.Assign):
        return list(statement.targets)
    return [statement.target, statement.annotation] if isinstance(statement, cst.AnnAssign) else []


def _has_brackets(code: str) -> bool:
    """Whether all line breaks of an expression are inside of its own brackets."""
    if "\n" not in code:
        return True
    try:
        compile(code, "<expression>", "eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _moved(code: str, old: int, new: int) -> str:
    """Return code of several lines with those after the first as far from the first as they were, where they can be."""
    first, *rest = code.split("\n")
    indents = [len(line) - len(line.lstrip(" ")) for line in rest if line.strip()]
    delta = new - old
    if not indents or min(indents) < old or min(indents) + delta < 0 or '"""' in code or "'''" in code:
        return code
    shifted = (
        " " * (len(line) - len(line.lstrip(" ")) + delta) + line.lstrip(" ") if line.strip() else line for line in rest
    )
    return "\n".join([first, *shifted])

"""Small edits: a call or an argument gets another name, goes or moves, and what was aligned with it stays aligned."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.edit.edits import Edit
from codemods.source.module import Module
from codemods.source.nodes import walk


def rename_function(module: Module, call: cst.Call, new: str) -> Iterator[Edit]:
    """Yield the edits that call `new` instead; the arguments stay, lines aligned to the parenthesis move with it."""
    start, end = module.outer_span(call.func)
    yield Edit(start, end, new)
    yield from realign(module, call, len(new) - (end - start))


def realign(module: Module, call: cst.Call, delta: int) -> Iterator[Edit]:
    """Yield the edits that keep continuation lines aligned with a first argument that moves by `delta` columns."""
    if not call.args or delta == 0:
        return
    first = module.start(call.args[0])
    opening, close = module.end(call.func), module.end(call)
    if module.line_of(opening) != module.line_of(first) or module.line_of(module.start(call.func)) != module.line_of(
        first
    ):
        return
    column = module.column_of(first)
    strings = [(module.start(node), module.end(node)) for node in _multiline_strings(module, call)]
    position = module.line_end(first)
    while position < close:
        line = module.text[position : module.line_end(position)]
        indent = len(line) - len(line.lstrip(" "))
        in_string = any(begin < position < finish for begin, finish in strings)
        if line.strip() and not in_string and indent >= column and indent + delta >= 0:
            yield Edit(position, position + indent, " " * (indent + delta))
        position = module.line_end(position)


def realign_names(module: Module, node: cst.ImportFrom, delta: int) -> Iterator[Edit]:
    """Yield the edits that keep imported names aligned with the first one, which moves by `delta` columns."""
    if isinstance(node.names, cst.ImportStar) or node.lpar is None or delta == 0:
        return
    first = module.start(node.names[0])
    if module.line_of(module.start(node)) != module.line_of(first):
        return
    position, close = module.line_end(first), module.end(node)
    while position < close:
        line = module.text[position : module.line_end(position)]
        indent = len(line) - len(line.lstrip(" "))
        if line.strip() and indent == module.column_of(first) and indent + delta >= 0:
            yield Edit(position, position + indent, " " * (indent + delta))
        position = module.line_end(position)


def _multiline_strings(module: Module, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for child in walk(node):
        if isinstance(child, (cst.SimpleString, cst.FormattedString)) and "\n" in module.code(child):
            yield child


def rename_keyword(module: Module, given: cst.Arg, new: str) -> Edit:
    """Return the edit that passes a keyword argument under another keyword."""
    keyword = given.keyword
    if keyword is None:
        raise ValueError("the argument has no keyword")
    return Edit(module.start(keyword), module.end(keyword), new)


def remove_argument(module: Module, call: cst.Call, given: cst.Arg) -> Edit:
    """Return the edit that takes an argument out of a call, with its comma."""
    index = list(call.args).index(given)
    start = module.start(given)
    if index + 1 < len(call.args):
        return Edit(start, module.start(call.args[index + 1]), "")
    if index > 0:
        previous = module.end(call.args[index - 1].value)
        previous = module.outer_span(call.args[index - 1].value)[1] if call.args[index - 1].value.lpar else previous
        return Edit(previous, _argument_end(module, given), "")
    return Edit(start, _argument_end(module, given), "")


def _argument_end(module: Module, given: cst.Arg) -> int:
    return module.outer_span(given.value)[1]


def remove_statement(module: Module, node: cst.CSTNode) -> Edit:
    """Return the edit that removes the line of a simple statement; `pass` stays where a suite would be empty."""
    statement = module.statement(node)
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        raise ValueError("only a line with one statement can be removed")
    start, end = module.start(statement), module.line_end(module.end(statement) - 1)
    suite = module.parent(statement)
    if isinstance(suite, cst.IndentedBlock) and len(suite.body) == 1:
        return Edit(start, module.end(statement), "pass")
    return Edit(module.line_start(start), end, "")

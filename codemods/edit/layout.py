"""How new code fits into a file: its newlines, indentation and quotes, names that are free, long calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from codemods.source.module import Module

_WIDTH = 100


def newline_of(module: Module) -> str:
    """Return the newline the file uses most; LF for a file of one line."""
    crlf = module.text.count("\r\n")
    counts = {"\n": module.text.count("\n") - crlf, "\r\n": crlf, "\r": module.text.count("\r") - crlf}
    return max(counts, key=lambda newline: counts[newline])


def indent_unit(module: Module) -> str:
    """Return one step of the file's indentation."""
    return module.tree.default_indent


def indent_at(module: Module, node: cst.CSTNode) -> str:
    """Return the whitespace before the statement of a node."""
    statement = module.statement(node)
    start = module.start(statement if statement is not None else node)
    begin = module.line_start(start)
    return re.match(r"[ \t\f]*", module.text[begin:start]).group()  # type: ignore[union-attr]


def quote_of(module: Module) -> str:
    """Return the quote that most short strings of the file use."""
    return '"' if module.text.count('"') >= module.text.count("'") else "'"


def string_literal(module: Module, value: str) -> str:
    """Return a string literal in the file's quotes."""
    quote = quote_of(module)
    text = repr(value)
    if quote not in value and text[1:-1].find("\\") < 0:
        return f"{quote}{value}{quote}"
    return text


def free_name(module: Module, wanted: str) -> str:
    """Return the wanted name, with underscores added while the module already uses it."""
    while wanted in module.names:
        wanted += "_"
    return wanted


def call_lines(function: str, given: list[str], unit: str) -> Iterator[str]:
    """Yield a call as one statement: on one line, or one argument a line."""
    one = f"{function}({', '.join(given)})"
    if len(one) <= _WIDTH and "\n" not in one:
        yield one
        return
    arguments = "\n".join(f"{unit}{_dedented(argument, unit)}," for argument in given)
    yield f"{function}(\n{arguments}\n)"


def _dedented(argument: str, unit: str) -> str:
    """Return an argument of several lines with its lines after the first moved under the first."""
    first, *rest = argument.replace("\r\n", "\n").split("\n")
    if not rest:
        return first
    base = len(rest[-1]) - len(rest[-1].lstrip())
    return "\n".join([first, *(unit + line[min(base, len(line) - len(line.lstrip())) :] for line in rest)])

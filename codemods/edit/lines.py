"""Whole lines of a file: where a statement's lines end, how new ones take their place, and the comments in them."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterable, Sequence

import libcst as cst

from codemods.edit.edits import Edit
from codemods.edit.layout import newline_of
from codemods.source.module import Module
from codemods.source.nodes import children, walk


def code_end(module: Module, node: cst.CSTNode) -> int:
    """Return where the code of a statement ends, a block's at the end of its last line."""
    last = node
    while True:
        body = getattr(last, "body", None)
        orelse = getattr(last, "orelse", None)
        if isinstance(last, cst.With) and isinstance(body, cst.BaseSuite):
            last = body.body[-1]
        elif isinstance(last, cst.If) and isinstance(body, cst.BaseSuite):
            last = orelse if orelse is not None else body.body[-1]
        elif isinstance(last, cst.Else) and isinstance(body, cst.BaseSuite):
            last = body.body[-1]
        else:
            break
    tail = [module.end(child) for child in children(last)]
    return max([*tail, module.start(last)]) if isinstance(last, cst.SimpleStatementLine) else module.end(last)


def end_of(module: Module, node: cst.CSTNode) -> int:
    """Return the offset after the last line of a statement, its comment and newline included."""
    return module.line_end(max(code_end(module, node) - 1, 0))


def edited(text: str, start: int, end: int, edits: Sequence[Edit]) -> str:
    """Return a piece of text with the outermost of the edits inside it made, and those inside these."""
    pieces: list[str] = []
    position = start
    for edit in sorted(edits):
        if edit.start >= position and edit.end <= end:
            pieces += [text[position : edit.start], edit.text]
            position = edit.end
    return "".join((*pieces, text[position:end]))


def names_in(nodes: Iterable[cst.CSTNode]) -> frozenset[str]:
    """Return the names below some nodes."""
    return frozenset(node.value for top in nodes for node in walk(top) if isinstance(node, cst.Name))


def comments_of(module: Module) -> list[tuple[int, str]]:
    """Return the comments of a module with their offsets."""
    read = list(io.StringIO(module.text, newline=""))
    starts = [0]
    for line in read:
        starts.append(starts[-1] + len(line))
    tokens = tokenize.generate_tokens(iter([*read, ""]).__next__)
    return [(starts[t.start[0] - 1] + t.start[1], t.string) for t in tokens if t.type == tokenize.COMMENT]


def in_place_of(module: Module, statement: cst.CSTNode, text: str) -> Edit:
    """Return the edit that puts lines where a statement goes; at the end of a cell without a last line break."""
    offset = module.line_start(module.start(statement))
    stop = end_of(module, statement)
    is_last = stop in module.cell_starts or not module.text[:stop].endswith(("\n", "\r"))
    return Edit(offset, offset, text.rstrip("\r\n") if is_last else text)


def after_lines(module: Module, offset: int, text: str) -> Edit:
    """Return the edit that puts lines behind a line that ends at an offset, within the line's cell."""
    newline = newline_of(module)
    if offset in module.cell_starts:
        offset -= 2 if module.text[:offset].endswith("\r\n") else 1
    elif module.text[:offset].endswith(("\n", "\r")):
        return Edit(offset, offset, text)
    return Edit(offset, offset, newline + text.rstrip("\r\n"))


def lines(indent: str, newline: str, *statements: str) -> str:
    """Return statements as lines of code at an indentation; a statement may have several lines."""
    out = []
    for statement in statements:
        for line in statement.split("\n"):
            out.append(f"{indent}{line}{newline}" if line.strip() else newline)
    return "".join(out)

"""Puts a definition at the top level, above the statement that first needs it."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from codemods.edit.edits import Edit
from codemods.edit.layout import newline_of
from codemods.source.module import Module


def definition_edit(module: Module, node: cst.CSTNode, source: str, edits: Sequence[Edit] = ()) -> Edit:
    """Return the edit that puts a definition before the top-level statement around a node, apart by two lines.

    Where one of the `edits` takes that place away, the definition comes before what is removed.
    """
    newline = newline_of(module)
    top: cst.CSTNode = node
    for ancestor in module.ancestors(node):
        if ancestor is module.tree:
            break
        if isinstance(ancestor, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            top = ancestor
    offset = below = _before(module, top)
    filled = {edit.start for edit in edits if edit.start == edit.end}
    for edit in edits:
        if edit.start <= offset < edit.end and not edit.text:
            offset, below = edit.start, edit.start if edit.start in filled else edit.end
    lead = "" if offset == 0 or module.text[:offset].endswith(newline * 3) else newline
    if lead and not module.text[:offset].endswith(newline * 2):
        lead = newline * 2
    blank = min(2, _blank_lines(module, below))
    return Edit(offset, offset, lead + source.rstrip("\n").replace("\n", newline) + newline * (3 - blank))


def _blank_lines(module: Module, offset: int) -> int:
    """Return how many blank lines there are from an offset on."""
    found = 0
    while offset < len(module.text) and not module.text[offset : (end := module.line_end(offset))].strip():
        found, offset = found + 1, end
    return found


def _before(module: Module, statement: cst.CSTNode) -> int:
    """Return the start of a statement's line, or of the comments that stand right above it."""
    start = module.start(statement)
    if isinstance(statement, (cst.FunctionDef, cst.ClassDef)) and statement.decorators:
        start = min(start, module.start(statement.decorators[0]))
    offset = module.line_start(start)
    while offset > 0 and not module.cell_starts:
        above = module.line_start(offset - 1)
        if not module.text[above:offset].startswith("#"):
            break
        offset = above
    return offset

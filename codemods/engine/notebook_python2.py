"""Notebooks with cells of Python 2: those cells as Python 3, all else to the byte."""

from __future__ import annotations

from collections.abc import Iterable

from codemods.engine.notebook import MAGIC_LINE, PYTHON_CELL_MAGICS, WRITEFILE
from codemods.engine.notebook_json import Cell, render
from codemods.source.python2 import Conversion, converted

_KEPT = "#tf1to2: {} #"


def converted_notebook(raw: str, cells: Iterable[Cell]) -> tuple[Conversion, frozenset[int]] | None:
    """Return a notebook with those of these cells converted that are Python 2, and which; None where none is."""
    changed = {}
    for cell in cells:
        new = _converted_cell(cell.text)
        if new is not None:
            changed[cell.number] = (cell, new)
    return (Conversion(raw, render(raw, changed), 0), frozenset(changed)) if changed else None


def _converted_cell(text: str) -> str | None:
    head, _, body = text.partition("\n") if text.startswith("%%") else ("", "", text)
    if head and WRITEFILE.match(head.strip()) is None and head[2:].split(" ")[0].strip() not in PYTHON_CELL_MAGICS:
        return None
    conversion = converted(body)
    after = conversion.after if conversion is not None else _around_magics(body)
    if after is None:
        return None
    return f"{head}\n{after}" if head else after


def _around_magics(body: str) -> str | None:
    """Convert what stands around the lines that only IPython understands."""
    lines = body.split("\n")
    magics = {number: line for number, line in enumerate(lines) if MAGIC_LINE.match(line)}
    for number, line in magics.items():
        lines[number] = line[: len(line) - len(line.lstrip())] + _KEPT.format(number)
    conversion = converted("\n".join(lines)) if magics else None
    if conversion is None:
        return None
    after = conversion.after.split("\n")
    for number, line in magics.items():
        places = [place for place, each in enumerate(after) if each.strip() == _KEPT.format(number)]
        if len(places) != 1:
            return None
        after[places[0]] = line
    return "\n".join(after)

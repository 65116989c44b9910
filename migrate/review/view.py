"""Files as lines to show: Python as it is, notebooks as their code cells."""

from __future__ import annotations

import re
from dataclasses import dataclass

from codemods.engine.notebook_json import read_cells
from codemods.errors import CodemodError
from migrate.review.files import ReviewFile

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class View:
    """The lines of a file, each with its line end, and the label of each: `12`, or `3:12` in cell 3 of a notebook."""

    lines: tuple[str, ...]
    labels: tuple[str, ...]


def view_of(file: ReviewFile, data: bytes) -> View:
    """Return the view of a content of the file: its own before the review, or one with changes made."""
    text = data.decode("utf-8-sig" if file.encoding == "utf-8" else file.encoding, "backslashreplace")
    if file.path.endswith(".ipynb"):
        try:
            return _cells(text)
        except CodemodError:  # shown as the JSON it is
            pass
    lines = tuple(_LINE.findall(text))
    return View(lines, tuple(str(number + 1) for number in range(len(lines))))


def _cells(raw: str) -> View:
    lines: list[str] = []
    labels: list[str] = []
    for cell in read_cells(raw):
        text = cell.text if cell.text.endswith("\n") else f"{cell.text}\n"
        for number, line in enumerate(_LINE.findall(text), 1):
            lines.append(line)
            labels.append(f"{cell.number}:{number}")
    return View(tuple(lines), tuple(labels))

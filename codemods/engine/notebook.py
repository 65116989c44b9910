"""Jupyter notebooks as Python: the code cells strung together, `%%writefile` cells as modules of their own."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

from codemods.engine.notebook_json import Cell

WRITEFILE = re.compile(
    r"%%(?:write)?file\s+(?:(-a|--append)\s+)?(?:[\"']?(?P<plain>[^\s\"'{}$]+)[\"']?|(?P<computed>.*[{$].*))\s*$"
)
PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun", "python3", "python"})
_IMPORT_LINE = re.compile(r"(import|from)\s+\w")
_MAX_TRIES = 100  # lines that are masked one by one: each time the cell is parsed anew
MAGIC_LINE = re.compile(r"^(\s*)([%!?].*|[\w.]+\?{1,2}\s*|[\w.,][\w., ]*=\s*[%!].*)$")


@dataclass(frozen=True, slots=True)
class CellSpan:
    """Which characters of a module's text are the text of a cell (`skipped` characters of the cell come before it)."""

    cell: Cell
    start: int
    end: int
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class NotebookModule:
    """One Python module inside a notebook, with the file name it is written to (None for the notebook itself).

    `text` is what Python runs; in `masked` the lines that only IPython understands are replaced, length kept.
    """

    name: str | None
    text: str
    masked: str
    spans: tuple[CellSpan, ...]
    unread: frozenset[int] = frozenset()
    """The cells that are no Python 3: only their imports are seen."""

    def cell_at(self, offset: int) -> CellSpan | None:
        """Return the cell an offset lies in."""
        for span in self.spans:
            if span.start <= offset <= span.end:
                return span
        return None


def modules_of(cells: tuple[Cell, ...]) -> tuple[NotebookModule, ...]:
    """Return the notebook's own module and one for every file that its cells write."""
    own: list[tuple[Cell, int]] = []
    written: dict[str, list[tuple[Cell, int]]] = {}
    for cell in cells:
        first = cell.text.split("\n", 1)[0]
        match = WRITEFILE.match(first.strip())
        if match is None:
            own.append((cell, 0))
        elif match["computed"] or match["plain"].endswith(".py"):
            appended = match.group(1) is not None
            pieces = written.setdefault(match["plain"] or match["computed"], [])
            if not appended:
                pieces.clear()  # written anew: what the earlier cells wrote is gone
            pieces.append((cell, min(len(first) + 1, len(cell.text))))
    modules = [_joined(None, own)] if own else []
    files = [_joined(name, pieces) for name, pieces in written.items() if pieces]
    return tuple(modules + [file for file in files if _is_python(file)])


def _is_python(file: NotebookModule) -> bool:
    """Whether a file is Python by its name; where a variable names it (`%%writefile {path}`), by its text."""
    name = (file.name or "").rstrip("\"' ")
    return name.endswith(".py") or _error_line(file.text) is None


def _joined(name: str | None, pieces: list[tuple[Cell, int]]) -> NotebookModule:
    texts: list[str] = []
    masked: list[str] = []
    spans: list[CellSpan] = []
    unread: set[int] = set()
    position = 0
    for cell, skipped in pieces:
        body = cell.text[skipped:]
        spans.append(CellSpan(cell, position, position + len(body), skipped))
        seen = body if name is not None else masked_cell(body)
        if seen != body and seen == _imports_alone(body):
            unread.add(cell.number)
        masked.append(seen)
        texts.append(body)
        position += len(body) + 1  # a newline between cells always: no two share an offset
    return NotebookModule(name, "\n".join(texts), "\n".join(masked), tuple(spans), frozenset(unread))


def masked_cell(text: str) -> str:
    """Return the cell as Python of the same length: lines for IPython become `0`, foreign cells become comments.

    Of a cell that is no Python 3 (one `print x` is enough) the imports stay: the other cells use their names.
    """
    first = text.lstrip().split("\n", 1)[0]
    if first.startswith("%%") and first[2:].split(" ")[0].strip() not in PYTHON_CELL_MAGICS:
        return "\n".join(map(_as_comment, text.split("\n")))
    lines = text.split("\n")
    for _ in range(_MAX_TRIES):
        line = _error_line("\n".join(lines))
        if line is None:
            return "\n".join(lines)
        if not 0 <= line < len(lines) or not _mask_line(lines, line):
            break
    lines = text.split("\n")
    for number in range(len(lines)):
        _mask_line(lines, number)
    result = "\n".join(lines)
    return result if _error_line(result) is None else _imports_alone(text)


def _error_line(text: str) -> int | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return (error.lineno or 1) - 1
    except (ValueError, RecursionError, MemoryError):
        return 0
    return None


def _mask_line(lines: list[str], number: int) -> bool:
    """Mask the line (and those a backslash continues it on) where it is IPython's; tell whether it was."""
    match = MAGIC_LINE.match(lines[number])
    if match is None:
        return False
    while True:
        line = lines[number]
        continued = line.rstrip().endswith("\\")
        indent = match.group(1) if match is not None else ""
        head = "0" if match is not None else ""
        lines[number] = (indent + head).ljust(len(line))[: len(line)]
        match = None
        number += 1
        if not continued or number >= len(lines):
            return True


def _imports_alone(text: str) -> str:
    has_long_strings = '"""' in text or "'''" in text
    return "\n".join(
        line if _IMPORT_LINE.match(line) and not has_long_strings and _error_line(line) is None else _as_comment(line)
        for line in text.split("\n")
    )


def _as_comment(line: str) -> str:
    return "#" + " " * (len(line) - 1) if line else ""

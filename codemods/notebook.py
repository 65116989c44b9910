"""Jupyter notebooks as Python: the code cells strung together, `%%writefile` cells as modules of their own.

The JSON around a changed cell's source stays byte for byte, and so do the lines of the cell that no edit touches.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]

from codemods.errors import UnparsableSourceError

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER_OR_WORD = re.compile(r"[-+.\w]+")
_WRITEFILE = re.compile(r"%%(?:write)?file\s+(?:(-a|--append)\s+)?[\"']?([^\s\"']+)[\"']?\s*$")
_PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun", "python3", "python"})
_IMPORT_LINE = re.compile(r"(import|from)\s+\w")
_MAGIC_LINE = re.compile(r"^(\s*)([%!?].*|[\w.]+\?{1,2}\s*|[\w., ]+=\s*[%!].*)$")


@dataclass(frozen=True, slots=True)
class Literal:
    """One string literal in the notebook's JSON: its span and its value."""

    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell: its number among all cells (from 0), the literals of its source, and their joined text."""

    number: int
    literals: tuple[Literal, ...]
    is_list: bool

    @property
    def text(self) -> str:
        return "".join(literal.value for literal in self.literals)


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

    def cell_at(self, offset: int) -> CellSpan | None:
        """Return the cell an offset lies in."""
        for span in self.spans:
            if span.start <= offset <= span.end:
                return span
        return None


def read_cells(raw: str) -> tuple[Cell, ...]:
    """Return the code cells of a notebook of format 2 to 4.

    Raises:
        UnparsableSourceError: It is no JSON, or no notebook.
    """
    try:
        cells = list(_Scanner(raw).code_cells())
    except (ValueError, IndexError, RecursionError) as error:
        raise UnparsableSourceError(f"no notebook that can be read ({error})", 1) from None
    return tuple(cells)


class _Scanner:
    """Walks the JSON text and keeps the positions of the source strings."""

    def __init__(self, raw: str) -> None:
        self._raw = raw
        self._count = 0

    def code_cells(self) -> Iterator[Cell]:
        start = 1 if self._raw.startswith("\ufeff") else 0
        for key, position in self._members(start):
            if key == "cells":
                yield from self._cells(position)
            elif key == "worksheets":
                for sheet in self._items(position):
                    for inner, place in self._members(sheet):
                        if inner == "cells":
                            yield from self._cells(place)

    def _cells(self, position: int) -> Iterator[Cell]:
        for place in self._items(position):
            kind, source = None, None
            for key, value in self._members(place):
                if key == "cell_type":
                    kind = self._string(value).value
                elif key in ("source", "input"):
                    source = value
            if kind == "code" and source is not None:
                is_list = self._raw[source] == "["
                places = list(self._items(source)) if is_list else [source]
                yield Cell(self._count, tuple(self._string(item) for item in places), is_list)
            self._count += 1

    def _space(self, position: int) -> int:
        return _SPACE.match(self._raw, position).end()  # type: ignore[union-attr]

    def _string(self, position: int) -> Literal:
        if self._raw[position] != '"':
            raise ValueError(f"a string expected at character {position}")
        value, end = scanstring(self._raw, position + 1, False)
        return Literal(position, end, value)

    def _members(self, position: int) -> Iterator[tuple[str, int]]:
        position = self._space(position)
        if self._raw[position] != "{":
            raise ValueError(f"an object expected at character {position}")
        position = self._space(position + 1)
        while self._raw[position] != "}":
            key = self._string(position)
            position = self._space(self._expect(self._space(key.end), ":"))
            yield key.value, position
            position = self._space(self._skip(position))
            if self._raw[position] == ",":
                position = self._space(position + 1)

    def _items(self, position: int) -> Iterator[int]:
        position = self._expect(position, "[")
        position = self._space(position)
        while self._raw[position] != "]":
            yield position
            position = self._space(self._skip(position))
            if self._raw[position] == ",":
                position = self._space(position + 1)

    def _expect(self, position: int, character: str) -> int:
        if self._raw[position] != character:
            raise ValueError(f"{character!r} expected at character {position}")
        return position + 1

    def _skip(self, position: int) -> int:
        """Return the position after the value at `position`."""
        opening = self._raw[position]
        if opening == '"':
            return self._string(position).end
        if opening not in "{[":
            match = _NUMBER_OR_WORD.match(self._raw, position)
            if match is None:
                raise ValueError(f"a value expected at character {position}")
            return match.end()
        depth = 0
        while True:
            match = _STRUCTURE.search(self._raw, position)
            if match is None:
                raise ValueError("it ends in the middle")
            position = match.end()
            character = match.group()
            if character == '"':
                position = scanstring(self._raw, position, False)[1]
            elif character in "{[":
                depth += 1
            else:
                depth -= 1
                if depth == 0:
                    return position


_STRUCTURE = re.compile(r'["{}\[\]]')


def modules_of(cells: tuple[Cell, ...]) -> tuple[NotebookModule, ...]:
    """Return the notebook's own module and one for every file that its cells write."""
    own: list[tuple[Cell, int]] = []
    written: dict[str, list[tuple[Cell, int]]] = {}
    for cell in cells:
        first = cell.text.split("\n", 1)[0]
        match = _WRITEFILE.match(first.strip())
        if match is None:
            own.append((cell, 0))
        elif match.group(2).endswith(".py"):
            appended = match.group(1) is not None
            pieces = written.setdefault(match.group(2), [])
            if not appended:
                pieces.clear()  # written anew: what the earlier cells wrote is gone
            pieces.append((cell, min(len(first) + 1, len(cell.text))))
    modules = [_joined(None, own)] if own else []
    return tuple(modules + [_joined(name, pieces) for name, pieces in written.items() if pieces])


def _joined(name: str | None, pieces: list[tuple[Cell, int]]) -> NotebookModule:
    text, masked = "", ""
    spans: list[CellSpan] = []
    for cell, skipped in pieces:
        body = cell.text[skipped:]
        if spans:  # always, even after a newline: no two cells share an offset
            text, masked = text + "\n", masked + "\n"
        spans.append(CellSpan(cell, len(text), len(text) + len(body), skipped))
        masked += body if name is not None else masked_cell(body)
        text += body
    return NotebookModule(name, text, masked, tuple(spans))


def masked_cell(text: str) -> str:
    """Return the cell as Python of the same length: lines for IPython become `0`, foreign cells become comments.

    Of a cell that is no Python 3 (one `print x` is enough) the imports stay: the other cells use their names.
    """
    first = text.lstrip().split("\n", 1)[0]
    if first.startswith("%%") and first[2:].split(" ")[0].strip() not in _PYTHON_CELL_MAGICS:
        return "\n".join(map(_as_comment, text.split("\n")))
    lines = text.split("\n")
    for _ in range(len(lines) + 1):
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
    match = _MAGIC_LINE.match(lines[number])
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


def render(raw: str, changed: dict[int, tuple[Cell, str]]) -> str:
    """Return the notebook with the sources of the changed cells (by number) replaced."""
    pieces: list[str] = []
    position = 0
    for cell, text in sorted(changed.values(), key=lambda item: item[0].literals[0].start):
        start, end = cell.literals[0].start, cell.literals[-1].end
        pieces += [raw[position:start], _source_json(raw, cell, text)]
        position = end
    pieces.append(raw[position:])
    return "".join(pieces)


def _source_json(raw: str, cell: Cell, text: str) -> str:
    as_written = {literal.value: raw[literal.start : literal.end] for literal in cell.literals}
    ascii_only = raw.isascii()
    if not cell.is_list:
        return json.dumps(text, ensure_ascii=ascii_only)
    between = _separator(raw, cell)
    lines = text.splitlines(keepends=True) or [""]
    return between.join(as_written.get(line) or json.dumps(line, ensure_ascii=ascii_only) for line in lines)


def _separator(raw: str, cell: Cell) -> str:
    if len(cell.literals) > 1:
        return raw[cell.literals[0].end : cell.literals[1].start]
    opening = raw.rindex("[", 0, cell.literals[0].start)
    return "," + raw[opening + 1 : cell.literals[0].start]

"""The JSON of a Jupyter notebook: where the source of its code cells stands, and how changed source goes back there.

The JSON around a changed cell's source stays byte for byte, and so do the lines of the cell that no edit touches.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]

from codemods.errors import UnparsableSourceError

_SPACE = re.compile(r"[ \t\n\r]*")
_VALUE = json.JSONDecoder(strict=False)


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


def read_cells(raw: str) -> tuple[Cell, ...]:
    """Return the code cells of a notebook of format 2 to 4.

    Raises:
        UnparsableSourceError: It is no JSON, or no notebook.
    """
    _check_json(raw)
    try:
        return tuple(_Scanner(raw).code_cells())
    except ValueError as error:
        raise UnparsableSourceError(f"no notebook that can be read ({error})", 1) from None


def _check_json(raw: str) -> None:
    """Do nothing where the text is JSON: what no reader takes is not written anew either."""
    try:
        json.loads(raw, strict=False)
    except json.JSONDecodeError as error:
        raise UnparsableSourceError(
            f"no notebook that can be read: no valid JSON ({error.msg})", error.lineno
        ) from None
    except RecursionError:
        raise UnparsableSourceError("no notebook that can be read: its JSON is nested too deeply", 1) from None
    except ValueError as error:  # a number of too many digits
        raise UnparsableSourceError(f"no notebook that can be read ({error})", 1) from None


class _Scanner:
    """Walks the JSON text and keeps the positions of the source strings."""

    def __init__(self, raw: str) -> None:
        self._raw = raw
        self._count = 0

    def code_cells(self) -> Iterator[Cell]:
        notebook = dict(self._members(0))  # of a key that is there twice the last counts, as for every reader
        if "cells" in notebook:
            yield from self._cells(notebook["cells"])
        elif "worksheets" in notebook:
            for sheet in self._items(notebook["worksheets"]):
                inner = dict(self._members(sheet))
                if "cells" in inner:
                    yield from self._cells(inner["cells"])

    def _cells(self, position: int) -> Iterator[Cell]:
        for place in self._items(position):
            members = dict(self._members(place))
            source = members.get("source", members.get("input"))
            if source is not None and "cell_type" in members and self._text(members["cell_type"]) == "code":
                is_list = self._raw[source] == "["
                places = list(self._items(source)) if is_list else [source]
                if places:
                    yield Cell(self._count, tuple(self._string(item) for item in places), is_list)
            self._count += 1

    def _text(self, position: int) -> str | None:
        return self._string(position).value if self._raw[position] == '"' else None

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
        return _VALUE.raw_decode(self._raw, position)[1]


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

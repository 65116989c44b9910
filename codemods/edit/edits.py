"""Changes of a module's text as values: edits, and the names that new code needs imported."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codemods.errors import ConflictingEditsError


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the characters `[start, end)` of the module's text; `start == end` inserts."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """A name the rewritten code needs: `import module [as asname]`, or `from module import name [as asname]`."""

    module: str
    name: str | None = None
    asname: str | None = None

    @property
    def bound_name(self) -> str:
        """The name it binds in the importing module."""
        return self.asname or self.name or self.module.split(".")[0]

    @property
    def statement(self) -> str:
        """The import as source code, without a newline."""
        alias = f" as {self.asname}" if self.asname else ""
        return f"import {self.module}{alias}" if self.name is None else f"from {self.module} import {self.name}{alias}"


def merged(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Return the edits in order, shared ones once; insertions at one place stay in the order in which they are given.

    Raises:
        ConflictingEditsError: Two of them overlap.
    """
    ordered = sorted(dict.fromkeys(edits), key=lambda edit: (edit.start, edit.end))
    for first, second in itertools.pairwise(ordered):
        if second.start < first.end:
            raise ConflictingEditsError(f"edits overlap at characters {second.start} to {first.end}")
    return tuple(ordered)


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with all edits made."""
    pieces: list[str] = []
    position = 0
    for edit in merged(edits):
        pieces += [text[position : edit.start], edit.text]
        position = edit.end
    pieces.append(text[position:])
    return "".join(pieces)


def added_lines(text: str, edits: Sequence[Edit]) -> int:
    """Return how many lines of code edits add to a text.

    Blank lines, lines of brackets alone, and lines that only move are none.
    """
    return (_lines_of_code(apply_edits(text, edits)) - _lines_of_code(text)).total()


def _lines_of_code(text: str) -> Counter[str]:
    return Counter(line for line in map(str.strip, text.splitlines()) if any(map(str.isalnum, line)))


def shifted(offset: int, edits: Sequence[Edit]) -> int:
    """Return where an offset that no edit touches lies after the edits."""
    return offset + sum(len(edit.text) - (edit.end - edit.start) for edit in edits if edit.end <= offset)

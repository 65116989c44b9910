"""Applies sites to a module's text: their edits, then the imports they need and those they leave unused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from codemods.edit.edits import Edit, apply_edits, merged, shifted
from codemods.edit.imports import added_imports, dropped_imports
from codemods.site import Site
from codemods.source.module import Module
from codemods.source.parsing import parse

Span = tuple[int, int]
Steps = tuple[tuple[Edit, ...], ...]
"""Batches of edits, each of which counts in the text that the one before left."""


def rewriting_steps(
    text: str, sites: Iterable[Site], path: str = "<string>", cells: Sequence[Span] = ()
) -> Iterable[tuple[Edit, ...]]:
    """Yield the batches of edits that apply the sites; each counts in the text that the one before left.

    Of a notebook the `cells` say where each begins and ends: no edit joins two.

    Raises:
        UnparsableSourceError: The result would not parse: a defect of a rule, never written.
    """
    accepted = [site for site in sites if site.changes or site.todo is not None]
    if not accepted:
        return
    todos = [site.todo for site in accepted if site.todo is not None]
    edits = within_cells(text, merged([*todos, *(edit for site in accepted for edit in site.edits)]), cells)
    yield edits
    cells = moved_cells(cells, edits)
    changed = Module(apply_edits(text, edits), path)
    wanted = [needed for site in accepted for needed in site.imports]
    freed = frozenset[str]().union(*(site.freed for site in accepted))
    imports = merged(_in_place_of_removed(added_imports(changed, wanted), dropped_imports(changed, freed, wanted)))
    if imports:
        imports = within_cells(changed.text, imports, cells)
        yield imports
        parse(apply_edits(changed.text, imports))


def moved_cells(cells: Iterable[Span], edits: Sequence[Edit]) -> tuple[Span, ...]:
    """Return where cells begin and end after edits that are all within one; what is put at a cell's start is in it."""
    return tuple((_shifted_start(start, edits), shifted(end, edits)) for start, end in cells)


def _shifted_start(offset: int, edits: Sequence[Edit]) -> int:
    before = [edit for edit in edits if edit.end <= offset and not edit.start == edit.end == offset]
    return offset + sum(len(edit.text) - (edit.end - edit.start) for edit in before)


def within_cells(text: str, edits: Sequence[Edit], cells: Sequence[Span]) -> tuple[Edit, ...]:
    """Return the edits, those that take away what parts two cells cut at it.

    Where that takes the last lines of a cell, the line break before them goes instead of the one behind.
    """
    kept: list[Edit] = []
    for edit in edits:
        inside = [(max(start, edit.start), min(end, edit.end), start) for start, end in cells if start < edit.end]
        pieces = [(first, last, start) for first, last, start in inside if first < last]
        if cells and not any(start <= edit.start and edit.end <= end for start, end in cells):
            rest = edit.text
            for first, last, start in pieces:
                is_free = not kept or kept[-1].end < first - 1
                if last < edit.end and not rest and is_free and first > start and text[first - 1] == "\n":
                    first -= 2 if text[max(start, first - 2) : first] == "\r\n" else 1
                kept.append(Edit(first, last, rest))
                rest = ""
        else:
            kept.append(edit)
    return tuple(kept)


def _in_place_of_removed(added: Sequence[Edit], dropped: Sequence[Edit]) -> Iterator[Edit]:
    """Yield the edits; what is added at the end of a line that is dropped takes the line's place."""
    rest = list(dropped)
    for insertion in added:
        line = next((edit for edit in rest if edit.start < insertion.start < edit.end), None)
        if line is None:
            yield insertion
            continue
        rest.remove(line)
        text = insertion.text.lstrip("\r\n")
        newline = insertion.text[: len(insertion.text) - len(text)]
        yield Edit(line.start, line.end, text + newline)
    yield from rest


def rewrite(text: str, sites: Iterable[Site], path: str = "<string>") -> str:
    """Return the text with the sites applied; without a changing site, the very same text."""
    for edits in rewriting_steps(text, sites, path):
        text = apply_edits(text, edits)
    return text

"""New code that a person writes in place of the proposed: as a text to edit, and back as edits of the file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from codemods.edit.edits import Edit, apply_edits, merged
from codemods.errors import CodemodError
from codemods.site import Site
from migrate.errors import Tf1to2Error
from migrate.review.agenda import Item
from migrate.review.session import Review

_MARK = "#tf1to2#"
_AROUND = 3
_WORD = re.compile(r"\w+|\s|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Region:
    """Whole lines `[start, end)` of the text around a site's edits: as they are, and as proposed.

    `line` counts from 1, in a notebook within the cell.
    """

    start: int
    end: int
    line: int
    old: str
    new: str


def regions_of(item: Item) -> tuple[Region, ...]:
    """Return the regions that a change touches, in order; imports are made by themselves and are in none."""
    text = item.file.text(item.site.part)
    found = []
    for edits in _clusters(item, text):
        first, last = _bounds(item, text, edits[0].start)
        start = max(first, _lines_up(text, edits[0].start, _AROUND))
        end = min(last, _lines_down(text, edits[-1].end, _AROUND))
        inner = [Edit(edit.start - start, edit.end - start, edit.text) for edit in edits]
        old = text[start:end]
        found.append(Region(start, end, text.count("\n", first, start) + 1, old, apply_edits(old, inner)))
    return tuple(found)


def text_to_edit(item: Item) -> str:
    """Return what the editor shows: the proposed code of each region below a line that says where it goes."""
    pieces = [
        f"{_MARK} {item.file.path}: edit the new code below; lines that begin with {_MARK} are not part of it.\n",
        f"{_MARK} Imports it needs are added by themselves; other changes are not shown here, and stay.\n",
    ]
    for region in regions_of(item):
        code = region.new.replace("\r\n", "\n")
        pieces += [f"{_MARK} from line {region.line}\n", code if code.endswith("\n") or not code else f"{code}\n"]
    return "".join(pieces)


def edits_from(review: Review, item: Item, edited: str) -> tuple[Edit, ...]:
    """Return the edits that make the code what the person wrote.

    Raises:
        Tf1to2Error: A mark is missing, nothing is left of the change, or another change is in the same place.
    """
    regions = regions_of(item)
    pieces = _pieces(edited)
    if len(pieces) != len(regions):
        raise Tf1to2Error(f"The lines that begin with {_MARK} must stay; the change was not accepted.")
    file_newline = "\r\n" if "\r\n" in item.file.text(item.site.part) else "\n"
    edits: list[Edit] = []
    for region, piece in zip(regions, pieces, strict=True):
        edits.extend(_differences(region, _as_in_file(region, piece, file_newline)))
    if not edits:
        raise Tf1to2Error("That is the code as it was: `n` rejects the change.")
    _refuse_clashes(review, item, edits)
    return tuple(edits)


def _as_in_file(region: Region, piece: str, file_newline: str) -> str:
    """Return the edited code with the line ends of its region, and at its end one only where the region has one."""
    code = piece.replace("\r\n", "\n")
    if region.new.endswith("\n"):
        code = code if code.endswith("\n") or not code else f"{code}\n"
    else:
        code = code.removesuffix("\n")
    around = region.old + region.new
    if "\r\n" in around and re.search(r"(?<!\r)\n", around):
        raise Tf1to2Error("These lines end in two ways (CRLF and LF): an edit here would change some; `y` or `n` only.")
    newline = file_newline if "\n" not in around else "\r\n" if "\r\n" in around else "\n"
    return code.replace("\n", newline)


def _edits(site: Site) -> tuple[Edit, ...]:
    return merged(site.edits if site.todo is None else (*site.edits, site.todo))


def _clusters(item: Item, text: str) -> Iterator[list[Edit]]:
    """Yield the edits that stand near each other; an edit of one cell of a notebook must not reach into another."""
    cluster: list[Edit] = []
    for edit in _edits(item.site):
        if cluster:
            is_far = text.count("\n", cluster[-1].end, edit.start) > 2 * _AROUND
            if is_far or _bounds(item, text, edit.start) != _bounds(item, text, cluster[-1].start):
                yield cluster
                cluster = []
        cluster.append(edit)
    if cluster:
        yield cluster


def _bounds(item: Item, text: str, offset: int) -> tuple[int, int]:
    """Return where the text begins and ends in which an edit at an offset must stay: the cell, else the file."""
    document = item.file.document
    notebook = document.parts[item.site.part].notebook if document is not None else None
    span = notebook.cell_at(offset) if notebook is not None else None
    return (span.start, span.end) if span is not None else (0, len(text))


def _lines_up(text: str, offset: int, count: int) -> int:
    """Return the start of the line `count` lines above the offset's."""
    start = text.rfind("\n", 0, offset) + 1
    for _ in range(count):
        start = text.rfind("\n", 0, max(start - 1, 0)) + 1
    return start


def _lines_down(text: str, offset: int, count: int) -> int:
    """Return the end, after its line end, of the line `count` lines below the offset's."""
    end = offset
    for _ in range(count + 1):
        following = text.find("\n", end)
        if following < 0:
            return len(text)
        end = following + 1
    return end


def _pieces(edited: str) -> list[str]:
    pieces: list[list[str]] = []
    for line in edited.splitlines(keepends=True):
        if line.startswith(f"{_MARK} from line"):
            pieces.append([])
        elif not line.startswith(_MARK) and pieces:
            pieces[-1].append(line)
    return ["".join(lines) for lines in pieces]


def _differences(region: Region, code: str) -> Iterator[Edit]:
    """Yield the edits from the region's code to the new, small as words: other changes still find their place."""
    before, after = _WORD.findall(region.old), _WORD.findall(code)
    position = region.start
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        length = sum(map(len, before[old_start:old_end]))
        if kind != "equal":
            yield Edit(position, position + length, "".join(after[new_start:new_end]))
        position += length


def _refuse_clashes(review: Review, item: Item, edits: list[Edit]) -> None:
    for other in review.agenda.of_file(item.file.path):
        decision = review.decisions.get(other.key)
        if other.key == item.key or other.site.part != item.site.part:
            continue
        if decision is not None and not decision.is_accepted:
            continue
        theirs = decision.edits if decision is not None and decision.edits is not None else _edits(other.site)
        points = {edit.start for edit in theirs if edit.start == edit.end}
        try:
            merged([*edits, *theirs])
            shared = next((edit for edit in edits if edit.start == edit.end and edit.start in points), None)
        except CodemodError:
            shared = edits[0]
        if shared is not None:
            raise Tf1to2Error(
                f"{other.site.rule} at line {other.site.line} changes the same words: accept both as they are and edit "
                "the file afterwards, or reject one of them first."
            )

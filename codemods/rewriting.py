"""Applies sites to a module's text: their edits, then the imports they need and those they leave unused."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from codemods.errors import ConflictingEditsError
from codemods.imports import added_imports, dropped_imports
from codemods.module import Module
from codemods.parsing import parse
from codemods.site import Edit, Site


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


def shifted(offset: int, edits: Sequence[Edit]) -> int:
    """Return where an offset that no edit touches lies after the edits."""
    return offset + sum(len(edit.text) - (edit.end - edit.start) for edit in edits if edit.end <= offset)


def rewriting_steps(text: str, sites: Iterable[Site], path: str = "<string>") -> Iterable[tuple[Edit, ...]]:
    """Yield the batches of edits that apply the sites; each counts in the text that the one before left.

    Raises:
        UnparsableSourceError: The result would not parse: a defect of a rule, never written.
    """
    accepted = [site for site in sites if site.changes or site.todo is not None]
    if not accepted:
        return
    todos = [site.todo for site in accepted if site.todo is not None]
    edits = merged([*todos, *(edit for site in accepted for edit in site.edits)])
    yield edits
    changed = Module(apply_edits(text, edits), path)
    wanted = [needed for site in accepted for needed in site.imports]
    freed = frozenset[str]().union(*(site.freed for site in accepted))
    imports = merged(_in_place_of_removed(added_imports(changed, wanted), dropped_imports(changed, freed, wanted)))
    if imports:
        yield imports
        parse(apply_edits(changed.text, imports))


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

"""The files under review: what each becomes when a subset of its changes is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from codemods.edit.edits import apply_edits
from codemods.engine.decoded_file import Document, open_document
from codemods.engine.file_plans import open_file
from codemods.requirements.files import is_requirement_file
from codemods.site import Site
from codemods.source.mode import Mode
from codemods.source.python2 import PYTHON2
from migrate.codemod.result import FileResult, RunResult


@dataclass(frozen=True, slots=True, eq=False)
class ReviewFile:
    """One file with changes to decide on. `document` is None for a requirement file, which is text and no Python."""

    path: str
    mode: Mode
    old: bytes
    sites: tuple[Site, ...]
    document: Document | None
    _applied: dict[frozenset[Site], bytes] = field(default_factory=dict, repr=False)

    @property
    def encoding(self) -> str:
        """How the file's text is encoded."""
        return self.document.encoding if self.document is not None else "utf-8"

    def text(self, part: int) -> str:
        """Return the text in which the offsets of the sites of a part count."""
        return self.document.parts[part].text if self.document is not None else self.old.decode()

    def apply(self, sites: frozenset[Site]) -> bytes:
        """Return the file's bytes with exactly these sites applied.

        Raises:
            CodemodError: The result would not be Python, or two edits overlap.
        """
        known = self._applied.get(sites)
        if known is None:
            known = self._applied[sites] = self._apply(sites)
        return known

    def _apply(self, sites: frozenset[Site]) -> bytes:
        ordered = sorted(sites, key=lambda site: (site.part, site.anchor, site.rule))
        if not ordered:
            return self.old
        if self.document is not None:
            return self.document.apply(ordered)
        return apply_edits(self.old.decode(), (edit for site in ordered for edit in site.edits)).encode()


def is_reviewable(site: Site) -> bool:
    """Whether there is something to decide: the site changes code, or its TODO comment was asked for."""
    return site.changes or site.todo is not None


def review_files(result: RunResult) -> tuple[ReviewFile, ...]:
    """Return the changed files of a run in the order of review: requirement files after the code that needs them."""
    changed = sorted(result.changed, key=lambda item: (_is_requirements(item), item.path))
    return tuple(_review_file(item) for item in changed if any(is_reviewable(site) for site in item.sites))


def _review_file(item: FileResult) -> ReviewFile:
    sites = tuple(site for site in item.sites if is_reviewable(site))
    document = None if _is_requirements(item) else _document(item)
    return ReviewFile(item.path, item.mode, item.old, sites, document)


def _document(item: FileResult) -> Document:
    """Return the document in which the sites were planned: of Python 2 that of its Python 3."""
    is_python2 = any(site.symbol == PYTHON2 for site in item.sites)
    if not is_python2:
        return open_document(item.path, item.old)
    opened = open_file(item.path, item.old)
    return (opened.python3 or opened).document


def _is_requirements(item: FileResult) -> bool:
    return is_requirement_file(item.path.rsplit("/", 1)[-1])

"""A file as the codemods work on it: its bytes, its Python modules (several in a notebook), and its new bytes."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from codemods.edit.edits import apply_edits
from codemods.engine.notebook import NotebookModule, modules_of
from codemods.engine.notebook_json import Cell, read_cells, render
from codemods.engine.notebook_python2 import converted_notebook
from codemods.engine.rewriting import Steps, moved_cells, rewriting_steps
from codemods.errors import UnparsableSourceError
from codemods.site import Site
from codemods.source.python2 import Conversion, converted

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_TWO_LINES = re.compile(rb"[^\r\n]*(?:\r\n?|\n)?[^\r\n]*(?:\r\n?|\n)?")
_PLAIN = frozenset({"utf-8", "ascii", "iso-8859-1"})
"""Encodings of which every decoded text goes back to the same bytes."""


@dataclass(frozen=True, slots=True)
class Part:
    """One Python module of a document. Offsets in `text` are those of the sites; `masked` is what is parsed."""

    text: str
    masked: str
    notebook: NotebookModule | None = None

    def cell(self, offset: int) -> tuple[int, int] | None:
        """Return the number of the cell at an offset and the line (from 1) at which its text begins."""
        span = self.notebook.cell_at(offset) if self.notebook is not None else None
        if span is None:
            return None
        skipped_lines = span.cell.text.count("\n", 0, span.skipped)
        return span.cell.number, self.text.count("\n", 0, span.start) + 1 - skipped_lines


@dataclass(frozen=True, slots=True)
class Document:
    """A decoded file. Of one that is Python 2 `raw` is the Python 3 that `conversion` made of it."""

    path: str
    encoding: str
    bom: bool
    raw: str
    parts: tuple[Part, ...]
    conversion: Conversion | None = None

    def apply(self, sites: Iterable[Site], steps: Sequence[Steps | None] = ()) -> bytes:
        """Return the file's bytes with the sites applied.

        Args:
            sites: What to apply.
            steps: How that is done, part by part, where it is known.

        Raises:
            UnparsableSourceError: The result would be no Python, or cannot be written in the file's encoding.
        """
        accepted = list(sites)
        known = {number: each for number, each in enumerate(steps) if each is not None}
        text = self.raw
        if self.conversion is not None and not any(site.changes for site in accepted):
            text = self.conversion.before
        elif self.parts and self.parts[0].notebook is not None:
            text = self._apply_to_cells(accepted, known)
        else:
            for edits in known[0] if 0 in known else rewriting_steps(self.raw, accepted, self.path):
                text = apply_edits(text, edits)
        return self.encoded(text)

    def as_python3(self, line: int = 1) -> tuple[Document, frozenset[int]] | None:
        """Return the document converted from Python 2, None where it is not that; `line` is one that is no Python 3.

        Of a notebook with the cells that are converted.
        """
        if not self.path.endswith(".ipynb"):
            conversion = converted(self.raw, line)
            if conversion is None:
                return None
            return replace(
                self, raw=conversion.after, parts=(_part(conversion.after),), conversion=conversion
            ), frozenset()
        notebooks = [part.notebook for part in self.parts if part.notebook is not None]
        cells = {
            span.cell.number: span.cell
            for each in notebooks
            for span in each.spans
            if each.name is not None or span.cell.number in each.unread
        }
        found = converted_notebook(self.raw, cells.values())
        if found is None:
            return None
        conversion, numbers = found
        return replace(self, raw=conversion.after, parts=_parts(conversion.after), conversion=conversion), numbers

    def encoded(self, text: str) -> bytes:
        """Return the file's bytes with another text.

        Raises:
            UnparsableSourceError: The text cannot be written in the file's encoding.
        """
        try:
            return (_BOM if self.bom else b"") + text.encode(self.encoding)
        except UnicodeEncodeError:
            raise UnparsableSourceError(f"the new code does not fit the file's encoding {self.encoding}", 1) from None

    def _apply_to_cells(self, sites: list[Site], known: Mapping[int, Steps]) -> str:
        changed: dict[int, tuple[Cell, str]] = {}
        for number, part in enumerate(self.parts):
            mine = [site for site in sites if site.part == number]
            if part.notebook is None or not mine:
                continue
            text, cells = part.text, tuple((span.start, span.end) for span in part.notebook.spans)
            steps = known[number] if number in known else rewriting_steps(part.masked, mine, self.path, cells)
            for edits in steps:
                text, cells = apply_edits(text, edits), moved_cells(cells, edits)
            for span, (start, end) in zip(part.notebook.spans, cells, strict=True):
                new = span.cell.text[: span.skipped] + text[start:end]
                if new != span.cell.text:
                    changed[span.cell.number] = (span.cell, new)
        return render(self.raw, changed)


def open_document(path: str, data: bytes) -> Document:
    """Decode a `.py` or `.ipynb` file.

    Raises:
        UnparsableSourceError: It is not text in its declared encoding, or no notebook.
    """
    is_notebook = path.endswith(".ipynb")
    if data.startswith(_UTF16):
        raise UnparsableSourceError("the file is UTF-16, which Python does not read; save it as UTF-8", 1)
    if b"\0" in data:
        raise UnparsableSourceError(
            "the file holds null bytes: it is no text", data.count(b"\n", 0, data.index(b"\0")) + 1
        )
    bom = data.startswith(_BOM)
    body = data[len(_BOM) :] if bom else data
    try:
        encoding = "utf-8" if is_notebook else _encoding(data)
        raw = body.decode(encoding)
    except UnicodeDecodeError as error:
        reason = f"the file is no {error.encoding}: {error.reason} at byte {error.start}"
        raise UnparsableSourceError(reason, body.count(b"\n", 0, error.start) + 1) from None
    except (ValueError, LookupError, SyntaxError) as error:  # ValueError: `undefined`, `idna` and their like
        raise UnparsableSourceError(f"the file cannot be decoded ({error})", 1) from None
    if encoding not in _PLAIN and not _goes_back(raw, encoding, body):
        reason = f"text in the encoding {encoding} does not come back as the same bytes; save the file as UTF-8"
        raise UnparsableSourceError(reason, 1)
    if not is_notebook:
        return Document(path, encoding, bom, raw, (_part(raw),))
    return Document(path, encoding, bom, raw, _parts(raw))


def _part(text: str) -> Part:
    return Part(text, text)


def _parts(raw: str) -> tuple[Part, ...]:
    """Return the modules of a notebook."""
    return tuple(Part(item.text, item.masked, item) for item in modules_of(read_cells(raw)))


def _encoding(data: bytes) -> str:
    """Return the encoding that a file declares in its first two lines, whatever ends them."""
    first = _TWO_LINES.match(data)
    head = re.sub(rb"\r\n?", b"\n", first.group() if first is not None else b"")
    encoding, _ = tokenize.detect_encoding(io.BytesIO(head + b"\n").readline)
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _goes_back(text: str, encoding: str, data: bytes) -> bool:
    try:
        return text.encode(encoding) == data
    except (ValueError, LookupError):
        return False

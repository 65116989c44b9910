"""A file as the codemods work on it: its bytes, its Python modules (several in a notebook), and its new bytes."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass

from codemods.edit.edits import apply_edits
from codemods.engine.notebook import NotebookModule, modules_of
from codemods.engine.notebook_json import Cell, read_cells, render
from codemods.engine.rewriting import moved_cells, rewriting_steps
from codemods.errors import UnparsableSourceError
from codemods.site import Site

_BOM = b"\xef\xbb\xbf"


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
    """A decoded file."""

    path: str
    encoding: str
    bom: bool
    raw: str
    parts: tuple[Part, ...]

    def apply(self, sites: Iterable[Site]) -> bytes:
        """Return the file's bytes with the sites applied.

        Raises:
            UnparsableSourceError: The result would be no Python, or cannot be written in the file's encoding.
        """
        accepted = list(sites)
        text = self.raw
        if self.parts and self.parts[0].notebook is not None:
            text = self._apply_to_cells(accepted)
        else:
            for edits in rewriting_steps(self.raw, accepted, self.path):
                text = apply_edits(text, edits)
        try:
            return (_BOM if self.bom else b"") + text.encode(self.encoding)
        except UnicodeEncodeError:
            raise UnparsableSourceError(f"the new code does not fit the file's encoding {self.encoding}", 1) from None

    def _apply_to_cells(self, sites: list[Site]) -> str:
        changed: dict[int, tuple[Cell, str]] = {}
        for number, part in enumerate(self.parts):
            mine = [site for site in sites if site.part == number]
            if part.notebook is None or not mine:
                continue
            text, cells = part.text, tuple((span.start, span.end) for span in part.notebook.spans)
            for edits in rewriting_steps(part.masked, mine, self.path, cells):
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
    try:
        encoding = "utf-8" if is_notebook else _encoding(data)
        bom = data.startswith(_BOM)
        raw = (data[len(_BOM) :] if bom else data).decode(encoding)
    except (UnicodeDecodeError, LookupError, SyntaxError) as error:
        raise UnparsableSourceError(f"the file cannot be decoded ({error})", 1) from None
    if not is_notebook:
        return Document(path, encoding, bom, raw, (Part(raw, raw),))
    modules = modules_of(read_cells(raw))
    return Document(path, encoding, bom, raw, tuple(Part(item.text, item.masked, item) for item in modules))


def _encoding(data: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(re.sub(rb"\r\n?", b"\n", data[:4096]) + b"\n").readline)
    return "utf-8" if encoding == "utf-8-sig" else encoding

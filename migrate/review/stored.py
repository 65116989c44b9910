"""The decisions file: read by a later review, by CI and by colleagues.

    {"version": 1, "tool": "tf1to2 0.1.0", "undecided": 0, "decisions": [
      {"site": "SM101:3f2a...", "rule": "SM101", "path": "a.py", "line": 12, "decision": "accepted",
       "change": "<hash of the change>", "content": "<hash of the file>", "step": 1, "written": false,
       "edits": [{"at": 0, "old": "...", "new": "..."}]}],
     "files": [{"path": "a.py", "before": "<hash>", "after": "<hash>",
                "replaced": [{"at": 11, "count": 1, "old": "..."}]}]}

`path` is relative to the root of the review, `at` counts characters from the site; `edits` is there for edited code
only. `files` lists the files that were written, with hashes of their content before and after and the lines that the
changes replaced.
"""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.errors import Tf1to2Error
from migrate.files.writer import ChangedFileError, write_over
from migrate.review.decision import Verdict

SCHEMA_VERSION = 1
DEFAULT_NAME = ".tf1to2-review.json"


@dataclass(frozen=True, slots=True)
class StoredEdit:
    """A replacement that a person wrote: `old` at `at` characters after the site's anchor becomes `new`."""

    at: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """One entry of the file. `is_written`: the accepted change was made in the file."""

    site: str
    rule: str
    path: str
    line: int
    verdict: Verdict
    change: str
    content: str
    step: int
    is_written: bool = False
    edits: tuple[StoredEdit, ...] | None = None


@dataclass(frozen=True, slots=True)
class Replaced:
    """`count` lines from line `at` (from 0) of a written file stand where `old` stood."""

    at: int
    count: int
    old: str


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that a review wrote: hashes of its content before and after, and what leads back."""

    path: str
    before: str
    after: str
    replaced: tuple[Replaced, ...]


@dataclass(frozen=True, slots=True)
class StoredReview:
    """The content of a decisions file; `undecided` counts the changes that were left to decide."""

    decisions: tuple[StoredDecision, ...] = ()
    files: tuple[WrittenFile, ...] = ()
    undecided: int = 0


def as_text(review: StoredReview, tool: str) -> str:
    """Return the decisions file, ordered by path and line."""
    ordered = sorted(review.decisions, key=lambda entry: (entry.path, entry.line, entry.site))
    document = {
        "version": SCHEMA_VERSION,
        "tool": tool,
        "undecided": review.undecided,
        "decisions": [_entry(one) for one in ordered],
        "files": [
            {
                "path": file.path,
                "before": file.before,
                "after": file.after,
                "replaced": [{"at": one.at, "count": one.count, "old": one.old} for one in file.replaced],
            }
            for file in sorted(review.files, key=lambda file: file.path)
        ],
    }
    # ASCII: a byte that is no UTF-8 in a replaced line stays what it is, as an escaped surrogate.
    return json.dumps(document, indent=2) + "\n"


def _entry(one: StoredDecision) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "site": one.site,
        "rule": one.rule,
        "path": one.path,
        "line": one.line,
        "decision": one.verdict.value,
        "change": one.change,
        "content": one.content,
        "step": one.step,
        "written": one.is_written,
    }
    if one.edits is not None:
        entry["edits"] = [{"at": edit.at, "old": edit.old, "new": edit.new} for edit in one.edits]
    return entry


def read(path: Path) -> bytes | None:
    """Return the content of a decisions file, None where there is none.

    Raises:
        Tf1to2Error: It cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe or a device might never end
            raise Tf1to2Error(f"{path}: the decisions cannot be read (it is no regular file).")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Tf1to2Error(f"{path}: the decisions cannot be read ({error.strerror or error}).") from error


def parse(path: Path, data: bytes) -> StoredReview:
    """Return the content of a decisions file.

    Raises:
        Tf1to2Error: It is no decisions file, or one of a later version.
    """
    try:
        document = json.loads(data)
        version = document["version"]
        if version != SCHEMA_VERSION:
            raise Tf1to2Error(f"{path}: it has version {version!r}; this tf1to2 reads version {SCHEMA_VERSION}.")
        return StoredReview(
            tuple(_parsed(entry) for entry in document["decisions"]),
            tuple(_parsed_file(entry) for entry in document.get("files", ())),
            _typed(document.get("undecided", 0), int),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"{type(error).__name__}: {error}"
        raise Tf1to2Error(f"{path}: not a decisions file of `tf1to2 review` ({what}).") from error


def _parsed(entry: dict[str, Any]) -> StoredDecision:
    edits = entry.get("edits")
    return StoredDecision(
        site=_typed(entry["site"], str),
        rule=_typed(entry["rule"], str),
        path=_typed(entry["path"], str),
        line=_typed(entry["line"], int),
        verdict=Verdict(entry["decision"]),
        change=_typed(entry["change"], str),
        content=_typed(entry["content"], str),
        step=_typed(entry["step"], int),
        is_written=_typed(entry.get("written", False), bool),
        edits=tuple(StoredEdit(_typed(e["at"], int), _typed(e["old"], str), _typed(e["new"], str)) for e in edits)
        if edits is not None
        else None,
    )


def _parsed_file(entry: dict[str, Any]) -> WrittenFile:
    replaced = tuple(
        Replaced(_typed(one["at"], int), _typed(one["count"], int), _typed(one["old"], str))
        for one in entry["replaced"]
    )
    return WrittenFile(_typed(entry["path"], str), _typed(entry["before"], str), _typed(entry["after"], str), replaced)


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def write(path: Path, text: str, known: bytes | None) -> bytes:
    """Write a decisions file, whole or not at all, over the content known of it; return the new content.

    Raises:
        Tf1to2Error: Someone else wrote to it, or it cannot be written.
    """
    data = text.encode()
    if read(path) == data:
        return data
    try:
        write_over(path, known, data)
    except ChangedFileError as error:
        raise Tf1to2Error(
            f"{path}: another review wrote to it meanwhile; end one of the two, then run again."
        ) from error
    return data

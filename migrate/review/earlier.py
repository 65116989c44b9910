"""Takes up an earlier review that has written files: the run is planned on what they were before.

Changes hang together across files: a helper is rewritten because its program is, a requirement file because code is.
Planned on half of the changes made, the other half would not be found again.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from codemods.requirements.files import is_requirement_file
from migrate.codemod.discover import FileSet
from migrate.files.scratch import scratch_folder
from migrate.review.decision import content_digest
from migrate.review.stored import Replaced, StoredReview, WrittenFile

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier review left on disk.

    `before` and `after` hold the contents of the files that are as it left them; `edited` are the paths of those that
    someone changed since, if it left anything undecided.
    """

    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    edited: tuple[str, ...]


def written_file(path: str, before: bytes, after: bytes) -> WrittenFile:
    """Return the record of a written file from which its content before can be had again."""
    old, new = _lines(before), _lines(after)
    opcodes = difflib.SequenceMatcher(None, new, old, autojunk=False).get_opcodes()
    replaced = tuple(
        Replaced(start, end - start, "".join(old[old_start:old_end]))
        for code, start, end, old_start, old_end in opcodes
        if code != "equal"
    )
    return WrittenFile(path, content_digest(before), content_digest(after), replaced)


def earlier_contents(root: Path, stored: StoredReview) -> Earlier:
    """Return what the files of an earlier review hold and held."""
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = {}
    edited: list[str] = []
    for record in stored.files:
        try:
            data = (root / record.path).read_bytes()
        except (OSError, ValueError):  # gone, or no path at all
            continue
        if content_digest(data) == record.after:
            old = _restored(record, data)
            if content_digest(old) == record.before:
                before[record.path], after[record.path] = old, data
                continue
        if content_digest(data) != record.before:
            edited.append(record.path)
    return Earlier(before, after, tuple(edited) if stored.undecided else ())


@contextmanager
def as_before(files: FileSet, before: Mapping[str, bytes]) -> Iterator[FileSet]:
    """Give a file set with the earlier contents: a temporary folder of links, with copies where contents are given."""
    wanted = {path for path in before if path in files.paths or is_requirement_file(path.rsplit("/", 1)[-1])}
    if not wanted:
        yield files
        return
    with scratch_folder() as root:
        for path in sorted({*files.paths, *_requirement_files(files)}):
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if path in wanted:
                place.write_bytes(before[path])
            else:
                place.symlink_to(files.root / path)
        yield replace(files, root=root)


def _requirement_files(files: FileSet) -> Iterator[str]:
    folders = {folder for path in files.paths for folder in Path(path).parents}
    for folder in folders:
        for entry in (files.root / folder).iterdir():
            if is_requirement_file(entry.name) and entry.is_file():
                yield (folder / entry.name).as_posix()


def _restored(record: WrittenFile, data: bytes) -> bytes:
    lines = _lines(data)
    for hunk in reversed(record.replaced):
        lines[hunk.at : hunk.at + hunk.count] = [hunk.old]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _lines(data: bytes) -> list[str]:
    return _LINE.findall(data.decode("utf-8", "surrogateescape"))

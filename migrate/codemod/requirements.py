"""Requirement files of the rewritten code: the nearest above each rewritten file that lists TensorFlow."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from codemods.edit.edits import apply_edits
from codemods.engine.begun import Begun
from codemods.names.target import SUPPORTED, WITH_ESTIMATORS, Target
from codemods.requirements.files import is_requirement_file
from codemods.rule import Rule
from codemods.source.mode import Mode
from migrate.codemod.result import FileResult, FileStatus

_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Need:
    """What the code of a file needs installed."""

    path: str
    mode: Mode
    packages: frozenset[str]
    keeps_estimators: bool


def needs_of(files: Iterable[FileResult], begun: Iterable[tuple[str, Begun]]) -> Iterator[Need]:
    """Yield what files need that change, and files that an earlier run changed: it may have ended before this."""
    for item in files:
        sites = [site for site in item.sites if site.changes]
        packages = frozenset(package for site in sites for package in site.packages)
        yield Need(item.path, item.mode, packages, any(site.keeps_estimators for site in sites))
    for path, done in begun:
        yield Need(path, done.mode or Mode.EAGER, done.packages, done.keeps_estimators)


def requirement_results(
    root: Path, folders: Iterable[str], needs: Iterable[Need], target: Target, rules: Sequence[Rule]
) -> Iterator[FileResult]:
    """Yield the requirement files that must list what the code beside and below them needs.

    Args:
        root: Root of the run.
        folders: The folders the run was given, relative to the root: nothing outside them is touched.
        needs: What the files need.
        target: The TensorFlow that they are to run on.
        rules: The rules of the run: one of them plans requirement files.
    """
    inside = tuple(folders)
    needed: dict[str, set[str]] = {}
    modes: dict[str, Mode] = {}
    ranges: dict[str, str] = {}
    for need in needs:
        for path in _nearest(root, inside, posixpath.dirname(need.path)) if need.packages else ():
            needed.setdefault(path, set()).update(need.packages)
            modes.setdefault(path, need.mode)
            if target.has_estimators and need.keeps_estimators:
                ranges[path] = WITH_ESTIMATORS
    for path in sorted(needed):
        data = (root / path).read_bytes()
        try:
            text = data.decode()
        except UnicodeDecodeError:
            continue
        wanted, supported = frozenset(needed[path]), ranges.get(path, SUPPORTED)
        sites = tuple(site for rule in rules for site in rule.plan_requirements(path, text, wanted, supported))
        if sites:
            new = apply_edits(text, (edit for site in sites for edit in site.edits)).encode()
            status = FileStatus.CHANGED if new != data else FileStatus.UNCHANGED
            yield FileResult(path, status, modes[path], sites, None, data, new)


def _nearest(root: Path, inside: tuple[str, ...], folder: str) -> list[str]:
    while _is_inside(folder, inside):
        names = [entry.name for entry in (root / folder).iterdir() if is_requirement_file(entry.name)]
        found = [posixpath.join(folder, name) for name in sorted(names) if _lists_tensorflow(root / folder / name)]
        if found or not folder:
            return found
        folder = posixpath.dirname(folder)
    return []


def _is_inside(folder: str, inside: tuple[str, ...]) -> bool:
    return any(top in ("", folder) or folder.startswith(f"{top}/") for top in inside)


def _lists_tensorflow(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size <= _MAX_BYTES and b"tensorflow" in path.read_bytes()
    except OSError:
        return False

"""Requirement files of the changed code: the nearest above each changed file that lists TensorFlow."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from codemods.edit.edits import apply_edits
from codemods.names.target import SUPPORTED, WITH_ESTIMATORS, Target
from codemods.requirements.files import is_requirement_file
from codemods.rule import Rule
from codemods.source.mode import Mode
from migrate.codemod.result import FileResult, FileStatus

_MAX_BYTES = 1 << 20


def requirement_results(
    root: Path, folders: Iterable[str], changed: Iterable[FileResult], target: Target, rules: Sequence[Rule]
) -> Iterator[FileResult]:
    """Yield the requirement files that must list what the changed files need.

    Args:
        root: Root of the run.
        folders: The folders the run was given, relative to the root: nothing outside them is touched.
        changed: The changed files.
        target: The TensorFlow that they are to run on.
        rules: The rules of the run: one of them plans requirement files.
    """
    inside = tuple(folders)
    needed: dict[str, set[str]] = {}
    modes: dict[str, Mode] = {}
    ranges: dict[str, str] = {}
    for item in changed:
        packages = {package for site in item.sites if site.changes for package in site.packages}
        for path in _nearest(root, inside, posixpath.dirname(item.path)) if packages else ():
            needed.setdefault(path, set()).update(packages)
            modes.setdefault(path, item.mode)
            if target.has_estimators and any(site.changes and site.keeps_estimators for site in item.sites):
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

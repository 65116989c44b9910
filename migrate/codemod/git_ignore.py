"""What git ignores: `.gitignore` files at every level, and `info/exclude`, as ruff follows them; git need not be there.

A folder that is no repository is taken for one: its own `.gitignore` files count, those above it do not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from migrate.codemod.reading import read_source
from migrate.errors import Tf1to2Error

NAME = ".gitignore"
_FOLDER_MARK = "ps_d"  # pathspec's group for the slash behind a folder
_GROUP_NAME = re.compile(r"\(\?P<\w+>")


@dataclass(frozen=True, slots=True)
class _Rules:
    """The patterns of one file, for paths below `folder`, which ends with a slash."""

    folder: str
    patterns: tuple[GitIgnoreSpecPattern, ...]
    any_pattern: re.Pattern[str] | None
    """Matches wherever a pattern does; None where the patterns cannot be joined."""

    def verdict(self, path: str) -> bool | None:
        """Whether the patterns ignore an absolute path (a folder's ends with a slash), None where none is about it."""
        relative = path[len(self.folder) :].replace(os.sep, "/")
        # Few paths match any pattern: one search says so ten times as fast as the patterns one by one.
        if self.any_pattern is not None and self.any_pattern.match(relative) is None:
            return None
        return next((item.include for item in reversed(self.patterns) if _is_about(item, relative)), None)


def _is_about(pattern: GitIgnoreSpecPattern, path: str) -> bool:
    """Whether a pattern means the path itself: what it says of a folder above was judged when that was met."""
    if pattern.regex is None:
        return False
    for match in pattern.regex.finditer(path):
        folder = match.groupdict().get(_FOLDER_MARK)
        if folder is not None and match.end(_FOLDER_MARK) == len(path):
            return True
        # `x/**` means what is in x, not x itself: something must stand behind the slash.
        if folder is None and match.end() < len(path) + (not path.endswith("/")):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Ignored:
    """What is ignored in one folder: the rules that hold there, the nearest last."""

    _rules: tuple[_Rules, ...] = field(default=())

    def below(self, folder: str, names: Iterable[str]) -> Ignored:
        """Return what is ignored in a folder, given the names in it."""
        found = tuple(names)
        above = self if ".git" not in found else _repository_rules(folder)  # a repository in another one
        own = _read_rules(folder, Path(folder, NAME)) if NAME in found else None
        return above if own is None else Ignored((*above._rules, own))

    def covers(self, path: str) -> bool:
        """Whether an absolute path is ignored; that of a folder ends with a slash."""
        for rules in reversed(self._rules):
            verdict = rules.verdict(path)
            if verdict is not None:
                return verdict
        return False

    def without(self, folder: str) -> Ignored:
        """Return the rules without the patterns that ignore a folder which was named explicitly."""
        return Ignored(tuple(filter(None, (_sparing(rules, folder) for rules in self._rules))))


def rules_above(folder: str) -> Ignored:
    """Return what the repository of a folder ignores in it, the rules of the folder itself apart."""
    above: list[Path] = []
    for place in (Path(folder), *Path(folder).parents):
        above.append(place)
        if os.path.lexists(place / ".git"):
            break
    else:
        return Ignored()
    ignored = Ignored()
    for place in reversed(above[1:]):
        ignored = ignored.below(str(place), (name for name in (".git", NAME) if os.path.lexists(place / name)))
    return ignored.without(folder)


def _repository_rules(folder: str) -> Ignored:
    exclude = _git_folder(Path(folder, ".git")) / "info" / "exclude"
    rules = _read_rules(folder, exclude)
    return Ignored(() if rules is None else (rules,))


def _git_folder(entry: Path) -> Path:
    """Return where a repository keeps its `info`: a worktree's `.git` is a file that names another folder."""
    try:
        if entry.is_dir():
            return entry
        named = entry.parent / read_source(entry).decode("utf-8", "surrogateescape").partition("gitdir:")[2].strip()
        common = named / "commondir"
        return named / read_source(common).decode("utf-8", "surrogateescape").strip() if common.exists() else named
    except (Tf1to2Error, OSError, ValueError):
        return entry


def _read_rules(folder: str, file: Path) -> _Rules | None:
    """Return the rules of a file, None where it has none or cannot be read; what git does not understand it skips."""
    try:
        lines = read_source(file).decode("utf-8", "surrogateescape").splitlines()
    except (Tf1to2Error, ValueError):
        return None
    return _rules_of(folder, (pattern for line in lines for pattern in _patterns(line)))


def _patterns(line: str) -> list[GitIgnoreSpecPattern]:
    if line.endswith("/**/"):  # pathspec takes it for the folder itself: the folders below it are meant
        line = f"{line}*/"
    try:
        found = GitIgnoreSpec.from_lines([line]).patterns
    except ValueError:
        return []
    return [pattern for pattern in found if isinstance(pattern, GitIgnoreSpecPattern)]


def _rules_of(folder: str, patterns: Iterable[GitIgnoreSpecPattern]) -> _Rules | None:
    used = tuple(pattern for pattern in patterns if pattern.include is not None)
    if not used:
        return None
    expressions = [_GROUP_NAME.sub("(?:", pattern.regex.pattern) for pattern in used if pattern.regex is not None]
    joined = None
    if all(expression.startswith("^") for expression in expressions):
        joined = re.compile("|".join(f"(?:{expression})" for expression in expressions))
    return _Rules(folder.rstrip(os.sep) + os.sep, used, joined)


def _sparing(rules: _Rules, folder: str) -> _Rules | None:
    relative = folder[len(rules.folder) :].replace(os.sep, "/") + "/"
    kept = [item for item in rules.patterns if not item.include or item.match_file(relative) is None]
    return _rules_of(rules.folder, kept)

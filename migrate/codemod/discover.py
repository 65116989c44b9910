"""Which files a run looks at."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from migrate.codemod.reading import kind_of
from migrate.codemod.result import LeftOut
from migrate.errors import Tf1to2Error

if TYPE_CHECKING:
    from migrate.codemod.git_ignore import Ignored

SUFFIXES = (".py", ".ipynb")
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "env", "build", "dist"})
_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileSet:
    """The files of a run, as paths relative to `root`, sorted, with `/`; `folders` are those given as arguments."""

    root: Path
    paths: tuple[str, ...]
    folders: tuple[str, ...] = ()
    left_out: LeftOut = field(default_factory=LeftOut)


def discover(arguments: Iterable[Path], *, follow_gitignore: bool = True) -> FileSet:
    """Return the Python files and notebooks under the arguments; a file named explicitly is always taken.

    Args:
        arguments: Files and folders.
        follow_gitignore: Leave out what git ignores.

    Raises:
        Tf1to2Error: An argument does not exist, or is a file of another kind.
    """
    places = [Path(argument) for argument in arguments]
    for place in places:
        _check_argument(place)
    absolute = [place.absolute() for place in places]
    root = Path(os.path.commonpath([place if place.is_dir() else place.parent for place in absolute]))
    walk = _Walk(root, follow_gitignore)
    for place in absolute:
        if place.is_dir():
            walk.add_folder(str(place))
        else:
            walk.add_file(str(place), is_link=place.is_symlink())
    given = (place.relative_to(root).as_posix() for place in absolute if place.is_dir())
    return FileSet(root, walk.paths(), tuple("" if name == "." else name for name in given), walk.left_out())


def _check_argument(place: Path) -> None:
    try:
        mode = place.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise Tf1to2Error(f"{place}: there is no such file or folder.") from None
    except (OSError, ValueError) as error:
        raise Tf1to2Error(f"{place}: cannot be read ({getattr(error, 'strerror', None) or error}).") from error
    kind = kind_of(mode)
    if kind not in (None, "a folder"):
        raise Tf1to2Error(f"{place}: it is {kind}; codemods work on .py and .ipynb files and on folders.")
    if kind is None and place.suffix not in SUFFIXES:
        raise Tf1to2Error(f"{place}: codemods work on .py and .ipynb files and on folders.")


class _Walk:
    """Collects the files of a run, and what it leaves out."""

    def __init__(self, root: Path, follow_gitignore: bool) -> None:
        self._root = root
        self._prefix = str(root).rstrip(os.sep) + os.sep
        self._follow_gitignore = follow_gitignore
        self._found: dict[str, bool] = {}  # path -> is it a link
        self._ignored_files: set[str] = set()
        self._ignored_folders: set[str] = set()
        self._too_large: set[str] = set()
        self._unreadable: set[str] = set()
        self._no_files: set[str] = set()

    def add_file(self, path: str, *, is_link: bool) -> None:
        """Take a file."""
        self._found[self._relative(path)] = is_link

    def add_folder(self, folder: str) -> None:
        """Take the files below a folder. Links to folders are not followed."""
        waiting = [(folder, self._ignored_above(folder))]
        while waiting:
            folder, above = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    here = sorted(entries, key=lambda entry: entry.name)
            except OSError:
                self._unreadable.add(self._relative(folder))
                continue
            ignored = above.below(folder, [entry.name for entry in here]) if above is not None else None
            for entry in here:
                if _is_folder(entry):
                    if _enters(folder, entry.name) and not self._is_ignored(entry.path + os.sep, ignored):
                        waiting.append((entry.path, ignored))
                elif entry.name.endswith(SUFFIXES) and not self._is_ignored(entry.path, ignored):
                    self._add(entry)

    def paths(self) -> tuple[str, ...]:
        """Return the files, without links to others of them, which are rewritten in their own place."""
        return tuple(sorted(path for path, is_link in self._found.items() if not (is_link and self._leads_in(path))))

    def left_out(self) -> LeftOut:
        """Return what was left out, but for what was named explicitly."""
        return LeftOut(
            ignored_files=len(self._ignored_files - self._found.keys()),
            ignored_folders=len(self._ignored_folders),
            too_large=_rest(self._too_large, self._found),
            unreadable=_rest(self._unreadable, self._found),
            no_files=_rest(self._no_files, self._found),
        )

    def _ignored_above(self, folder: str) -> Ignored | None:
        if not self._follow_gitignore:
            return None
        from migrate.codemod.git_ignore import rules_above

        return rules_above(folder)

    def _is_ignored(self, path: str, ignored: Ignored | None) -> bool:
        if ignored is None or not ignored.covers(path):
            return False
        (self._ignored_folders if path.endswith(os.sep) else self._ignored_files).add(self._relative(path))
        return True

    def _add(self, entry: os.DirEntry[str]) -> None:
        path = self._relative(entry.path)
        try:
            status = entry.stat()
        except OSError:  # a link to nothing or in a circle, or a file that is gone
            self._unreadable.add(path)
            return
        kind = kind_of(status.st_mode)
        if kind == "a folder":  # behind a link
            return
        if kind is not None:
            self._no_files.add(path)
        elif status.st_size > _MAX_BYTES:
            self._too_large.add(path)
        else:
            self._found[path] = entry.is_symlink()

    def _relative(self, path: str) -> str:
        return path[len(self._prefix) :].replace(os.sep, "/") or "."

    def _leads_in(self, path: str) -> bool:
        with contextlib.suppress(ValueError, OSError, RuntimeError):
            target = (self._root / path).resolve().relative_to(self._root.resolve()).as_posix()
            return target in self._found and target != path
        return False


def _rest(names: Iterable[str], taken: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if name not in taken))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _enters(directory: str, name: str) -> bool:
    if name.startswith("."):
        return name == ".ipynb_checkpoints"  # committed by accident, and reported as such
    if name not in _SKIPPED:
        return True
    # A package may be called `build` or `env`: only what tools make there is left out.
    return name in ("build", "dist", "env") and Path(directory, name, "__init__.py").exists()

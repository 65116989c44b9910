"""Which files a run looks at."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from migrate.errors import Tf1to2Error

SUFFIXES = (".py", ".ipynb")
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "env", "build", "dist"})
_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileSet:
    """The files of a run, as paths relative to `root`, sorted, with `/`; `folders` are those given as arguments."""

    root: Path
    paths: tuple[str, ...]
    folders: tuple[str, ...] = ()


def discover(arguments: Iterable[Path]) -> FileSet:
    """Return the Python files and notebooks under the arguments; a file named explicitly is always taken.

    Raises:
        Tf1to2Error: An argument does not exist, or is a file of another kind.
    """
    places = [Path(argument) for argument in arguments]
    for place in places:
        if not place.exists():
            raise Tf1to2Error(f"{place}: there is no such file or folder.")
        if place.is_file() and place.suffix not in SUFFIXES:
            raise Tf1to2Error(f"{place}: codemods work on .py and .ipynb files and on folders.")
    absolute = [place.absolute() for place in places]
    folders = [str(place if place.is_dir() else place.parent) for place in absolute]
    root = Path(os.path.commonpath(folders))
    found: dict[str, None] = {}
    for place in absolute:
        for path in [place] if place.is_file() else _below(place):
            found[path.relative_to(root).as_posix()] = None
    paths = sorted(path for path in found if not _is_link_into(root, path, found))
    given = (place.relative_to(root).as_posix() for place in absolute if place.is_dir())
    return FileSet(root, tuple(paths), tuple("" if name == "." else name for name in given))


def _is_link_into(root: Path, path: str, found: Mapping[str, None]) -> bool:
    """Whether the path is a link to another file of the run, which is rewritten in its own place."""
    if not (root / path).is_symlink():
        return False
    with contextlib.suppress(ValueError):
        return (root / path).resolve().relative_to(root.resolve()).as_posix() in found
    return False


def _below(folder: Path) -> Iterator[Path]:
    for directory, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if _enters(directory, name))
        for name in names:
            if name.endswith(SUFFIXES):
                path = Path(directory, name)
                if path.is_file() and path.stat().st_size <= _MAX_BYTES:
                    yield path


def _enters(directory: str, name: str) -> bool:
    if name.startswith("."):
        return name == ".ipynb_checkpoints"  # committed by accident, and reported as such
    if name not in _SKIPPED:
        return True
    # A package may be called `build` or `env`: only what tools make there is left out.
    return name in ("build", "dist", "env") and Path(directory, name, "__init__.py").exists()

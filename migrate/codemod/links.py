"""Where the files of a run really are: what a link leads to outside of the given folders is not rewritten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from migrate.codemod.discover import FileSet
from migrate.codemod.result import FileResult, FileStatus, RunResult


class Places:
    """The real places of a file set."""

    def __init__(self, files: FileSet) -> None:
        self._root = files.root
        self._paths = files.paths
        self._given = files.folders
        self._real = tuple((files.root / folder).resolve() for folder in files.folders)

    def place(self, path: str) -> Path | None:
        """Return the file that is written for `path`, None where a link leads out of the folders that were given.

        A file that was named itself is written wherever it is.
        """
        place = self._root / path
        if not place.is_symlink():
            return place
        real = place.resolve()
        is_named_itself = not any(_is_below(path, folder) for folder in self._given)
        return real if is_named_itself or any(real.is_relative_to(folder) for folder in self._real) else None

    def folders(self) -> Iterator[Path]:
        """Yield the folders in which a run may write: those of its files, and those above them within what was given.

        Requirement files are looked for upwards from the code that needs them.
        """
        seen: set[str] = set()
        linked: set[Path] = set()
        for path in self._paths:
            folder = _parent(path)
            while folder not in seen:
                seen.add(folder)
                if not folder or not any(_is_below(folder, given) for given in self._given):
                    break
                folder = _parent(folder)
            if (self._root / path).is_symlink() and (place := self.place(path)) is not None:
                linked.add(place.parent)
        yield from (self._root / folder for folder in sorted(seen | set(self._given)))
        yield from sorted(linked)


def without_links_out(result: RunResult, files: FileSet) -> RunResult:
    """Return the result with files unchanged that are links out of the given folders, or to a file that changes itself.

    Their sites stay as they are, and `error` says why the file is left alone.
    """
    places = Places(files)
    rewritten = {(files.root / item.path).resolve(): item.path for item in result.changed if not _is_link(files, item)}
    return replace(result, files=tuple(_judged(item, files, places, rewritten) for item in result.files))


def _judged(item: FileResult, files: FileSet, places: Places, rewritten: dict[Path, str]) -> FileResult:
    if item.status is not FileStatus.CHANGED or not _is_link(files, item):
        return item
    target = (files.root / item.path).resolve()
    if target in rewritten:
        why = f"it is a link to {rewritten[target]}, which is rewritten in its own place"
    elif places.place(item.path) is None:
        why = f"it is a link to {target}, outside of what this run was given; name that file itself to rewrite it"
    else:
        return item
    return replace(item, status=FileStatus.UNCHANGED, error=why, new=item.old)


def _is_link(files: FileSet, item: FileResult) -> bool:
    return (files.root / item.path).is_symlink()


def _is_below(path: str, folder: str) -> bool:
    return folder == "" or path == folder or path.startswith(f"{folder}/")


def _parent(path: str) -> str:
    return path.rpartition("/")[0]

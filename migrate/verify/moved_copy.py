"""A copy of a model at another place, made without copying bytes where the file system allows."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SMALL = 64 * 1024 * 1024


@contextmanager
def moved_copy(model_dir: Path) -> Iterator[Path]:
    """Yield a folder of another name and depth that holds the same files; it is removed afterwards.

    Files are hard links where the temporary folder is on the same file system, else copies up to 64 MiB and symbolic
    links beyond. Nothing writes into the copy. Folders that are links are followed, as TensorFlow does.
    """
    with tempfile.TemporaryDirectory(prefix="tf1to2-moved-") as root:
        target = Path(root) / "somewhere" / "else"
        for source in _files(model_dir, frozenset()):
            _place(source.resolve(), target / source.relative_to(model_dir))
        target.mkdir(parents=True, exist_ok=True)
        yield target


def _files(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    real = folder.resolve()
    if real in above:  # a link to a folder that it lies in
        return
    for child in sorted(folder.iterdir()):
        if child.is_dir():
            yield from _files(child, above | {real})
        elif child.is_file():
            yield child


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        if source.stat().st_size <= _SMALL:
            shutil.copyfile(source, target)
        else:
            target.symlink_to(source)

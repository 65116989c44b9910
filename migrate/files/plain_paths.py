"""Paths that TensorFlow takes by their letters: its checkpoint readers take `[`, `*` and `?` for patterns."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

_PATTERN = re.compile(r"[*?\[\]\\]")


def is_plain(path: Path) -> bool:
    """Tell whether no part of a path can be taken for a pattern."""
    return _PATTERN.search(str(path.absolute())) is None


def plain_path(folder: Path) -> Path:
    """Return a folder itself, or a link to it under a plain name that lasts as long as this process."""
    return folder if is_plain(folder) else _link(folder.absolute())


@cache
def _link(folder: Path) -> Path:
    links = Path(tempfile.mkdtemp(prefix="tf1to2-link-"))
    atexit.register(shutil.rmtree, links, ignore_errors=True)
    link = links / "folder"
    link.symlink_to(folder, target_is_directory=True)
    return link

"""The latest checkpoint of a folder, as its `checkpoint` file names it, wherever the folder was moved."""

from __future__ import annotations

import re
from pathlib import Path

from google.protobuf import text_encoding

_LATEST = re.compile(r'^\s*model_checkpoint_path\s*:\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)
_LARGEST_BYTES = 1 << 20


def latest_checkpoint(folder: Path) -> Path | None:
    """Return the prefix of the latest checkpoint; None where the folder has no `checkpoint` file that names one.

    A path of the machine that trained the model means the file of that name here.
    """
    file = folder / "checkpoint"
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST_BYTES:
            return None
        found = _LATEST.search(file.read_text(encoding="utf-8"))
        named = text_encoding.CUnescape(found.group(1)).decode() if found is not None else ""
    except (OSError, ValueError):  # of escapes and of characters, too
        return None
    name = re.split(r"[/\\]", named)[-1]
    return folder / name if name.strip(".") else None

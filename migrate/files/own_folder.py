"""A temporary folder that lives as long as what refers to it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path


class OwnFolder:
    """A temporary folder that is removed when nothing refers to this object any more."""

    def __init__(self, prefix: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

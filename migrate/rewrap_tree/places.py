"""Which folders lie in which, by what they are: links, `..`, case and mounts do not matter.

Every folder is asked for once, so that questions about many models cost no more than their number.
"""

from __future__ import annotations

import os
from pathlib import Path

Identity = tuple[int, int]


def real(path: Path) -> Path:
    """Return a path without links; unlike `Path.resolve` of a link in a circle, that never fails."""
    return Path(os.path.realpath(path))


class Places:
    """Answers what existing folders are, and remembers the answers."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[Path, Identity | None] = {}
        self._above: dict[Path, frozenset[Identity]] = {}

    def identity(self, path: Path) -> Identity | None:
        """Return what a path means: device and number; None where nothing is."""
        return self._identity(real(path))

    def above(self, path: Path) -> frozenset[Identity]:
        """Return every existing folder that a path lies in, whether or not it exists itself."""
        return self._with_all_above(real(path).parent)

    def _identity(self, place: Path) -> Identity | None:
        if place not in self._known:
            try:
                status = place.stat()
                self._known[place] = (status.st_dev, status.st_ino)
            except OSError:
                self._known[place] = None
        return self._known[place]

    def _with_all_above(self, place: Path) -> frozenset[Identity]:
        found = self._above.get(place)
        if found is None:
            identity = self._identity(place)
            own = frozenset() if identity is None else frozenset([identity])
            found = own if place.parent == place else own | self._with_all_above(place.parent)
            self._above[place] = found
        return found

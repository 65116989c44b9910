"""Which names of `tensorflow` only TensorFlow 1 has, or only TensorFlow 2, and what the packages of a release share.

TensorFlow 1 is 1.15 here; TensorFlow 2 is every release 2.x of the table: a name that it had for a while only says as
much of the generation as one that it has still.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from codemods.names.release_names import TABLE, releases
from codemods.names.release_table import sections
from codemods.names.target import Target

_TF1 = Target(1, 15)
_V1 = "tensorflow.compat.v1."


class Having(Enum):
    """Which of two APIs has a name."""

    FIRST = "first"
    SECOND = "second"
    BOTH = "both"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two APIs: the names of each, without the name of its package."""

    first: frozenset[str]
    second: frozenset[str]

    def having(self, name: str) -> Having:
        """Return which has a name, or the first part of it that they do not share (`train.AdamOptimizer.minimize`).

        Of what goes beyond both (`float32.name`) nothing is known.
        """
        found = Having.NEITHER
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            prefix = ".".join(parts[:count])
            in_first, in_second = prefix in self.first, prefix in self.second
            if in_first is not in_second:
                return Having.FIRST if in_first else Having.SECOND
            if not in_first:
                return found
            found = Having.BOTH
        return found


@lru_cache(maxsize=1)
def generations() -> Pair:
    """Return the names that `tensorflow` has in TensorFlow 1, and in any TensorFlow 2."""
    return Pair(_names_of("tensorflow.", lambda of: _TF1 in of), _names_of("tensorflow.", lambda of: bool(of - {_TF1})))


@lru_cache(maxsize=2)
def packages(target: Target) -> Pair:
    """Return the names of `tensorflow.compat.v1` and of `tensorflow` in a release, or in that before it."""
    known = [each for each in releases() if each != _TF1]
    release = max((each for each in known if each <= target), default=known[0])
    return Pair(_names_of(_V1, lambda of: release in of), _names_of("tensorflow.", lambda of: release in of))


def _names_of(package: str, wanted: Callable[[frozenset[Target]], bool]) -> frozenset[str]:
    """Return the names in a package that wanted releases have, without the package's own; `compat` is left out."""
    found: set[str] = set()
    for of, lines in sections(TABLE):
        if wanted(of):
            found.update(line.lstrip("!").removeprefix(package) for line in lines if package in line)
    return frozenset(name for name in found if not name.startswith(("compat.", "tensorflow", "python.")))

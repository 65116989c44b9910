"""What private modules of TensorFlow 1 had and a later release has not, and which public names are the same objects.

The table, `codemods/names/releases/lost.txt.gz`, is made by `make.py` there with the script in `codemods/names/lost`,
whose head says what a line means. Loaded where it is asked for: only files that are rewritten need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from codemods.names.release_table import releases_of, rows_of
from codemods.names.target import Target

TABLE = "lost"


@dataclass(frozen=True, slots=True)
class LostNames:
    """The row of one release.

    Attributes:
        homes: by private name, the name of `tf.compat.v1` that is the same object; empty where there is none.
        modules: private modules that are gone.
        only_legacy: public names of Keras that only legacy Keras has.
    """

    homes: Mapping[str, str]
    modules: frozenset[str]
    only_legacy: frozenset[str]


def is_lost(target: Target, name: str) -> bool:
    """Whether the target lacks a private name or module that TensorFlow 1 had."""
    return all(name in row.homes or name in row.modules for row in _rows(target))


def is_legacy_only(target: Target, name: str) -> bool:
    """Whether only legacy Keras has a public name of Keras."""
    return all(name in row.only_legacy for row in _rows(target))


def lost_home(target: Target, name: str) -> str | None:
    """Return the name of `tf.compat.v1` that is the same object as a lost private name, None where there is none."""
    homes = {row.homes.get(name) for row in _rows(target)}
    return next(iter(homes)) or None if len(homes) == 1 else None


@lru_cache(maxsize=4)
def lost_names(release: Target) -> LostNames:
    """Return the row of a release."""
    homes: dict[str, str] = {}
    lines = rows_of(TABLE, release)
    for line in lines:
        if line[0] not in "-~":
            name, _, home = line.partition("=")
            homes[name] = home
    modules, only_legacy = (frozenset(line[1:] for line in lines if line[0] == sign) for sign in "-~")
    return LostNames(homes, modules, only_legacy)


def lost_rows() -> tuple[Target, ...]:
    """Return the releases of which there is a row, oldest first."""
    return releases_of(TABLE)


@lru_cache(maxsize=8)
def _rows(target: Target) -> tuple[LostNames, ...]:
    """Return the row of the target; where it has none, those of the nearest releases below and above."""
    known = lost_rows()
    if target in known:
        return (lost_names(target),)
    around = (*[each for each in known if each < target][-1:], *[each for each in known if each > target][:1])
    return tuple(lost_names(each) for each in around)

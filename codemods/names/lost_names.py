"""What private modules of TensorFlow 1 had and a later release has not, and which public names are the same objects.

A row for a release is a file of `codemods/names/lost`, written by the script `read.py` there (its head says what a line
means). Loaded where it is asked for: only files that are rewritten need it.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from codemods.names.target import Target

_ROW = re.compile(r"(\d+)\.(\d+)\.txt\.gz")
_FOLDER = files("codemods.names") / "lost"
_FIRST = Target(1, 15)


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
    modules: set[str] = set()
    only_legacy: set[str] = set()
    for line in gzip.decompress((_FOLDER / f"{release}.txt.gz").read_bytes()).decode().splitlines():
        first, *items = line.split()
        module = first.lstrip("-~")
        if first.startswith("~"):
            only_legacy.update(f"{module}.{item}" for item in items)
            continue
        if first.startswith("-"):
            modules.add(module)
        for item in items:
            name, _, home = item.partition("=")
            homes[f"{module}.{name}"] = home
    return LostNames(homes, frozenset(modules), frozenset(only_legacy))


@lru_cache(maxsize=1)
def lost_rows() -> tuple[Target, ...]:
    """Return the releases of which there is a row, oldest first."""
    matches = (_ROW.fullmatch(file.name) for file in _FOLDER.iterdir())
    found = (Target(int(match[1]), int(match[2])) for match in matches if match is not None)
    return tuple(sorted(each for each in found if each > _FIRST))


def _rows(target: Target) -> tuple[LostNames, ...]:
    """Return the row of the target; where it has none, those of the nearest releases below and above."""
    known = lost_rows()
    if target in known:
        return (lost_names(target),)
    around = (*[each for each in known if each < target][-1:], *[each for each in known if each > target][:1])
    return tuple(lost_names(each) for each in around)

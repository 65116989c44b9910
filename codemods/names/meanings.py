"""Names that `tensorflow` and `tensorflow.compat.v1` share and do not mean the same by, and what each takes.

The table, `codemods/names/releases/meanings.txt.gz`, is read from the APIs by `read.py` there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from codemods.names.release_table import releases_of, rows_of
from codemods.names.target import Target

_TABLE = "meanings"
_TF1 = Target(1, 15)


class Kind(Enum):
    """How two meanings of a name differ."""

    ARGUMENTS = "arguments"
    """One only hands its arguments on to the other: they differ in what they take, and in defaults."""
    OTHER = "other"
    """Two functions, each with code of its own."""
    CLASS = "class"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a callable takes; `default` is its code, None where it has none. `stars` are those before the name."""

    name: str
    default: str | None
    stars: str


Parameters = tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """The two meanings of a name: what `tensorflow.compat.v1` takes, and what `tensorflow` takes; None where unknown.

    `tensorflow` sets the parameters in `fixed`, which it does not have, to what `tensorflow.compat.v1` has as default.
    """

    name: str
    kind: Kind
    v1: Parameters | None
    v2: Parameters | None
    fixed: frozenset[str]


def meaning(target: Target, name: str) -> Meaning | None:
    """Return the meanings of a name (`image.resize`), or of what it is an attribute of; None where there is one."""
    found = _meanings(target)
    parts = name.split(".")
    prefixes = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((found[prefix] for prefix in prefixes if prefix in found), None)


def tf1_parameters(name: str) -> Parameters | None:
    """Return what TensorFlow 1.15 takes by a name, None where it is not known."""
    return _of_tf1().get(name)


@lru_cache(maxsize=2)
def _meanings(target: Target) -> Mapping[str, Meaning]:
    known = [release for release in releases_of(_TABLE) if release != _TF1]
    release = max((each for each in known if each <= target), default=known[0])
    found = {}
    for line in rows_of(_TABLE, release):
        name, kind, v1, v2, fixed = line.split("\t")
        found[name] = Meaning(name, Kind(kind), _parameters(v1), _parameters(v2), frozenset(fixed.split()))
    return found


@lru_cache(maxsize=1)
def _of_tf1() -> Mapping[str, Parameters | None]:
    fields = (line.split("\t") for line in rows_of(_TABLE, _TF1))
    return {name: _parameters(taken) for name, _, taken, *_ in fields}


def _parameters(text: str) -> Parameters | None:
    if text == "?":
        return None
    return tuple(_parameter(each) for each in text.split(" ") if each)


def _parameter(text: str) -> Parameter:
    name, equals, default = text.partition("=")
    bare = name.lstrip("*")
    return Parameter(bare, default if equals else None, name[: len(name) - len(bare)])

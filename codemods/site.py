"""The values every rule deals in: a site, its outcome, and the edits that would make it so."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum


class Outcome(str, Enum):
    """What becomes of a site."""

    NATIVE = "native"
    SHIM = "shim"
    MANUAL = "manual"
    SKIP = "skip"


class Guidance(str, Enum):
    """How closely a person should look before merging."""

    MERGE = "merge"
    GLANCE = "glance"
    REVIEW = "review"


class Mode(str, Enum):
    """How the migrated program runs on TensorFlow 2."""

    EAGER = "eager"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the characters `[start, end)` of the module's text; `start == end` inserts."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """A name the rewritten code needs: `import module [as asname]`, or `from module import name [as asname]`."""

    module: str
    name: str | None = None
    asname: str | None = None

    @property
    def bound_name(self) -> str:
        """The name it binds in the importing module."""
        return self.asname or self.name or self.module.split(".")[0]

    @property
    def statement(self) -> str:
        """The import as source code, without a newline."""
        alias = f" as {self.asname}" if self.asname else ""
        return f"import {self.module}{alias}" if self.name is None else f"from {self.module} import {self.name}{alias}"


@dataclass(frozen=True, slots=True)
class Site:
    """One place in the source, what becomes of it, and how. Offsets count characters of the module's text."""

    id: str
    rule: str
    symbol: str
    line: int
    col: int
    cell: int | None
    outcome: Outcome
    reason: str
    guidance: Guidance
    anchor: int
    part: int = 0
    edits: tuple[Edit, ...] = ()
    imports: tuple[Import, ...] = ()
    freed: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    todo: Edit | None = None
    wants_v1: bool = False

    @property
    def changes(self) -> bool:
        """Whether applying the site changes the file."""
        return bool(self.edits)


def site_id(rule: str, path: str, code: str, occurrence: int) -> str:
    """Return the id a decision about the site is stored under: it survives edits elsewhere in the file."""
    digest = hashlib.sha256("\0".join((rule, path, code, str(occurrence))).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{rule}:{digest[:12]}"

"""The values every rule deals in: a site, its outcome, and how closely to look."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum

from codemods.edit.edits import Edit, Import


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
    wants_v2: bool = False
    keeps_session: bool = False
    keeps_estimators: bool = False

    @property
    def changes(self) -> bool:
        """Whether applying the site changes the file."""
        return bool(self.edits)


def site_id(rule: str, path: str, code: str, occurrence: int) -> str:
    """Return the id a decision about the site is stored under: it survives edits elsewhere in the file."""
    digest = hashlib.sha256("\0".join((rule, path, code, str(occurrence))).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{rule}:{digest[:12]}"

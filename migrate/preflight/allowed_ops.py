"""The ops with an effect outside of the process that a user accepts (`--allow-ops`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from migrate.errors import Tf1to2Error

_OP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_>.]*\Z")
_EVERY = "*"


@dataclass(frozen=True, slots=True)
class AllowedOps:
    """Some ops by name, or every op. Python functions are never accepted: they are not stored in a model."""

    names: frozenset[str] = frozenset()
    every: bool = False

    def __contains__(self, op: str) -> bool:
        """Whether the user accepts `op`."""
        return self.every or op in self.names

    @classmethod
    def parse(cls, text: str) -> AllowedOps:
        """Read `WriteFile,ReadFile`, or `*` for every op.

        Raises:
            Tf1to2Error: a part is no name of an op.
        """
        names = [name.strip() for name in text.split(",") if name.strip()]
        if names == [_EVERY]:
            return cls(every=True)
        wrong = [name for name in names if not _OP_NAME.match(name)]
        if wrong or not names:
            raise Tf1to2Error(f"--allow-ops takes names of ops with commas, as in WriteFile,ReadFile; not {text!r}.")
        return cls(frozenset(names))


NO_OPS = AllowedOps()
EVERY_OP = AllowedOps(every=True)

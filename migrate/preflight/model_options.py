"""What a user says of a model, whatever is done with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrate.legacy.asked import NOTHING, Asked
from migrate.preflight.allowed_ops import NO_OPS, AllowedOps


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How a model is to be taken.

    Attributes:
        tags: of the MetaGraph that is meant; None takes the only one there is, or all where several can be handled.
        allowed: ops with an effect outside of the process (on files, the network) that it may run and keep.
        op_libraries: shared libraries with custom ops to load first.
        asked: what is said of a model that does not tell its signatures itself.
    """

    tags: frozenset[str] | None = None
    allowed: AllowedOps = NO_OPS
    op_libraries: tuple[Path, ...] = ()
    asked: Asked = NOTHING

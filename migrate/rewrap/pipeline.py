"""Rewraps one TF1 SavedModel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrate.legacy.saved_model import read_legacy
from migrate.preflight.allowed_ops import NO_OPS, AllowedOps


@dataclass(frozen=True, slots=True)
class RewrapOptions:
    """How to rewrap.

    Attributes:
        tags: of the MetaGraph to rewrap; None takes the only one there is.
        allowed: ops with an effect outside of the process (on files, the network) that the new model may keep.
        op_libraries: shared libraries with custom ops to load first.
    """

    tags: frozenset[str] | None = None
    allowed: AllowedOps = NO_OPS
    op_libraries: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class RewrapResult:
    """What was written.

    Attributes:
        signatures: their keys.
        variables: how many variables the new model holds, a partitioned one counted once.
        notes: what a person should know of it.
        lost_defaults: those of the notes that may concern clients: inputs that they could leave out, and cannot now.
    """

    source: Path
    target: Path
    tags: frozenset[str]
    signatures: tuple[str, ...]
    variables: int
    notes: tuple[str, ...]
    lost_defaults: tuple[str, ...] = ()


def rewrap(source: Path, target: Path, options: RewrapOptions | None = None) -> RewrapResult:
    """Write a native TF2 SavedModel of the TF1 SavedModel in the folder `source`.

    The weights are copied as files, not read. Nothing is proven here: see `migrate.verify`.

    Raises:
        NothingToDoError: `source` is a TF2 SavedModel.
        RefusedModelError: it cannot be rewrapped without changing what clients see.
        UnreadableModelError: it is damaged or incomplete.
        Tf1to2Error: `target` exists or cannot be written.
    """
    options = options or RewrapOptions()
    legacy = read_legacy(source, options.tags)
    from migrate.native_module.lost_defaults import lost_defaults
    from migrate.native_module.native_form import write_native
    from migrate.preflight.ops import load_op_libraries
    from migrate.rewrap.notes import notes

    load_op_libraries(options.op_libraries)
    module = write_native(legacy, target, options.allowed)
    return RewrapResult(
        source,
        target,
        legacy.tags,
        tuple(module.signatures),
        len(module.variables),
        notes(module),
        lost_defaults(module),
    )

"""Rewraps one legacy model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrate.legacy.model import LegacyModel
from migrate.legacy.read import read_models
from migrate.legacy.tags import only
from migrate.preflight.allowed_ops import AllowedOps
from migrate.preflight.model_options import ModelOptions


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


def rewrap(source: Path, target: Path, options: ModelOptions | None = None) -> RewrapResult:
    """Write a native TF2 SavedModel of the legacy model `source`, a folder or a file.

    The weights are copied as files, not read. Nothing is proven here: see `migrate.verify`.

    Raises:
        NothingToDoError: `source` is a TF2 SavedModel.
        RefusedModelError: it cannot be rewrapped without changing what clients see.
        UnreadableModelError: it is damaged or incomplete.
        Tf1to2Error: `target` exists or cannot be written.
    """
    from migrate.preflight.ops import load_op_libraries

    options = options or ModelOptions()
    model = only(read_models(source, options.asked), options.tags)
    load_op_libraries(options.op_libraries)
    return rewrap_model(model, target, options.allowed)


def rewrap_model(model: LegacyModel, target: Path, allowed: AllowedOps) -> RewrapResult:
    """Do what `rewrap` does with a model that was read already.

    Raises:
        Tf1to2Error: see `rewrap`.
    """
    from migrate.native_module.lost_defaults import lost_defaults
    from migrate.native_module.native_form import write_native
    from migrate.rewrap.notes import notes

    module = write_native(model, target, allowed)
    return RewrapResult(
        model.path,
        target,
        model.tags,
        tuple(module.signatures),
        len(module.variables),
        notes(module),
        lost_defaults(module),
    )

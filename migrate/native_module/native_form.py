"""The native form of legacy models: what a rewrap and an export from a live session have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrate.legacy.model import LegacyModel
from migrate.native_module.lost_defaults import lost_defaults
from migrate.native_module.meta_graphs import join_meta_graphs
from migrate.native_module.module import LegacyModule
from migrate.native_module.values import assign_initialized_state, assign_unmovable_values
from migrate.native_module.writing import save_with_legacy_weights
from migrate.preflight.allowed_ops import NO_OPS, AllowedOps


def write_native(legacy: LegacyModel, target: Path, allowed: AllowedOps = NO_OPS) -> LegacyModule:
    """Write a native TF2 SavedModel of a legacy model to `target`; return the module that was written.

    The weights are copied as files, not read.

    Raises:
        RefusedModelError: it cannot be rewritten without changing what clients see.
        UnreadableModelError: it is damaged or incomplete.
        Tf1to2Error: `target` exists or cannot be written.
    """
    module = LegacyModule(legacy, allowed=allowed)
    assign_initialized_state(module)
    assign_unmovable_values(module)
    save_with_legacy_weights(module, target)
    return module


def write_joined(models: Sequence[LegacyModel], target: Path, allowed: AllowedOps = NO_OPS) -> tuple[str, ...]:
    """Write the MetaGraphs of one model as the MetaGraphs of one native SavedModel; return what clients lose by it.

    Raises:
        Tf1to2Error: see `write_native`.
    """
    if len(models) == 1:
        return lost_defaults(write_native(models[0], target, allowed))
    folders = [target.with_name(f"{target.name}.{number}") for number in range(len(models))]
    modules = [write_native(model, folder, allowed) for model, folder in zip(models, folders, strict=True)]
    join_meta_graphs(folders, target)
    return tuple(dict.fromkeys(sentence for module in modules for sentence in lost_defaults(module)))

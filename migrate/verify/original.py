"""An original as a rewrap reads it, for what is compared with what a rewrap makes of it."""

from __future__ import annotations

from pathlib import Path

from migrate.errors import Tf1to2Error
from migrate.legacy.inlined_state import with_inlined_state
from migrate.legacy.model import LegacyModel
from migrate.legacy.read import read_models
from migrate.native_module.parts_apart import nodes_apart


def legacy_model(old: Path, tags: frozenset[str]) -> LegacyModel:
    """Return the model with these tags.

    Raises:
        Tf1to2Error: no rewrap can read it.
    """
    return with_inlined_state(next(model for model in read_models(old) if model.tags == tags))


def parts_apart(old: Path, tags: frozenset[str]) -> frozenset[str]:
    """Return the nodes of the parts of partitioned variables that a rewrap keeps as variables of their own."""
    try:
        return nodes_apart(legacy_model(old, tags))
    except Tf1to2Error:  # no rewrap can have written the new model
        return frozenset()

"""Puts all state of a model into the graph itself."""

from __future__ import annotations

from dataclasses import replace

from migrate.graph.inline import with_state_inlined
from migrate.legacy.model import LegacyModel


def with_inlined_state(legacy: LegacyModel) -> LegacyModel:
    """Return the model with all state in the graph itself and none in its functions.

    Raises:
        RefusedModelError: a function with state cannot be put into the graph.
    """
    graph_def = with_state_inlined(legacy.meta_graph.graph_def)
    if graph_def is legacy.meta_graph.graph_def:
        return legacy
    meta_graph = type(legacy.meta_graph)()
    meta_graph.CopyFrom(legacy.meta_graph)
    meta_graph.graph_def.CopyFrom(graph_def)
    return replace(legacy, meta_graph=meta_graph)

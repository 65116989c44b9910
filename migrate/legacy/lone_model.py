"""A graph without signatures as a legacy model: with those that it is given or that are obvious, and its checkpoint."""

from __future__ import annotations

from dataclasses import replace

from migrate.errors import RefusedModelError
from migrate.legacy.asked import NOTHING, Asked
from migrate.legacy.checkpoint_values import Checkpoint, missing, with_averages
from migrate.legacy.initialization import read_initialization
from migrate.legacy.lone_graph import LoneGraph, with_signatures
from migrate.legacy.model import LegacyModel
from migrate.legacy.proposal import obvious_signature
from migrate.legacy.restore import read_restore_map
from migrate.legacy.state import VARIABLE_NODE_OPS

_MOST_NAMES = 5


def check_nothing_asked(model: object, asked: Asked) -> None:
    """Refuse options for a model that tells its signatures and its weights itself.

    Raises:
        RefusedModelError: something is asked.
    """
    if asked != NOTHING:
        raise RefusedModelError(
            f"{model} has signatures and weights of its own: leave out --signature, --checkpoint and --ema."
        )


def lone_model(lone: LoneGraph, checkpoint: Checkpoint | None, asked: Asked) -> LegacyModel:
    """Return the model of a graph, its checkpoint if it has one, and what is asked of it.

    Raises:
        RefusedModelError: variables have no values, or no one signature is obvious.
    """
    notes = []
    signatures = asked.signatures
    if not signatures:
        signatures = (obvious_signature(lone.meta_graph.graph_def, lone.path),)
        notes.append(f"{lone.path} names no signature; taken was --signature '{signatures[0]}'")
    if asked.ema:
        if checkpoint is None:
            raise RefusedModelError(f"{lone.path} has no checkpoint, so that --ema finds no moving averages.")
        lone = replace(lone, restores=with_averages(lone.restores, checkpoint))
    meta_graph = with_signatures(lone, signatures)
    restores = read_restore_map(meta_graph)
    initialization = read_initialization(meta_graph)
    with_value = {*restores.variables, *initialization.variables, *initialization.path_variables}
    valueless = [
        node.name for node in meta_graph.graph_def.node if node.op in VARIABLE_NODE_OPS and node.name not in with_value
    ]
    if checkpoint is None:
        if valueless or restores.variables:
            names = ", ".join([*valueless, *restores.variables][:_MOST_NAMES])
            raise RefusedModelError(
                f"{lone.path}: its signatures need the variables {names}, and no checkpoint with their values lies "
                "beside it; copy it there, or name it with --checkpoint PREFIX."
            )
        return LegacyModel(lone.path, meta_graph, lone.path.with_name(f"{lone.path.name}.no-checkpoint"), tuple(notes))
    left_out = sorted(set(lone.assets.values()) - {asset.filename for asset in meta_graph.asset_file_def})
    if left_out:
        notes.append(f"left out, as no signature reads them: the assets {', '.join(left_out)}")
    lacking = missing(restores, checkpoint)
    if lacking or valueless:
        names = ", ".join([*lacking, *valueless][:_MOST_NAMES])
        raise RefusedModelError(
            f"{lone.path}: the checkpoint {checkpoint.prefix} has no value for {names}, which its signatures need; "
            "name the one that belongs to this graph with --checkpoint PREFIX."
        )
    return LegacyModel(lone.path, meta_graph, checkpoint.prefix, tuple(notes), checkpoint)

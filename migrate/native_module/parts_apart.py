"""Which partitioned variables stay in parts: those whose parts a signature or the init op writes to one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from migrate.errors import RefusedModelError
from migrate.graph.cut import Cut
from migrate.graph.partitions import wholes_to_keep_apart
from migrate.graph.resource_state import to_resource_state
from migrate.legacy.collections import asset_tensors
from migrate.legacy.initialization import read_initialization
from migrate.legacy.model import LegacyModel
from migrate.legacy.restore import read_restore_map
from migrate.legacy.signatures import Signature, read_signatures
from migrate.legacy.state import LegacyVariable, read_variables
from migrate.native_module.legacy_graph import LegacyGraph


def wholes_apart(
    legacy: LegacyModel, graph: LegacyGraph, variables: Iterable[LegacyVariable], signatures: Sequence[Signature]
) -> frozenset[str]:
    """Return the names of the partitioned variables whose parts become variables of their own.

    Raises:
        RefusedModelError: a signature cannot be cut out of the graph.
    """
    parts = {node: part for variable in variables for node, part in variable.parts.items()}
    if not parts:
        return frozenset()
    cuts = [cut_of(legacy, graph, signature) for signature in signatures]
    writes = read_initialization(legacy.meta_graph).writes
    cuts.append(graph.cut([], writes, list(asset_tensors(legacy.meta_graph))))
    apart = (wholes_to_keep_apart(to_resource_state(cut.nodes, []).nodes, parts) for cut in cuts)
    return frozenset().union(*apart)


def nodes_apart(legacy: LegacyModel) -> frozenset[str]:
    """Return the nodes of all such parts.

    Raises:
        Tf1to2Error: see `wholes_apart`; or the model's state cannot be read.
    """
    variables = read_variables(legacy, read_restore_map(legacy.meta_graph))
    wholes = wholes_apart(legacy, LegacyGraph(legacy.meta_graph), variables, read_signatures(legacy.meta_graph))
    return frozenset(node for variable in variables if variable.name in wholes for node in variable.parts)


def cut_of(legacy: LegacyModel, graph: LegacyGraph, signature: Signature) -> Cut:
    """Cut the graph to what a signature needs.

    Raises:
        RefusedModelError: it names what is not in the graph.
    """
    fetches = [endpoint.tensor for endpoint in signature.outputs]
    try:
        return graph.cut(fetches, [], [endpoint.tensor for endpoint in signature.inputs])
    except RefusedModelError as error:
        raise RefusedModelError(f"{legacy.path}: the signature {signature.key!r}: {error}") from error

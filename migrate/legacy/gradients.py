"""Which trainable variables TensorFlow 2 takes no gradient of, and which weights an init op draws anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from migrate.graph.cut import nodes_by_name
from migrate.graph.function_library import called_functions, functions_by_name
from migrate.graph.tensor_name import source_node
from migrate.graph.walk import needed
from migrate.legacy.collections import trainable_nodes
from migrate.legacy.initialization import Initialization, state_node
from migrate.legacy.restore import RestoreMap
from migrate.legacy.signatures import INIT_OP_KEY, SPARSE_PARTS, TRAIN_OP_KEY

# Where a loop of TensorFlow 1 (`tf.while_loop`, `dynamic_rnn`, `map_fn`) ends. What its gradient needs beside the graph
# (its WhileContext) is not in a function of TensorFlow 2.
_EXITS = frozenset({"Exit", "RefExit"})


def variables_behind_loops(meta_graph: Any) -> tuple[str, ...]:
    """Return the nodes of the trainable variables whose values go through a loop on the way to an output."""
    nodes = nodes_by_name(meta_graph.graph_def)
    functions = functions_by_name(meta_graph.graph_def.library)
    ends = [name for name in needed(nodes, _outputs(meta_graph)) if _ends_a_loop(nodes[name], functions)]
    behind = needed(nodes, ends)
    return tuple(sorted(name for name in trainable_nodes(meta_graph) if name in behind))


def _ends_a_loop(node: Any, functions: Mapping[str, Any]) -> bool:
    if node.op in _EXITS:
        return True
    bodies = (functions[name].node_def for name in called_functions([node], functions))
    return any(inner.op in _EXITS for body in bodies for inner in body)


def _outputs(meta_graph: Any) -> Iterator[str]:
    for key, signature in meta_graph.signature_def.items():
        for info in signature.outputs.values() if key not in (INIT_OP_KEY, TRAIN_OP_KEY) else ():
            is_sparse = info.WhichOneof("encoding") == "coo_sparse"
            names = [getattr(info.coo_sparse, f"{part}_tensor_name") for part in SPARSE_PARTS] if is_sparse else []
            yield from (source_node(name) for name in names or [info.name])


def drawn_over_stored(meta_graph: Any, initialization: Initialization, restores: RestoreMap) -> tuple[str, ...]:
    """Return the variables that the restore gives a value and the init op then another one, drawn at random."""
    nodes = nodes_by_name(meta_graph.graph_def)
    writes = (nodes[name] for name in initialization.writes if name in nodes and len(nodes[name].input) > 1)
    found = (
        state_node(nodes, node.input[0])
        for node in writes
        if _draws(nodes[name] for name in needed(nodes, [edge.partition(":")[0] for edge in node.input[1:]]))
    )
    return tuple(sorted({name for name in found if name in restores.variables}))


def _draws(nodes: Iterable[Any]) -> bool:
    return any("seed" in node.attr and "seed2" in node.attr for node in nodes)

"""The original without what nothing needs, where TensorFlow 2 cannot load it whole.

Exports from training sessions hold ops of libraries that are gone, and gradients whose recorded shapes the loader of
TensorFlow 2.2 and later does not believe. A Session runs just what is asked for, so the rest gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from migrate.graph.function_library import functions_by_name
from migrate.graph.op_arguments import output_argument, output_count
from migrate.graph.tensor_name import is_control, source_node
from migrate.graph.walk import needed
from migrate.legacy.collections import VARIABLE_COLLECTIONS, variable_defs
from migrate.legacy.state import TABLE_NODE_OPS
from migrate.preflight.reach import Library
from migrate.preflight.runs import Phase, runs_of

_SHAPES = "_output_shapes"
_COLOCATION = "_class"
_KEPT_COLLECTIONS = frozenset({"saved_model_main_op", "legacy_init_op", "table_initializer", "saved_model_assets"})


def keep_what_is_needed(meta_graph: Any) -> None:
    """Take away the nodes, functions and collections that no signature, init op, restore or variable needs.

    What is left forgets the shapes that were recorded for it.
    """
    library = Library(meta_graph.graph_def)
    kept, functions = _reached(meta_graph, library)
    fed = _replaced_inputs(meta_graph, library, kept)
    _cut_functions(meta_graph.graph_def.library, functions)
    _cut_nodes(meta_graph.graph_def, kept | fed.keys(), fed)
    for collection in list(meta_graph.collection_def):
        if collection in VARIABLE_COLLECTIONS:
            _repair_variables(meta_graph.collection_def[collection].bytes_list.value, kept)
        elif collection not in _KEPT_COLLECTIONS:
            del meta_graph.collection_def[collection]


def _reached(meta_graph: Any, library: Library) -> tuple[set[str], set[str]]:
    """Return the nodes of the graph and the functions that something could run."""
    kept: set[str] = set()
    functions: set[str] = set()
    for run in runs_of(meta_graph):
        for standing in library.reach(run).nodes:
            if standing.scope:
                functions.add(standing.scope)
            else:
                kept.add(standing.node.name)
        # What a loader feeds is a constant or a placeholder.
        kept |= set(needed(library.nodes, [each.node for each in run.fed] if run.phase is not Phase.CALL else []))
    kept |= set(needed(library.nodes, [node.name for node in library.nodes.values() if node.op in TABLE_NODE_OPS]))
    for definition in variable_defs(meta_graph):
        variable = source_node(definition.variable_name)
        # TensorFlow looks for these when it reads the collection.
        kept |= set(needed(library.nodes, [source_node(definition.snapshot_name), f"{variable}/Read/ReadVariableOp"]))
    return kept, functions


def _replaced_inputs(meta_graph: Any, library: Library, kept: set[str]) -> Mapping[str, Any]:
    """Return a placeholder for each input that is computed from what nothing needs; add other inputs to `kept`."""
    replaced: dict[str, Any] = {}
    for run in runs_of(meta_graph):
        for tensor in run.fed if run.phase is Phase.CALL else ():
            node = library.nodes.get(tensor.node)
            if node is None or node.name in kept:
                continue
            dtype = output_argument(node, 0, library.functions).dtype
            is_single = output_count(node, library.functions) == 1 and dtype
            if is_single and any(not is_control(edge) for edge in node.input) and not node.op.startswith("Placeholder"):
                replaced[node.name] = type(node)(name=node.name, op="Placeholder")
                replaced[node.name].attr["dtype"].type = dtype
                replaced[node.name].attr["shape"].shape.unknown_rank = True
            else:
                kept |= set(needed(library.nodes, [node.name]))
    return replaced


def _cut_functions(library: Any, reached: set[str]) -> None:
    gradients = [each for each in library.gradient if {each.function_name, each.gradient_func} <= reached]
    functions = [function for name, function in functions_by_name(library).items() if name in reached]
    for function in functions:
        for node in function.node_def:
            node.attr.pop(_SHAPES, None)
    cut = type(library)(function=functions, gradient=gradients)
    library.CopyFrom(cut)


def _cut_nodes(graph_def: Any, kept: Iterable[str], replaced: Mapping[str, Any]) -> None:
    kept = frozenset(kept)
    nodes = [_loosened(replaced.get(node.name, node), kept) for node in graph_def.node if node.name in kept]
    del graph_def.node[:]
    graph_def.node.extend(nodes)


def _loosened(node: Any, kept: frozenset[str]) -> Any:
    """Copy a node without its recorded shapes, and without the wish to be where a node is that goes."""
    copy = type(node)()
    copy.CopyFrom(node)
    copy.attr.pop(_SHAPES, None)
    if _COLOCATION in copy.attr:
        wishes = [name for name in node.attr[_COLOCATION].list.s if name.decode().removeprefix("loc:@") in kept]
        copy.attr.pop(_COLOCATION)
        if wishes:
            copy.attr[_COLOCATION].list.s.extend(wishes)
    return copy


def _repair_variables(definitions: Any, kept: set[str]) -> None:
    """Name the variable itself in place of an initializer that goes: nothing runs it."""
    from tensorflow.core.framework import variable_pb2

    for place, content in enumerate(definitions):
        definition = variable_pb2.VariableDef.FromString(content)
        if source_node(definition.initializer_name) not in kept:
            definition.initializer_name = definition.variable_name
        if source_node(definition.initial_value_name) not in kept:
            definition.ClearField("initial_value_name")
        definitions[place] = definition.SerializeToString()

"""What the TF1 loader's init op does to the state after the restore."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.graph.cut import nodes_by_name
from migrate.graph.function_library import called_functions, functions_by_name
from migrate.graph.reference_ops import RESOURCE_WRITING_OPS, WRITING_OPS
from migrate.graph.tensor_name import is_control, source_node
from migrate.graph.walk import dependent, followed, needed
from migrate.legacy.collections import asset_tensors, init_op, table_initializers
from migrate.legacy.state import ITERATOR_OPS, TABLE_NODE_OPS, VARIABLE_NODE_OPS, state_identity

_VARIABLE_WRITES = frozenset({*WRITING_OPS, *RESOURCE_WRITING_OPS, "CountUpTo"})
_TABLE_WRITES = frozenset(
    {
        "InitializeTable",
        "InitializeTableV2",
        "InitializeTableFromTextFile",
        "InitializeTableFromTextFileV2",
        "LookupTableImport",
        "LookupTableImportV2",
        "LookupTableInsert",
        "LookupTableInsertV2",
        "LookupTableRemoveV2",
        "MakeIterator",
    }
)
_STATE_OPS = VARIABLE_NODE_OPS | TABLE_NODE_OPS
_FIXED_TABLES = frozenset({"HashTable", "HashTableV2"}) | ITERATOR_OPS


@dataclass(frozen=True, slots=True)
class Initialization:
    """The state that the init op sets.

    Attributes:
        tables: by table identity, the nodes that initialise it.
        forgotten_tables: identities of tables that only the `table_initializer` collection initialises: the TF1
            loader leaves them empty, so that looking anything up fails.
        variables: variable nodes whose value after the load is not the stored one.
        path_variables: variable nodes that get something made from an asset's path.
        writes: the nodes that set `variables` and fill mutable tables.
        path_writes: the nodes that set `path_variables`; the path is another one wherever the model lies, so that they
            must run at each load.
    """

    tables: Mapping[tuple[bytes, bytes], tuple[str, ...]]
    forgotten_tables: frozenset[tuple[bytes, bytes]]
    variables: frozenset[str]
    path_variables: frozenset[str]
    writes: tuple[str, ...]
    path_writes: tuple[str, ...]


def read_initialization(meta_graph: Any) -> Initialization:
    """Read what the init op of a MetaGraphDef reaches."""
    nodes = nodes_by_name(meta_graph.graph_def)
    op = init_op(meta_graph)
    reached = needed(nodes, [op] if op is not None else [])
    tables = _tables(nodes, reached)
    collected = _tables(nodes, needed(nodes, table_initializers(meta_graph)))
    forgotten = {identity: initializers for identity, initializers in collected.items() if identity not in tables}
    assets = {tensor.node for tensor in asset_tensors(meta_graph)}
    written = dict(variable_writes(nodes, reached, functions_by_name(meta_graph.graph_def.library)))
    made_of_paths = dependent(nodes, assets)
    from_paths = {name for name in written if not made_of_paths.isdisjoint(_values(nodes[name]))}
    table_writes = {name for table, name in _table_writes(nodes, reached) if not _is_fixed(table)}
    path_variables = frozenset(variable for name in from_paths for variable in written[name])
    return Initialization(
        tables={**tables, **forgotten},
        forgotten_tables=frozenset(forgotten),
        variables=frozenset(variable for variables in written.values() for variable in variables) - path_variables,
        path_variables=path_variables,
        writes=tuple(sorted((written.keys() - from_paths) | table_writes)),
        path_writes=tuple(sorted(from_paths)),
    )


def variable_writes(
    nodes: Mapping[str, Any], reached: Iterable[str], functions: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each node among those reached that writes to variables, with their nodes.

    A call of a function that writes to some variable counts as writing to all that it is given.
    """
    for name in reached:
        node = nodes[name]
        if node.op in _VARIABLE_WRITES:
            yield name, (state_node(nodes, node.input[0]),)
            continue
        bodies = (functions[called].node_def for called in called_functions([node], functions))
        if any(inner.op in _VARIABLE_WRITES for body in bodies for inner in body):
            data = [edge for edge in node.input if not is_control(edge)]
            given = dict.fromkeys(state_node(nodes, edge) for edge in data)
            yield name, tuple(variable for variable in given if nodes[variable].op in VARIABLE_NODE_OPS)


def _values(node: Any) -> list[str]:
    first = 1 if node.op in _VARIABLE_WRITES else 0
    return [source_node(edge) for edge in node.input[first:] if not is_control(edge)]


def state_node(nodes: Mapping[str, Any], edge: str) -> str:
    """Follow a reference or a handle back to the node that makes the state.

    A path that ends nowhere known gives the last node on it.
    """
    return source_node(followed(nodes, edge, lambda node: node.op not in _STATE_OPS))


def _tables(nodes: Mapping[str, Any], reached: Iterable[str]) -> dict[tuple[bytes, bytes], tuple[str, ...]]:
    found: dict[tuple[bytes, bytes], list[str]] = defaultdict(list)
    for table, name in _table_writes(nodes, reached):
        if _is_fixed(table):
            found[state_identity(table)].append(name)
    return {identity: tuple(sorted(names)) for identity, names in found.items()}


def _table_writes(nodes: Mapping[str, Any], reached: Iterable[str]) -> Iterator[tuple[Any, str]]:
    """Yield each table node that is written to, with the name of the node that writes."""
    for name in reached:
        if nodes[name].op in _TABLE_WRITES:
            table = nodes[state_node(nodes, nodes[name].input[filled_input(nodes[name].op)])]
            if table.op in TABLE_NODE_OPS:
                yield table, name


def filled_input(op: str) -> int:
    """Return which input of an op that fills a table, or starts an iterator, is the table or the iterator."""
    return 1 if op == "MakeIterator" else 0


def _is_fixed(table: Any) -> bool:
    return table.op in _FIXED_TABLES

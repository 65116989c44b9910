"""Exports in graph mode whose graph is known well enough to be written by plain TensorFlow, without the shim.

That is where the graph was imported, where it is that of a Keras model, and where all code that builds it is in reach
and builds nothing but ops and weights. What the signatures hold is cut out of the live graph, so nothing is built anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import libcst as cst

from codemods.exports.input_keys import refuses_keys
from codemods.exports.session_exports import SessionExport, is_tables_initializer, session_exports
from codemods.exports.signatures import Signature, constant, dictionary, unwrapped
from codemods.graphs.imported_graphs import (
    GRAPH_DEF,
    META_GRAPH,
    SESSIONS,
    created_session,
    graph_blocks,
    imported_session,
)
from codemods.graphs.only_weights import builds_only_weights, names_only_layers
from codemods.keras.models import keras_name, model_tensors
from codemods.source.arguments import bound_arguments
from codemods.source.mode import Mode
from codemods.source.module import Module

_VARIABLES = frozenset({"tensorflow.Variable", "tensorflow.get_variable"})


class GraphOrigin(Enum):
    """Where the graph of a session comes from; each has its rule."""

    IMPORTED = "imported"
    KERAS = "keras"
    IN_REACH = "in reach"


@dataclass(frozen=True, slots=True)
class SessionGraph:
    """An export of a live session whose graph is served as it is."""

    export: SessionExport
    origin: GraphOrigin


def session_graphs(module: Module) -> tuple[SessionGraph, ...]:
    """Return the exports of a program in graph mode that need no shim, in source order; none in eager mode."""
    if module.program.mode is not Mode.GRAPH:
        return ()
    found = module.program_memo.get("session_graphs")
    if not isinstance(found, tuple):
        found = module.program_memo["session_graphs"] = tuple(_find(module))
    return found


def _find(module: Module) -> Iterator[SessionGraph]:
    for export in sorted(session_exports(module), key=lambda export: module.start(export.node)):
        origin = _origin(module, export)
        if origin is None or not _keeps_keys(module, export, origin) or not _are_tensors(module, export):
            continue
        if _needs_no_initialization(module, export, origin):
            yield SessionGraph(export, origin)


def _keeps_keys(module: Module, export: SessionExport, origin: GraphOrigin) -> bool:
    """Whether TensorFlow 2, which takes input keys for arguments, keeps those of an export.

    Of an imported graph the keys are often data, so there it is enough that none is certain to be refused: TensorFlow
    never changes one, it refuses those that it cannot keep when the new code runs. Elsewhere the shim, which keeps
    every key, serves where one is not certain.
    """
    for signature in export.signatures:
        if refuses_keys(module, signature.inputs):
            return False
        entries = dictionary(module, signature.inputs)
        is_certain = entries is not None and all(constant(module, key) is not None for key, _ in entries)
        if origin is not GraphOrigin.IMPORTED and not is_certain:
            return False
    return True


def _are_tensors(module: Module, export: SessionExport) -> bool:
    """Whether no end of a signature is a variable as such, and no input is there twice: functions cannot take those."""
    for signature in export.signatures:
        ends = [unwrapped(module, end) for _, end in dictionary(module, signature.inputs) or []]
        spelled = [module.code(end) for end in ends]
        if len(set(spelled)) < len(spelled):
            return False
        ends += [unwrapped(module, end) for _, end in dictionary(module, signature.outputs) or []]
        for value in (module.value(end) for end in ends):
            if isinstance(value, cst.Call) and module.resolve_call(value) in _VARIABLES:
                return False
    return True


def _needs_no_initialization(module: Module, export: SessionExport, origin: GraphOrigin) -> bool:
    """Whether a loaded model has nothing to initialise: an init op for tables has no work in a graph without any.

    A MetaGraph may hold tables that no source tells of: where the program initialises some, the shim keeps them.
    """
    initializes = any(module.resolve_call(call) == "tensorflow.tables_initializer" for call in module.calls)
    is_meta_graph = any(module.resolve_call(call) == META_GRAPH for call in module.calls)
    if origin is GraphOrigin.IMPORTED and is_meta_graph and initializes:
        return False
    return export.init_op is None or is_tables_initializer(module, export.init_op)


def _origin(module: Module, export: SessionExport) -> GraphOrigin | None:
    if _is_keras_session(module, export.session):
        is_model = all(_is_of_model(module, signature) for signature in export.signatures)
        is_known = names_only_layers(module) if is_model else builds_only_weights(module)
        return GraphOrigin.KERAS if is_known else None
    if not isinstance(export.session, cst.Name):
        return None
    if imported_session(module, export.session, export.taking) is not None or _runs_import(module, export):
        return GraphOrigin.IMPORTED
    creation = created_session(module, export.session)
    if creation is None or module.function(creation) not in (module.function(export.taking), None):
        return None
    is_own = module.program.is_entry or next(graph_blocks(module, export.taking), None) is not None
    return GraphOrigin.IN_REACH if is_own and builds_only_weights(module) else None


def _is_keras_session(module: Module, session: cst.BaseExpression) -> bool:
    value: cst.BaseExpression | None = session
    if isinstance(session, cst.Name):
        found = module.bindings(session)
        value = found[0].value if len(found) == 1 else None
    return isinstance(value, cst.Call) and keras_name(module, value.func) == "backend.get_session"


def _is_of_model(module: Module, signature: Signature) -> bool:
    """Whether every tensor of a signature is an end of a Keras model."""
    inputs = model_tensors(module, signature.inputs, ("input", "inputs"))
    outputs = model_tensors(module, signature.outputs, ("output", "outputs"))
    return inputs is not None and outputs is not None


def _runs_import(module: Module, export: SessionExport) -> bool:
    """Whether the session runs the default graph, or the graph of an imported tensor, imported in the same function."""
    assert isinstance(export.session, cst.Name)
    creation = created_session(module, export.session)
    function = module.function(export.taking)
    if creation is None or module.function(creation) is not function:
        return False
    imports = [
        call
        for call in module.calls
        if module.resolve_call(call) in (GRAPH_DEF, META_GRAPH)
        and module.function(call) is function
        and module.before(call, export.taking)
    ]
    given = bound_arguments(creation, ("target", "graph", "config"))
    if not imports or given is None or module.resolve_call(creation) not in SESSIONS:
        return False
    if "graph" not in given:
        plain = [call for call in imports if next(graph_blocks(module, call), None) is None]
        return bool(plain) and next(graph_blocks(module, creation), None) is None
    graph = module.value(given["graph"].value)
    return isinstance(graph, cst.Attribute) and graph.attr.value == "graph" and _is_imported(module, graph.value)


def _is_imported(module: Module, tensor: cst.BaseExpression) -> bool:
    """Whether an expression is an element that `import_graph_def` returned, bound to a name."""
    while isinstance(tensor, cst.Subscript):
        tensor = tensor.value
    if not isinstance(tensor, cst.Name):
        return False
    found = module.bindings(tensor)
    value = found[0].value if len(found) == 1 else None
    return isinstance(value, cst.Call) and module.resolve_call(value) == GRAPH_DEF

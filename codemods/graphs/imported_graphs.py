"""Where a session runs an imported graph, a frozen GraphDef or a MetaGraph, and how to serve it natively."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.source.arguments import bound_arguments
from codemods.source.module import Module
from codemods.source.nodes import dotted
from codemods.source.scopes import BindingKind

SESSIONS = frozenset({"tensorflow.Session", "tensorflow.InteractiveSession"})
GRAPH_DEF = "tensorflow.import_graph_def"
META_GRAPH = "tensorflow.train.import_meta_graph"
_STATE = frozenset(
    f"tensorflow.{name}"
    for name in (
        "train.Saver",
        "train.import_meta_graph",
        "global_variables_initializer",
        "local_variables_initializer",
        "Variable",
        "get_variable",
        "placeholder",
        "placeholder_with_default",
    )
)
_LOGGING = frozenset({"print", "logging", "logger", "log", "LOGGER", "pprint"})


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """A session over an imported graph.

    Args:
        name: The session's variable.
        creation: The call of `Session`.
        imports: The calls that import the graph.
        has_state: The graph may hold variables: their values come from the session.
    """

    name: cst.Name
    creation: cst.Call
    imports: tuple[cst.Call, ...]
    has_state: bool


def imported_session(module: Module, session: cst.BaseExpression, site: cst.CSTNode) -> ImportedSession | None:
    """Return what is known of the session of an export, where the graph it runs is imported beside it."""
    if not isinstance(session, cst.Name):
        return None
    creation = created_session(module, session)
    if creation is None or module.function(creation) is not module.function(site):
        return None
    function = module.function(site)
    near = [call for call in module.calls if module.function(call) is function]
    imports = tuple(call for call in near if _imports_into(module, call, session, creation))
    if not imports:
        return None
    has_state = any(module.resolve_call(call) in _STATE for call in near) or any(map(_restores, near))
    return ImportedSession(session, creation, imports, has_state)


def created_session(module: Module, session: cst.Name) -> cst.Call | None:
    """Return the call that made the session, through `with sess as session`."""
    current = session
    for _ in range(4):
        found = module.bindings(current)
        if len(found) != 1 or found[0].kind not in (BindingKind.WITH, BindingKind.ASSIGN):
            return None
        value = found[0].value
        if isinstance(value, cst.Call) and module.resolve_call(value) in SESSIONS:
            return value
        if (
            isinstance(value, cst.Call)
            and _called_method(value) == "as_default"
            and isinstance(value.func, cst.Attribute)
        ):
            value = value.func.value
        if not isinstance(value, cst.Name):
            return None
        current = value
    return None


def _imports_into(module: Module, call: cst.Call, session: cst.Name, creation: cst.Call) -> bool:
    """Whether the call imports a graph into the graph of the session."""
    if module.resolve_call(call) not in (GRAPH_DEF, META_GRAPH):
        return False
    around = next(graph_blocks(module, call), None)
    if around is None:
        return False
    last = around.items[-1]
    entered = last.item
    if _creation_entered(module, last) is creation:
        return True
    graph = _graph_of(module, creation)
    if isinstance(entered, cst.Call) and isinstance(entered.func, cst.Attribute):
        of = entered.func.value
        spelled = dotted(of)
        if spelled is not None and graph is not None and spelled == dotted(graph):
            return _is_graph(module, graph)
        if spelled == f"{session.value}.graph":
            return True
    return graph is None and around in module.ancestors(creation)


def _creation_entered(module: Module, item: cst.WithItem) -> cst.Call | None:
    """Return the call that made the session which a `with` item enters."""
    entered = item.item
    if isinstance(entered, cst.Call):
        if module.resolve_call(entered) in SESSIONS:
            return entered
        if _called_method(entered) == "as_default" and isinstance(entered.func, cst.Attribute):
            entered = entered.func.value
    if isinstance(entered, cst.Name):
        return created_session(module, entered)
    return entered if isinstance(entered, cst.Call) and module.resolve_call(entered) in SESSIONS else None


def _graph_of(module: Module, creation: cst.Call) -> cst.BaseExpression | None:
    given = bound_arguments(creation, ("target", "graph", "config"))
    if given is None or "graph" not in given:
        return None
    return given["graph"].value


def _is_graph(module: Module, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Name):
        found = module.bindings(node)
        if len(found) == 1 and found[0].kind is BindingKind.WITH:
            value = found[0].value
            if isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute):
                node = value.func.value
    value = module.value(node)
    return isinstance(value, cst.Call) and module.resolve_call(value) == "tensorflow.Graph"


def graph_blocks(module: Module, node: cst.CSTNode) -> Iterator[cst.With]:
    """Yield the `with` blocks around a node, inside out, that enter a session or make a graph the default."""
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            return
        if isinstance(ancestor, cst.With) and any(_enters_graph(module, item) for item in ancestor.items):
            yield ancestor


def _enters_graph(module: Module, item: cst.WithItem) -> bool:
    entered = item.item
    if isinstance(entered, cst.Call):
        return module.resolve_call(entered) in SESSIONS or _called_method(entered) == "as_default"
    return isinstance(entered, cst.Name) and created_session(module, entered) is not None


def _called_method(call: cst.Call) -> str | None:
    return call.func.attr.value if isinstance(call.func, cst.Attribute) else None


def _restores(call: cst.Call) -> bool:
    return _called_method(call) in ("restore", "initializer", "run_init")


def is_logging(module: Module, statement: cst.CSTNode) -> bool:
    """Whether a statement does nothing but tell: a print, a log call, a string, `pass`."""
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    for part in statement.body:
        if isinstance(part, cst.Pass):
            continue
        if not isinstance(part, cst.Expr):
            return False
        if isinstance(part.value, cst.Call):
            name = module.resolve_call(part.value) or dotted(part.value.func) or ""
            if name.split(".")[0] not in _LOGGING and not name.startswith("tensorflow.logging."):
                return False
        elif not isinstance(part.value, (cst.SimpleString, cst.ConcatenatedString)):
            return False
    return True

"""Where the path that an op reads comes from: an asset of the model, its own checkpoint, or anything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from migrate.graph.tensor_name import TensorName, is_control, parse_tensor
from migrate.legacy.state import state_identity
from migrate.preflight.object_functions import LoadedFunction
from migrate.preflight.reach import Library, Reach, Standing
from migrate.preflight.runs import Given, Run

_PASSED_ON = frozenset(
    {"Identity", "RefIdentity", "StopGradient", "PreventGradient", "Enter", "RefEnter", "Exit", "Switch", "RefSwitch"}
)
# They give a path that begins with their first input and ends in numbers.
_NUMBERED = frozenset({"ShardedFilename", "ShardedFilespec"})
_ONE_OF_ALL = frozenset({"Merge", "RefMerge"})
_VARIABLE_USES = frozenset({"ReadVariableOp", "AssignVariableOp", "VarIsInitializedOp"})
# How many inputs of a node come before the arguments of the functions that it calls.
_SHIFTS = {"If": 1, "StatelessIf": 1, "Case": 1, "StatelessCase": 1}
_PASS_ALL = frozenset({"PartitionedCall", "StatefulPartitionedCall"})


class Safe(Enum):
    """A path within the model."""

    WITHIN = "a file of the model"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A path that is not known to lie in the model; `what` names it: `the file '/etc/passwd'`."""

    what: str


Origin = Safe | Elsewhere


class PathTracer:
    """Traces paths through one run of a model, through function calls too."""

    def __init__(self, library: Library, run: Run, reach: Reach) -> None:
        self._library = library
        self._run = run
        self._reach = reach
        self._bodies: dict[str, dict[str, Any]] = {}

    def is_empty_text(self, standing: Standing, place: int) -> bool:
        """Whether data input `place` of a node is the constant "", standing right beside it."""
        data = [edge for edge in standing.node.input if not is_control(edge)]
        node = self._node(standing.scope, data[place].partition(":")[0]) if place < len(data) else None
        return node is not None and node.op == "Const" and list(node.attr["value"].tensor.string_val) == [b""]

    def origins(self, standing: Standing, place: int) -> tuple[Origin, ...]:
        """Return where data input `place` of a node may come from; nowhere known is `Elsewhere`."""
        data = [edge for edge in standing.node.input if not is_control(edge)]
        if place >= len(data):
            return (Elsewhere("a path that the graph does not give it"),)
        found: dict[Origin, None] = {}
        seen: set[tuple[str, str]] = set()
        pending = [(standing.scope, data[place])]
        while pending:
            step = pending.pop()
            if step in seen:
                continue
            seen.add(step)
            for outcome in self._step(*step):
                if isinstance(outcome, tuple):
                    pending.append(outcome)
                else:
                    found[outcome] = None
        return tuple(found) or (Elsewhere("a path that is computed in a circle"),)

    def _step(self, scope: str, edge: str) -> Iterator[Origin | tuple[str, str]]:
        """Yield where one edge ends, or the edges that it comes from."""
        given = self._given(scope, edge)
        if given is not None:
            yield given
            return
        name = edge.partition(":")[0]
        node = self._node(scope, name)
        if node is None:
            yield from self._argument(scope, name)
            return
        data = [source for source in node.input if not is_control(source)]
        if node.op == "ReadVariableOp" and not scope:
            yield from self._written_to(data[0] if data else "")
        elif node.op in _ONE_OF_ALL and data:
            yield from ((scope, source) for source in data)
        elif data and (node.op in _PASSED_ON or node.op in _NUMBERED):
            yield scope, data[0]
        else:
            yield Elsewhere(_described(node))

    def _written_to(self, handle: str) -> Iterator[Origin | tuple[str, str]]:
        """Go on with what is assigned to a variable: the way in which TensorFlow 2 keeps the path of an asset.

        Only where nothing but plain reads and assignments in the graph has the variable in its hands.
        """
        variable = self._library.nodes.get(handle.partition(":")[0])
        users = self._users(variable.name) if variable is not None else []
        known = variable is not None and variable.op == "VarHandleOp" and self._is_only_handle(variable)
        if not known or any(user.op not in _VARIABLE_USES for user in users):
            yield Elsewhere("a path that a variable holds")
            return
        for user in users:
            if user.op == "AssignVariableOp":
                yield "", user.input[1]

    def _users(self, name: str) -> list[Any]:
        return [
            node
            for node in self._library.nodes.values()
            if any(not is_control(edge) and edge.partition(":")[0] == name for edge in node.input)
        ]

    def _is_only_handle(self, variable: Any) -> bool:
        bodies = [self._library.graph_def.node, *(body.node_def for body in self._library.functions.values())]
        handles = (node for body in bodies for node in body if node.op == "VarHandleOp")
        return [state_identity(node) for node in handles].count(state_identity(variable)) == 1

    def _given(self, scope: str, edge: str) -> Origin | None:
        tensor = None if scope else _tensor(edge)
        given = self._run.fed.get(tensor) if tensor is not None else None
        if given is Given.REQUEST:
            return Elsewhere("whatever file the client names")
        return Safe.WITHIN if given is not None else None

    def _node(self, scope: str, name: str) -> Any | None:
        return self._body(scope).get(name) if scope else self._library.nodes.get(name)

    def _body(self, function: str) -> dict[str, Any]:
        if function not in self._bodies:
            self._bodies[function] = {node.name: node for node in self._library.functions[function].node_def}
        return self._bodies[function]

    def _argument(self, scope: str, name: str) -> Iterator[Origin | tuple[str, str]]:
        """Go on where a function is called; an argument that the loader binds is an asset or it is not."""
        function = self._library.functions.get(scope)
        names = [argument.name for argument in function.signature.input_arg] if function is not None else []
        if name not in names:
            yield Elsewhere("a path from a node that is not there")
            return
        place = names.index(name)
        callers = self._reach.callers.get(scope, ())
        loaders = [loaded for loaded in self._run.functions if loaded.name == scope]
        yield from (self._given_by(caller, scope, place) for caller in callers)
        yield from (_bound(loaded, place - len(names)) for loaded in loaders)
        if not callers and not loaders:
            yield Elsewhere("a path that no caller gives")

    def _given_by(self, caller: Standing, function: str, place: int) -> Origin | tuple[str, str]:
        node = caller.node
        if node.op != function and node.op not in _PASS_ALL and node.op not in _SHIFTS:
            return Elsewhere(f"a path that the op {node.op} hands to a function")
        data = [edge for edge in node.input if not is_control(edge)]
        place += _SHIFTS.get(node.op, 0)
        return (caller.scope, data[place]) if place < len(data) else Elsewhere("a path that no caller gives")


def _bound(loaded: LoadedFunction, place: int) -> Origin:
    """Tell what the loader binds to an argument, counted from the end: -1 is the last."""
    is_asset = -len(loaded.asset_arguments) <= place < 0 and loaded.asset_arguments[place]
    return Safe.WITHIN if is_asset else Elsewhere("a path that the loader does not bind to an asset")


def _described(node: Any) -> str:
    if node.op == "Const":
        values = node.attr["value"].tensor.string_val
        if len(values) == 1:
            return f"the file {values[0].decode('utf-8', 'backslashreplace')!r}"
        return "files that a constant names"
    return f"a path that is computed in the graph ({node.op})"


def _tensor(edge: str) -> TensorName | None:
    try:
        return parse_tensor(edge)
    except ValueError:
        return None

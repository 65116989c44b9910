"""What running a signature does besides giving its outputs: assignments, insertions, checks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any

from migrate.graph.tensor_name import is_control, source_node
from migrate.legacy.state import TABLE_NODE_OPS, VARIABLE_NODE_OPS
from migrate.tensorflow_private.op_defs import op_def
from migrate.verify.graph_view import Frame, GraphView, Tensor
from migrate.verify.node_facts import canonical_op, functions_of

# Stateful by their OpDef, yet they make, hold or read state.
_WITHOUT_EFFECT = frozenset({
    *VARIABLE_NODE_OPS, *TABLE_NODE_OPS, "ReadVariableOp", "ResourceGather", "ResourceGatherNd", "VarIsInitializedOp",
    "VariableShape", "LookupTableFindV2", "LookupTableSizeV2", "Placeholder", "PlaceholderWithDefault",
    "StatefulPartitionedCall", "If", "While", "Case",
})  # fmt: skip

Act = tuple[Frame, Any]


@lru_cache(maxsize=4096)
def has_effect(op: str) -> bool:
    """Tell whether an op changes something, draws by chance or checks; calls and branches do what is in them."""
    canonical = canonical_op(op)
    definition = op_def(canonical)
    return canonical not in _WITHOUT_EFFECT and definition is not None and bool(definition.is_stateful)


class Effects:
    """Finds the nodes with an effect that a run reaches.

    Args:
        view: the graph.
        parts: the functions that count as a part of their callers; a call of another is one act.
    """

    def __init__(self, view: GraphView, parts: Collection[str]) -> None:
        self._view = view
        self._parts = parts
        self._functions: dict[str, bool] = {}

    def of(self, frame: Frame, roots: Iterable[str]) -> Iterator[Act]:
        """Yield the acts that `roots`, nodes of a frame, need, in a stable order."""
        nodes = self._view.nodes(frame.scope)
        pending = list(dict.fromkeys(roots))
        seen = set(pending)
        while pending:
            node = nodes.get(pending.pop())
            if node is None:
                continue
            called = self._view.called(node)
            if called is not None and called in self._parts:
                inside = self._view.inside(frame, node)
                yield from self.of(inside, self._view.ends(inside))
            elif self._acts(node, called):
                yield frame, node
            for edge in node.input:
                if self._is_fed(frame, edge):
                    continue
                name = source_node(edge)
                if name not in seen:
                    seen.add(name)
                    pending.append(name)

    def _is_fed(self, frame: Frame, edge: str) -> bool:
        if is_control(edge) or frame is not self._view.graph:
            return False
        tensor: Tensor = self._view.edge(frame, edge)
        return self._view.is_fed(tensor)

    def _acts(self, node: Any, called: str | None) -> bool:
        if called is not None:
            return self._does_something(called)
        return has_effect(node.op) or any(map(self._does_something, functions_of(node).values()))

    def _does_something(self, function: str) -> bool:
        if function not in self._view.functions:
            return False
        if function not in self._functions:
            self._functions[function] = False  # while it is looked at: functions may call each other
            self._functions[function] = any(
                self._acts(node, self._view.called(node)) for node in self._view.nodes(function).values()
            )
        return self._functions[function]

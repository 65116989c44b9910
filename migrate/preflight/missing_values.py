"""Finds out whether a model can do anything at all without the values that nothing gives its variables.

Local and scratch variables have no value when a model is loaded: signatures set them. What reads one before fails, in
TensorFlow 1 and in the new model. That is no reason to refuse the model while anything of it can run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrate.graph.tensor_name import is_control, source_node
from migrate.legacy.initialization import Initialization, variable_writes
from migrate.legacy.state import VARIABLE_NODE_OPS, LegacyVariable
from migrate.preflight.problem import Problem, ProblemKind

# These ask whether there is a value, or take it into a branch that may not be run.
_MAY_NOT_READ = frozenset(
    {"IsVariableInitialized", "VarIsInitializedOp", "RefSwitch", "Switch", "If", "StatelessIf", "Case", "StatelessCase"}
)


@dataclass(frozen=True, slots=True)
class Touched:
    """The variables that are used together: by a signature, or by the init op where `signature` is None.

    Attributes:
        used: the variable nodes whose value is needed in any case.
        written: those that are written to.
    """

    signature: str | None
    used: frozenset[str]
    written: frozenset[str]

    @classmethod
    def by(cls, signature: str | None, nodes: Iterable[Any], functions: Mapping[str, Any]) -> Touched:
        """Return the variables of these nodes."""
        by_name = {node.name: node for node in nodes}
        used = {
            source_node(edge)
            for node in by_name.values()
            for edge in node.input
            if node.op not in _MAY_NOT_READ and not is_control(edge)
        }
        variables = {name for name, node in by_name.items() if node.op in VARIABLE_NODE_OPS}
        written = {each for _, found in variable_writes(by_name, by_name, functions) for each in found}
        return cls(signature, frozenset(variables & used), frozenset(variables & written))


def check_values(
    variables: Iterable[LegacyVariable], initialization: Initialization, touched: Sequence[Touched]
) -> Iterator[Problem]:
    """Yield what stands against loading a model, or against running anything of it, for want of a value."""
    given = initialization.variables | initialization.path_variables
    missing = {
        node: each.name
        for each in variables
        if each.stored is None and given.isdisjoint(each.nodes)
        for node in each.nodes
    }
    written = frozenset(node for each in touched if each.signature is not None for node in each.written)
    nowhere_set = frozenset(missing) - written
    needed = {each.signature: sorted(each.used & nowhere_set) for each in touched if each.signature is not None}
    if needed and all(needed.values()):
        for name in dict.fromkeys(missing[node] for nodes in needed.values() for node in nodes):
            yield _problem(
                name, "is in use, but neither the checkpoint nor the init op nor a signature gives it a value"
            )
    for name in sorted(
        {missing[node] for each in touched if each.signature is None for node in each.used & set(missing)}
    ):
        yield _problem(name, "is read by the init op, but has no value, so that TensorFlow 1 cannot load the model")


def _problem(variable: str, what: str) -> Problem:
    message = f"the variable {variable!r} {what}; export the model with all its variables."
    return Problem(ProblemKind.NO_VALUE, "", variable, message)

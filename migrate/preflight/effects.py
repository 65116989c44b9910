"""Finds what a model would do outside of the process: in anything that loading, restoring or calling it could run.

The check is closed: an op passes when it is judged to stay inside the process (`judged_ops.txt`), when all that it
reads lies in the model, or when the user allows it by name. `inspect`, `rewrap`, `verify` and `migrate.shim.load` all
ask here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from migrate.graph.tensor_name import is_control
from migrate.preflight.allowed_ops import AllowedOps
from migrate.preflight.judged_ops import Judgement, effect_of, path_inputs
from migrate.preflight.paths import Elsewhere, PathTracer
from migrate.preflight.problem import Problem, ProblemKind
from migrate.preflight.reach import Library, Standing
from migrate.preflight.runs import Phase, Run, runs_of
from migrate.preflight.side_effects import SIDE_EFFECTS
from migrate.tensorflow_private.op_defs import op_def


@dataclass(frozen=True, slots=True)
class Effect:
    """What a node does outside of the process.

    Attributes:
        kind: what sort of effect it is.
        op: the op.
        does: completes "the op ...".
        phase: when.
        place: `scope/node`, within its function where it is in one.
    """

    kind: ProblemKind
    op: str
    does: str
    phase: Phase
    place: str


def effects_of(meta_graph: Any) -> tuple[Effect, ...]:
    """Return every effect of a MetaGraphDef, those that the user may allow too."""
    library = Library(meta_graph.graph_def)
    found = [effect for run in runs_of(meta_graph) for effect in _effects_of_run(library, run)]
    return tuple(dict.fromkeys((*found, *_effects_of_import(library))))


def effects_of_run(graph_def: Any, run: Run) -> tuple[Effect, ...]:
    """Return every effect of one run of a graph."""
    return tuple(_effects_of_run(Library(graph_def), run))


def check_effects(meta_graph: Any, allowed: AllowedOps) -> tuple[Problem, ...]:
    """Return what stands against executing a model, one problem for each op and cause."""
    return _problems(effects_of(meta_graph), allowed)


def check_run(graph_def: Any, run: Run, allowed: AllowedOps) -> tuple[Problem, ...]:
    """Return what stands against one run of a graph: tensors fetched by name, say."""
    return _problems(effects_of_run(graph_def, run), allowed)


def _effects_of_run(library: Library, run: Run) -> Iterator[Effect]:
    reach = library.reach(run)
    tracer = PathTracer(library, run, reach)
    for standing in reach.nodes:
        if standing.node.op in library.functions:
            continue
        effect = effect_of(standing.node)
        if effect is Judgement.PURE or (effect is None and op_def(standing.node.op) is None):
            continue
        does = _does(effect, standing, tracer)
        if does is not None:
            yield _effect(effect, standing, does, run.phase)


def _does(effect: Judgement | None, standing: Standing, tracer: PathTracer) -> str | None:
    """Complete "the op ...", or return None where all that the node opens lies in the model."""
    if effect is None:
        return "is not on the list of ops that are known to stay inside the process, so it could do anything"
    does = SIDE_EFFECTS[effect].does
    places = [place.index for place in path_inputs(standing.node.op)]
    if not places:
        return does
    if effect is Judgement.WRITES_CACHE:
        # Without a path the cache is kept in memory.
        return None if all(tracer.is_empty_text(standing, place) for place in places) else does
    origins = [origin for place in places for origin in tracer.origins(standing, place)]
    elsewhere = dict.fromkeys(origin.what for origin in origins if isinstance(origin, Elsewhere))
    return f"{does} ({', '.join(elsewhere)}: no asset of the model)" if elsewhere else None


def _effects_of_import(library: Library) -> Iterator[Effect]:
    """Yield what TensorFlow may execute when it reads a graph, before anything is run.

    To infer shapes it computes constants out of constants, by stateless ops (core/common_runtime/eval_const_tensor.cc).
    Reading a file that way leaves no trace.
    """
    for scope, body in (("", library.graph_def.node), *((f, d.node_def) for f, d in library.functions.items())):
        nodes: dict[str, Any] = {}
        for node in body:
            effect = Judgement.PURE if node.op in library.functions else effect_of(node)
            if effect in _UNTOLD or not _is_stateless(node.op):
                continue
            nodes = nodes or {each.name: each for each in body}
            if _is_made_of_constants(nodes, node):
                yield _effect(effect, Standing(scope, node), SIDE_EFFECTS[effect].does, Phase.IMPORT)


_UNTOLD = (
    None,
    Judgement.PURE,
    Judgement.PYTHON,  # no function is registered that it could call
    Judgement.READS_FILES,
    Judgement.READS_TABLE,
    Judgement.READS_CHECKPOINT,
)


def _is_made_of_constants(nodes: dict[str, Any], node: Any) -> bool:
    seen: set[str] = set()
    pending = [node]
    while pending:
        one = pending.pop()
        if not _is_stateless(one.op) or (one.op.startswith("Placeholder") and one.op != "PlaceholderWithDefault"):
            return False
        names = [edge.partition(":")[0] for edge in one.input if not is_control(edge)]
        if any(name not in nodes for name in names):  # a function's argument
            return False
        pending += [nodes[name] for name in names if name not in seen]
        seen.update(names)
    return True


@cache
def _is_stateless(op: str) -> bool:
    definition = op_def(op)
    return definition is not None and not definition.is_stateful


def _effect(effect: Judgement | None, standing: Standing, does: str, phase: Phase) -> Effect:
    kind = ProblemKind.UNJUDGED if effect is None else SIDE_EFFECTS[effect].kind
    place = f"{standing.node.name} in function {standing.scope}" if standing.scope else standing.node.name
    return Effect(kind, standing.node.op, does, phase, place)


def _problems(effects: tuple[Effect, ...], allowed: AllowedOps) -> tuple[Problem, ...]:
    groups: dict[tuple[ProblemKind, str, str], list[Effect]] = {}
    for effect in effects:
        if effect.kind is ProblemKind.PYTHON or effect.op not in allowed:
            groups.setdefault((effect.kind, effect.op, effect.does), []).append(effect)
    return tuple(_problem(group) for group in groups.values())


def _problem(group: list[Effect]) -> Problem:
    """One problem for all nodes of a kind: it names the first and counts the rest."""
    first = group[0]
    places = len({effect.place for effect in group})
    more = f" and {places - 1} more" if places > 1 else ""
    if first.kind is ProblemKind.PYTHON:
        remedy = "which is not stored in the model; replace it by TensorFlow ops and export the model again"
        message = f"the op {first.op} {first.does}, {remedy}"
    else:
        remedy = f"pass --allow-ops {first.op} if you trust the model, or export it without"
        message = f"the op {first.op} {first.does}, {first.phase.value}; {remedy}"
    return Problem(first.kind, first.op, first.place, f"{message} (node {first.place}{more}).")

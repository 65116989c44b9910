"""The original, run by the TF1 loader: the truth that a new model is held against."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tensorflow as tf

from migrate.errors import UnreadableModelError
from migrate.files.plain_paths import is_plain
from migrate.method_names.proto_file import proto_path
from migrate.verify.both_sides import exercise
from migrate.verify.decisions import Decisions, decisions
from migrate.verify.edited_copy import Edit, draw_anew, edited_copy, lost_kernels, replace_lost_kernels
from migrate.verify.error_text import first_line, lacks_a_value
from migrate.verify.inputs import Plan, RequestPlanner
from migrate.verify.native_model import NativeModel
from migrate.verify.needed_nodes import keep_what_is_needed
from migrate.verify.proof import ProofOptions
from migrate.verify.request_limit import RequestTimeoutError
from migrate.verify.session_model import SessionModel
from migrate.verify.signature_tensors import Values, client_signatures, slot_tensors
from migrate.verify.stateful import changes_state
from migrate.verify.table_contents import Content, session_contents
from migrate.verify.weights import ReferenceState, native_state, reference_state


@dataclass(frozen=True, slots=True)
class Run:
    """What one signature gave: an output per request, or the error of the first that failed or took too long."""

    signature: Any
    requests: tuple[Values, ...]
    outputs: tuple[Values, ...] = ()
    error: str = ""
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """What the original gave a second time, from a fresh state and with other random numbers."""

    state: ReferenceState
    runs: Mapping[str, Run]


@dataclass(frozen=True, slots=True)
class Reference:
    """The original's variables after its init op, and every signature's outputs in the order of their keys.

    `tables` holds what its mutable tables held when it had been loaded, by their names. `run_again` tells what of it
    depends on chance.
    """

    state: ReferenceState
    runs: Mapping[str, Run]
    graph: tf.Graph
    notes: tuple[str, ...]
    run_again: Callable[[], Again]
    tables: Mapping[str, Content] = field(default_factory=dict)


def run_requests(runner: Callable[[Values], Values], requests: Iterable[Values]) -> Run:
    """Run the requests one after the other; the first error ends it."""
    given = tuple(requests)
    outputs: list[Values] = []
    for number, request in enumerate(given, start=1):
        try:
            outputs.append(runner(request))
        except RequestTimeoutError as error:
            return Run(None, given, tuple(outputs), f"{error} (request {number})", timed_out=True)
        except Exception as error:  # TensorFlow raises errors of many classes here.
            return Run(None, given, tuple(outputs), f"request {number}: {first_line(error)}")
    return Run(None, given, tuple(outputs))


def run_reference(old: Path, tags: frozenset[str], meta_graph: Any, options: ProofOptions) -> Reference:
    """Load the original, find requests that it answers, and keep what it gives.

    Raises:
        UnreadableModelError: the TF1 loader cannot load it.
    """
    notes: list[str] = []
    edits: tuple[Edit, ...] = ()
    lost = lost_kernels(meta_graph)
    if lost:
        edits = (replace_lost_kernels,)
        notes.append(f"the original was run with stock ops in place of {', '.join(lost)}, which has no kernel here")
    with ExitStack() as stack:
        model, edits, reason = _loaded_as_far_as_needed(stack, old, tags, meta_graph, edits, options)
        if reason:
            notes.append(
                f"the original was run without the nodes that no signature, init op or restore needs, as TensorFlow "
                f"{tf.__version__} cannot load it whole: {reason}"
            )
        state, tables = _state(model, options), session_contents(model)
        if state.uninitialised:
            notes.append(f"{len(state.uninitialised)} variables have no value in the original, either")
        planner = RequestPlanner(model, options, proto_path(old))
        runs: dict[str, Run] = {}
        retried = False
        for key, signature in client_signatures(meta_graph).items():
            runs[key], tried = _tried(model, meta_graph, key, signature, planner)
            retried = retried or tried
        for key in [key for key, run in runs.items() if lacks_a_value(run.error)]:
            # Another signature may have set the variable by now; from here on this one comes after it.
            signature, retried = runs.pop(key).signature, True
            runs[key], _ = _tried(model, meta_graph, key, signature, planner)
            if lacks_a_value(runs[key].error):
                notes.append(f"signature {key!r} reads a variable that nothing has set, and fails in the original")
        notes += planner.notes
        if model.devices_cleared:
            notes.append("the original was loaded with its device placements cleared")
        if model.tables_initialised_by_collection:
            notes.append(
                "the TF1 loader leaves the original's tables empty; they were filled by its table_initializer "
                "collection for the comparison"
            )
        graph, needs_tables = model.graph, model.tables_initialised_by_collection
        fetches = [each.tensor for run in runs.values() for each in slot_tensors(run.signature.outputs)]
        may_have_changed = retried and changes_state(meta_graph.graph_def, fetches)
    afresh = functools.partial(_run_afresh, old, tags, runs, needs_tables, options)
    if may_have_changed:
        runs = dict(afresh(edits).runs)
    return Reference(state, runs, graph, tuple(notes), functools.partial(afresh, (*edits, draw_anew)), tables)


def _loaded_as_far_as_needed(
    stack: ExitStack,
    old: Path,
    tags: frozenset[str],
    meta_graph: Any,
    edits: tuple[Edit, ...],
    options: ProofOptions,
) -> tuple[SessionModel, tuple[Edit, ...], str]:
    """Load the original whole or else what is needed of it; return the edits, and why it was not whole."""
    try:
        return stack.enter_context(_loaded(old, tags, edits, options)), edits, ""
    except UnreadableModelError as error:
        if isinstance(error.__cause__, RequestTimeoutError) or meta_graph.HasField("object_graph_def"):
            raise
        cause = error.__cause__ or error
    edits = (*edits, keep_what_is_needed)
    return stack.enter_context(_loaded(old, tags, edits, options)), edits, first_line(cause)


@contextmanager
def _loaded(old: Path, tags: frozenset[str], edits: tuple[Edit, ...], options: ProofOptions) -> Iterator[SessionModel]:
    with ExitStack() as stack:
        place = stack.enter_context(edited_copy(old, tags, edits)) if edits or not is_plain(old) else old
        try:
            model = SessionModel(place, tags, options.seconds_per_request)
        except Exception as error:  # as above
            raise UnreadableModelError(
                f"{old} cannot be loaded by the TF1 loader, so there is nothing to compare with: {first_line(error)}"
            ) from error
        yield stack.enter_context(model)


def _state(model: SessionModel, options: ProofOptions) -> ReferenceState:
    if model.meta_graph.HasField("object_graph_def"):
        seconds = options.seconds_per_request
        return native_state(NativeModel(model.export_dir, model.tags, seconds_per_request=seconds))
    return reference_state(model)


def _find_requests(model: SessionModel, key: str, signature: Any, planner: RequestPlanner) -> tuple[Run, Plan, int]:
    """Try one plan after the other until the original answers; else return the first plan's error."""
    answers = functools.partial(model.run, signature)
    first: tuple[Run, Plan] | None = None
    tries = 0
    for plan in planner.plans(key, signature):
        tries += 1
        run = run_requests(answers, plan.requests)
        if "table not initialized" in run.error.lower() and model.initialise_tables():
            run = run_requests(answers, plan.requests)
        run = replace(run, signature=signature)
        if not run.error or run.timed_out:
            return run, plan, tries
        first = first or (run, plan)
    assert first is not None, "a planner gives at least one plan"
    return *first, tries


def _tried(model: SessionModel, meta_graph: Any, key: str, signature: Any, planner: RequestPlanner) -> tuple[Run, bool]:
    """Run a signature with all requests there are for it; tell whether more ran than what is kept."""
    run, plan, tries = _find_requests(model, key, signature, planner)
    if run.error:
        return run, tries > 1
    warmed = _with_warmups(model, key, run, planner)
    conditions = _conditions(meta_graph, run)
    exercised, note = _both_ways(model, warmed, plan, conditions)
    planner.notes += [f"signature {key!r}: {note}"] if note else []
    return exercised, tries + len(planner.warmups(key)) > 1 or bool(conditions.tensors)


def _conditions(meta_graph: Any, run: Run) -> Decisions:
    feeds = [each.tensor for each in slot_tensors(run.signature.inputs)]
    return decisions(meta_graph.graph_def, [each.tensor for each in slot_tensors(run.signature.outputs)], feeds)


def _both_ways(model: SessionModel, run: Run, plan: Plan, conditions: Decisions) -> tuple[Run, str]:
    """Add requests that the original answers and that take sides of its conditions which no other took."""

    def answer(request: Values) -> Values | None:
        given = run_requests(functools.partial(model.run, run.signature), (request,))
        return None if given.error else given.outputs[0]

    probe = functools.partial(model.probe, run.signature)
    found = exercise(conditions, run.requests, plan.further(), probe, answer)
    requests, outputs = (*run.requests, *found.added), (*run.outputs, *found.outputs)
    return replace(run, requests=requests, outputs=outputs), found.note


def _with_warmups(model: SessionModel, key: str, run: Run, planner: RequestPlanner) -> Run:
    """Add the warm-up requests that the original answers."""
    answers = functools.partial(model.run, run.signature)
    for number, request in enumerate(planner.warmups(key), start=1):
        found = run_requests(answers, (request,))
        if found.error:
            planner.notes.append(f"warm-up request {number} of {key!r} fails in the original: {found.error}")
        else:
            run = Run(run.signature, (*run.requests, request), (*run.outputs, *found.outputs))
    return run


def _run_afresh(
    old: Path,
    tags: frozenset[str],
    runs: Mapping[str, Run],
    needs_tables: bool,
    options: ProofOptions,
    edits: tuple[Edit, ...],
) -> Again:
    with _loaded(old, tags, edits, options) as model:
        state = _state(model, options)
        if needs_tables:
            model.initialise_tables()
        found = {}
        for key, run in runs.items():
            if run.timed_out:
                found[key] = run
                continue
            # A signature that fails may change state before it does.
            again = run_requests(functools.partial(model.run, run.signature), run.requests)
            found[key] = replace(again, signature=run.signature)
        return Again(state, found)

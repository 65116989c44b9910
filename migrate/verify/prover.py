"""Proves a new model against the old one: loads both every way, runs every signature, compares.

Every side is loaded fresh and gets the same requests in the same order, so that models that change on every call agree.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tensorflow as tf

from migrate.errors import Tf1to2Error
from migrate.files.disk import full_disk
from migrate.files.scratch import temporary_folder
from migrate.legacy.loadable import loadable
from migrate.legacy.saved_model import read_saved_model
from migrate.legacy.tags import listed, no_such_tags, several_tags
from migrate.preflight.ops import load_op_libraries
from migrate.preflight.problems import refuse_unsafe
from migrate.verify.compare import Comparison, compare, same_kind, worst
from migrate.verify.contract import compare_assets, compare_signatures, path_left_behind
from migrate.verify.error_text import first_line, lacks_a_value
from migrate.verify.moved_copy import moved_copy
from migrate.verify.native_model import NativeModel
from migrate.verify.original import parts_apart
from migrate.verify.proof import Loading, Outcome, Proof, ProofOptions, SignatureCheck, WeightCheck
from migrate.verify.reference import Again, Reference, Run, run_reference, run_requests
from migrate.verify.session_model import SessionModel
from migrate.verify.signature_tensors import Array, Slot, Values, client_signatures
from migrate.verify.structure import Structure, compare_structure
from migrate.verify.table_contents import content_differences, native_contents, session_contents
from migrate.verify.weights import changed_variables, compare_weights


def prove_here(old: Path, new: Path, options: ProofOptions) -> Proof:
    """Compare two models in this process, which must run TensorFlow eagerly.

    Raises:
        Tf1to2Error: the old model cannot serve as the reference: it is unreadable, does not load, has several
            MetaGraphDefs and no tags were given; or this process has eager execution off.
        RefusedModelError: one of the two would do something outside of the process that `options` does not allow.
    """
    if not tf.executing_eagerly():
        raise Tf1to2Error("verification needs eager execution, which is off here; run it in a fresh process.")
    started = time.perf_counter()
    load_op_libraries(options.model.op_libraries)
    with loadable(old, options.model.asked) as place:
        tags, old_graph, new_graph, failures = _matching_meta_graphs(old, place, new, options.model.tags)
        for model, meta_graph in ((old, old_graph), (new, new_graph)):
            if meta_graph is not None:
                refuse_unsafe(meta_graph, model, options.model.allowed)
        proof = Proof(str(old), str(new), tuple(sorted(tags)), failures=failures)
        if new_graph is not None:
            proof = _Prover(place, new, tags, options).prove(proof, old_graph, new_graph)
    return replace(proof, seconds=time.perf_counter() - started)


def _matching_meta_graphs(
    old: Path, place: Path, new: Path, old_tags: frozenset[str] | None
) -> tuple[frozenset[str], Any, Any | None, tuple[str, ...]]:
    """Find the MetaGraphDef of `old`, loadable at `place`, to compare and the one of `new` with the same tags."""
    by_tags = _meta_graphs(place)
    new_by_tags = _meta_graphs(new)
    if old_tags is None:
        common = [tags for tags in by_tags if tags in new_by_tags]
        candidates = list(by_tags) if len(by_tags) == 1 else common
        if len(candidates) != 1:
            raise several_tags(old, by_tags)
        old_tags = candidates[0]
    if old_tags not in by_tags:
        raise no_such_tags(old, old_tags, by_tags)
    if old_tags not in new_by_tags:
        reason = f"the tags are {listed(new_by_tags)} in place of {listed([old_tags])}"
        return old_tags, by_tags[old_tags], None, (reason,)
    return old_tags, by_tags[old_tags], new_by_tags[old_tags], ()


def _meta_graphs(model: Path) -> dict[frozenset[str], Any]:
    return {frozenset(graph.meta_info_def.tags): graph for graph in read_saved_model(model).meta_graphs}


_RUNS_AGAIN = 4
Runner = Callable[[str, Any, Values], Values]


@dataclass(frozen=True, slots=True)
class _Prover:
    old: Path
    new: Path
    tags: frozenset[str]
    options: ProofOptions

    def prove(self, proof: Proof, old_graph: Any, new_graph: Any) -> Proof:
        reference = run_reference(self.old, self.tags, old_graph, self.options)
        signatures = compare_signatures(old_graph, new_graph, reference.graph)
        assets = compare_assets(self.old, self.new, old_graph, new_graph)
        structure = compare_structure(
            self.old, old_graph, self.new, new_graph, is_only=len(_meta_graphs(self.new)) == 1
        )
        proof = replace(
            proof,
            contract=(*signatures.contract, *assets.contract, *path_left_behind(self.old, self.new)),
            structure=structure.differences,
            notes=(*reference.notes, *signatures.notes, *assets.notes, *structure.notes),
        )
        missing = frozenset(reference.runs.keys() - client_signatures(new_graph).keys())
        judge = _Judge(self, reference, missing, structure)
        with moved_copy(self.new) as copy:
            proof = self._in_session(proof, judge, copy, new_graph)
            return self._natively(proof, judge, copy, new_graph)

    def _in_session(self, proof: Proof, judge: _Judge, copy: Path, new_graph: Any) -> Proof:
        try:
            model = SessionModel(copy, self.tags, self.options.seconds_per_request)
        except Exception as error:  # TensorFlow raises errors of many classes here.
            return _added(proof, [], (f"the TF1 loader cannot load the new model: {first_line(error)}",))
        with model:
            proof = replace(proof, structure=(*proof.structure, *judge.session_tables(model)))
            signatures = client_signatures(new_graph)
            return _added(proof, judge.checks(Loading.TF1_SESSION, lambda k, _, r: model.run(signatures[k], r)), ())

    def _natively(self, proof: Proof, judge: _Judge, copy: Path, new_graph: Any) -> Proof:
        try:
            model = self._native(copy, self.tags, new_graph)
        except Exception as error:  # as above
            return _added(proof, [], (f"tf.saved_model.load cannot load the new model: {first_line(error)}",))
        weights = judge.weights(model)
        tables = judge.native_tables(model)
        proof = replace(
            proof,
            notes=(*proof.notes, *judge.renamed_inputs(model)),
            structure=(*proof.structure, *tables),
        )
        with tempfile.TemporaryDirectory(prefix="tf1to2-second-") as folder:
            saved = Path(folder) / "saved"
            # Saved before anything runs, so that a counter starts where the original's did.
            unsavable: frozenset[str] = frozenset()
            cause = _cause(functools.partial(model.save, saved, unsavable))
            if cause and model.unsavable_signatures():
                unsavable = model.unsavable_signatures()
                shutil.rmtree(saved, ignore_errors=True)
                cause = _cause(functools.partial(model.save, saved, unsavable))
                proof = replace(proof, notes=(*proof.notes, _unsavable_note(unsavable)))
            proof = _added(replace(proof, weights=weights), judge.checks(Loading.TF2, model.run), ())
            # Two copies of a large model need not be in memory at once; the objects of a loaded model refer in circles.
            del model
            gc.collect()
            return self._second_save(proof, judge, saved, cause, unsavable, new_graph)

    def _native(self, folder: Path, tags: frozenset[str], new_graph: Any) -> NativeModel:
        signatures = client_signatures(new_graph)
        return NativeModel(folder, tags, signatures, seconds_per_request=self.options.seconds_per_request)

    def _second_save(
        self, proof: Proof, judge: _Judge, saved: Path, cause: str, unsavable: frozenset[str], new_graph: Any
    ) -> Proof:
        if cause:
            return _added(proof, [], (f"a second save of the loaded model fails: {cause}",))
        with moved_copy(saved) as second:
            try:
                # Plain TensorFlow always saves under the tag `serve`.
                model = self._native(second, frozenset({"serve"}), new_graph)
            except Exception as error:  # as above
                return _added(proof, [], (f"a second save does not load: {first_line(error)}",))
            return _added(proof, judge.checks(Loading.SECOND_SAVE, model.run, unsavable), ())


def _unsavable_note(keys: frozenset[str]) -> str:
    listed = ", ".join(map(repr, sorted(keys)))
    return f"plain TensorFlow refuses to save the input names of {listed} again; the second save was compared without"


def _cause(action: Callable[[], None]) -> str:
    try:
        action()
    except Exception as error:  # as above
        if full_disk(error, temporary_folder()):  # that is no fault of the model
            raise
        return first_line(error)
    return ""


def _added(proof: Proof, checks: Any, failures: tuple[str, ...]) -> Proof:
    return replace(proof, checks=(*proof.checks, *checks), failures=(*proof.failures, *failures))


class _Judge:
    """Compares what a loaded model holds and gives with what the reference held and gave."""

    def __init__(
        self, prover: _Prover, reference: Reference, missing: frozenset[str], structure: Structure | None = None
    ) -> None:
        self.reference = reference
        self._structure = structure or Structure()
        self.missing = missing
        self._prover = prover
        self._again: list[Again] = []

    def weights(self, model: NativeModel) -> WeightCheck:
        """Compare the variables; those that the original's init op fills by chance are named, not compared."""
        found = compare_weights(self.reference.state, model)
        if not found.differences:
            return found
        by_chance = changed_variables(self.reference.state, next(self._runs_again()).state)
        has_parts = any(state.parts for _, state in self.reference.state.variables)
        apart = parts_apart(self._prover.old, self._prover.tags) if has_parts else frozenset()
        return compare_weights(self.reference.state, model, by_chance, apart) if by_chance or apart else found

    def session_tables(self, model: SessionModel) -> tuple[str, ...]:
        """Compare what the mutable tables of a Session hold before any request."""
        found = session_contents(model) if self.reference.tables else {}
        named = {old: found[new] for old, new in self._structure.tables.items() if new in found}
        return tuple(content_differences(self.reference.tables, named, "a Session"))

    def native_tables(self, model: NativeModel) -> tuple[str, ...]:
        """Compare what the mutable tables of a loaded model hold before any request."""
        places = {old: place for old, place in self._structure.objects.items() if old in self.reference.tables}
        found = native_contents(model, self.reference.graph, places)
        return tuple(content_differences(self.reference.tables, found, "the loaded model"))

    def renamed_inputs(self, model: NativeModel) -> Iterator[str]:
        """Tell which inputs a TF2 caller gives under another name, because their key can be none."""
        for key, run in self.reference.runs.items():
            if key in self.missing:
                continue
            with contextlib.suppress(KeyError):
                for slot, argument in model.renamed_inputs(key, run.signature).items():
                    yield f"signature {key!r}: tf.saved_model.load takes the input {slot!r} as {argument!r}"

    def checks(
        self, loading: Loading, runner: Runner, left_out: frozenset[str] = frozenset()
    ) -> Iterator[SignatureCheck]:
        """Run every signature but those left out with the reference's requests, in the reference's order."""
        for key, run in self.reference.runs.items():
            if key in left_out:
                # It may change what the others give.
                run_requests(functools.partial(runner, key, run.signature), run.requests)
                continue
            yield self._check(key, run, loading, runner)

    def _check(self, key: str, run: Run, loading: Loading, runner: Runner) -> SignatureCheck:
        if not run.error and key in self.missing:
            return SignatureCheck(key, loading, Outcome.DIFFERENT, reason="the new model has no such signature")
        if run.timed_out:
            return SignatureCheck(key, loading, Outcome.NOT_RUN, reason=f"the original gives {run.error}")
        found = run_requests(lambda request: runner(key, run.signature, request), run.requests)
        if lacks_a_value(run.error) and lacks_a_value(found.error) and len(found.outputs) == len(run.outputs):
            return self._compared(key, replace(run, requests=run.requests[: len(run.outputs)]), found.outputs, loading)
        if run.error:
            also = f"; so does the new model: {found.error}" if found.error else "; the new model runs"
            reason = f"the original fails on every input that was tried: {run.error}{also}"
            return SignatureCheck(key, loading, Outcome.NOT_RUN, reason=reason)
        if found.error:
            reason = f"it fails where the original runs: {found.error}"
            return SignatureCheck(key, loading, Outcome.DIFFERENT, len(found.outputs), reason=reason)
        return self._compared(key, run, found.outputs, loading)

    def _compared(self, key: str, run: Run, outputs: tuple[Values, ...], loading: Loading) -> SignatureCheck:
        comparisons: list[Comparison] = []
        undetermined: list[str] = []
        for number, (expected, found) in enumerate(zip(run.outputs, outputs, strict=True), start=1):
            for slot, value in expected.items():
                where = f"{slot} (request {number})"
                if slot not in found:
                    given = ", ".join(repr(str(each)) for each in found) or "none"
                    reason = f"output {slot} is missing; the new model gives {given}"
                    comparisons.append(Comparison(Outcome.DIFFERENT, reason=reason))
                    continue
                comparison = compare(value, found[slot], self._prover.options)
                differs = comparison.outcome is Outcome.DIFFERENT and not same_kind(value, found[slot])
                if differs and self._is_chance(key, number, slot, value):
                    undetermined.append(where)
                    continue
                reason = f"output {where}: {comparison.reason}" if comparison.reason else ""
                comparisons.append(replace(comparison, reason=reason))
        summary = worst(comparisons)
        outcome = Outcome.NONDETERMINISTIC if undetermined and not comparisons else summary.outcome
        return SignatureCheck(
            key,
            loading,
            outcome,
            len(outputs),
            summary.max_absolute,
            summary.max_relative,
            summary.reason,
            tuple(undetermined),
        )

    def _is_chance(self, key: str, number: int, slot: Slot, value: Array) -> bool:
        """Whether the original itself gives another value for a request, counted from 1, when it is run again."""
        for again in self._runs_again():
            run = again.runs[key]
            if not run.error and self._differs(value, run.outputs[number - 1][slot]):
                return True
        return False

    def _differs(self, original: Array, again: Array) -> bool:
        return compare(original, again, self._prover.options).outcome is Outcome.DIFFERENT

    def _runs_again(self) -> Iterator[Again]:
        """Run the original again, with other random numbers: what differs then depends on chance.

        More than once, as a race between a read and a write of a variable often ends the same way.
        """
        for number in range(_RUNS_AGAIN):
            if number == len(self._again):
                self._again.append(self.reference.run_again())
            yield self._again[number]

"""What a loaded model holds and gives, held against what the reference held and gave."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from migrate.verify.compare import Comparison, compare, same_kind, worst
from migrate.verify.error_text import lacks_a_value
from migrate.verify.native_model import NativeModel
from migrate.verify.proof import Loading, Outcome, ProofOptions, SignatureCheck, WeightCheck
from migrate.verify.reference import Again, Reference, Run, run_requests
from migrate.verify.session_model import SessionModel
from migrate.verify.signature_tensors import Array, Slot, Values
from migrate.verify.structure import Structure
from migrate.verify.table_contents import content_differences, native_contents, session_contents
from migrate.verify.weights import changed_variables, compare_weights

_RUNS_AGAIN = 4
Runner = Callable[[str, Any, Values], Values]


class Judge:
    """Compares what a loaded model holds and gives with what the reference held and gave."""

    def __init__(
        self,
        reference: Reference,
        options: ProofOptions,
        missing: frozenset[str] = frozenset(),
        structure: Structure | None = None,
        apart: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """Judge by a reference.

        Args:
            reference: what the original held and gave.
            options: of the proof.
            missing: the signatures that the new model lacks.
            structure: what is where in both.
            apart: tells which nodes of partitioned variables the new model keeps as variables of their own.
        """
        self.reference = reference
        self.missing = missing
        self._options = options
        self._structure = structure or Structure()
        self._apart = apart
        self._again: list[Again] = []

    def weights(self, model: NativeModel) -> WeightCheck:
        """Compare the variables; those that the original's init op fills by chance are named, not compared."""
        found = compare_weights(self.reference.state, model)
        if not found.differences:
            return found
        by_chance = changed_variables(self.reference.state, next(self._runs_again()).state)
        has_parts = any(state.parts for _, state in self.reference.state.variables)
        apart = self._apart() if has_parts else frozenset()
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
                comparison = compare(value, found[slot], self._options)
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
        return compare(original, again, self._options).outcome is Outcome.DIFFERENT

    def _runs_again(self) -> Iterator[Again]:
        """Run the original again, with other random numbers: what differs then depends on chance.

        More than once, as a race between a read and a write of a variable often ends the same way.
        """
        for number in range(_RUNS_AGAIN):
            if number == len(self._again):
                self._again.append(self.reference.run_again())
            yield self._again[number]

"""Runs the jobs of a plan: each model written in one process, proven in another, then put in place."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from migrate.errors import RefusedModelError, Tf1to2Error
from migrate.files.disk import in_words
from migrate.files.staging import FINISHED, recover, staging
from migrate.legacy.detect import main_file_of
from migrate.legacy.read import readable
from migrate.preflight.model_options import ModelOptions
from migrate.processes.results import Died, Finished, Raised, Result, TimedOut
from migrate.processes.workers import Workers, in_order
from migrate.rewrap_tree.job import FAILED_SUFFIX, Job
from migrate.rewrap_tree.journal import Journal
from migrate.rewrap_tree.names import refuse_names
from migrate.rewrap_tree.publish import no_empty_parents, publish
from migrate.rewrap_tree.replaceable import holds_models
from migrate.rewrap_tree.row import Row, RowOutcome
from migrate.rewrap_tree.tasks import (
    Cause,
    NotWritten,
    WriteTask,
    Written,
    not_written,
    warm_up,
    write,
)
from migrate.verify.fresh_process import ProofTask, run_proof
from migrate.verify.proof import Proof, ProofOptions


@dataclass(frozen=True, slots=True)
class Settings:
    """How a plan is run.

    Attributes:
        model: which MetaGraph is rewrapped (without tags all), and what the models may keep and need.
        replace: replace models that are at a target already.
        proof: how to compare, by `model` in place of its own options; None for no proof.
        keep_failed: keep a model whose proof failed, beside its target with the suffix `.failed`.
        processes: how many processes work at a time.
        timeout: seconds that writing or proving one model may take.
    """

    model: ModelOptions = field(default_factory=ModelOptions)
    replace: bool = False
    proof: ProofOptions | None = field(default_factory=ProofOptions)
    keep_failed: bool = False
    processes: int = 2
    timeout: float | None = None


def run(jobs: Sequence[Job], settings: Settings) -> Iterator[tuple[Row, ...]]:
    """Yield the rows of each job, in the order of the jobs. Nothing that goes wrong with a model ends the run.

    Raises:
        Tf1to2Error: there is no room for temporary files.
    """
    with running(jobs, settings) as rows:
        yield from rows


@contextmanager
def running(jobs: Sequence[Job], settings: Settings) -> Iterator[Iterator[tuple[Row, ...]]]:
    """Give what `run` yields; the run lasts until the block ends, so that one that is killed before can be taken up.

    Writing and proving are done by different processes, so that a proof starts from what is on the disk alone.

    Raises:
        Tf1to2Error: there is no room for temporary files.
    """
    count = min(settings.processes, 2 * len(jobs))
    writers, provers = max(1, count // 2), max(1, count - count // 2)
    timeout = settings.timeout
    with (
        no_empty_parents([job.target for job in jobs]),
        Journal(jobs) as journal,
        Workers(writers, timeout=timeout, warm_up=warm_up) as write_in,
        Workers(provers if settings.proof else 0, timeout=timeout, warm_up=warm_up) as prove_in,
    ):
        line = _Line(write_in, prove_in, settings, journal)
        yield in_order(line.run, jobs, threads=writers + provers)
        # A process of a killed run may have been writing still when this one put the folders in order.
        for folder in {job.target.parent for job in jobs}:
            recover(folder)


@dataclass(frozen=True, slots=True)
class _Line:
    """What a model goes through, and the processes that do it."""

    writers: Workers
    provers: Workers
    settings: Settings
    journal: Journal

    def run(self, job: Job) -> tuple[Row, ...]:
        try:
            readable(job.source)
            refuse_names(job, keep_failed=self.settings.keep_failed)
        except Tf1to2Error as error:
            return (self._row(job, not_written("", frozenset(), error), job.target),)
        try:
            with staging(job.target) as folder:
                return self._run_staged(job, folder)
        except Tf1to2Error as error:
            return (Row(job.source, job.target, RowOutcome.REFUSED, notes=(str(error),)),)
        except OSError as error:
            note = in_words(error, job.target.parent, f"{job.target} cannot be written")
            return (Row(job.source, job.target, RowOutcome.REFUSED, notes=(note,)),)

    def _run_staged(self, job: Job, folder: Path) -> tuple[Row, ...]:
        settings = self.settings
        finished = folder / FINISHED
        task = WriteTask(job.source, finished, settings.model)
        result = self.writers.call(write, task)
        if not isinstance(result, Finished):
            note = f"{job.source} was not rewrapped: {_ending(result)}."
            return (Row(job.source, job.target, RowOutcome.CRASHED, notes=(note,), traceback=_traceback(result)),)
        _refuse_one_for_several(job, finished)
        rows = tuple(self._row(job, one, finished) for one in result.value)
        failed = [row for row in rows if row.outcome is RowOutcome.PROOF_FAILED]
        for row in failed:
            self._set_aside(row, job, finished)
        kept = [row for row in failed if settings.keep_failed and row.target.parent == job.target]
        if kept or any(row.outcome in (RowOutcome.REWRAPPED, RowOutcome.NOT_PROVEN) for row in rows):
            self._put_in_place(job, finished)
        return rows

    def _put_in_place(self, job: Job, finished: Path) -> None:
        if not holds_models(job.target):
            self._publish(job, finished, job.target)
            return
        # Models of single MetaGraphs that are there and that this run did not make stay.
        for model in sorted(finished.iterdir()):
            with staging(job.target / model.name) as folder:
                model.rename(folder / FINISHED)
                self._publish(job, folder / FINISHED, job.target / model.name)

    def _publish(self, job: Job, finished: Path, target: Path) -> None:
        if self.journal.has_published(target):
            raise Tf1to2Error(f"{target} is the place of another model of this run; rewrap {job.source} by itself.")
        self.journal.will_publish(job.source, target, finished)
        publish(finished, target, replace=self.settings.replace or job.resumed)

    def _row(self, job: Job, written: Written | NotWritten, finished: Path) -> Row:
        target = job.target / written.name
        if isinstance(written, NotWritten):
            return Row(
                job.source,
                target,
                _OUTCOMES[written.cause],
                written.tags,
                notes=(written.reason,),
                traceback=written.traceback,
            )
        try:
            proof, traceback = self._prove(job, written, finished / written.name, target)
        except Tf1to2Error as error:
            shutil.rmtree(finished / written.name)
            note = f"{str(error).removesuffix('.')}; --no-verify writes the new model unproven."
            return Row(job.source, target, RowOutcome.REFUSED, written.tags, notes=(note,))
        outcome = _outcome(proof)
        notes = written.notes + _remarks(proof)
        if outcome is RowOutcome.PROOF_FAILED and self.settings.keep_failed:
            target = target.with_name(target.name + FAILED_SUFFIX)
            notes += (f"the new model was kept as {target}.",)
        return Row(
            job.source, target, outcome, written.tags, written.signatures, written.variables, proof, notes, traceback
        )

    def _set_aside(self, failed: Row, job: Job, finished: Path) -> None:
        """Take a model whose proof failed out of what will be published, or give it the name that says so."""
        if not self.settings.keep_failed:
            folder = finished if failed.target == job.target else finished / failed.target.name
            shutil.rmtree(folder)
        elif failed.target.parent == job.target:
            (finished / failed.target.name.removesuffix(FAILED_SUFFIX)).rename(finished / failed.target.name)
        else:
            self._publish(job, finished, failed.target)

    def _prove(self, job: Job, written: Written, folder: Path, target: Path) -> tuple[Proof | None, str]:
        """Return the proof, None where none is wanted, and the traceback of one that did not finish.

        Raises:
            Tf1to2Error: there is nothing to compare with.
        """
        settings = self.settings
        if settings.proof is None:
            return None, ""
        options = replace(settings.proof, model=replace(settings.model, tags=written.tags))
        task = ProofTask(job.source, folder, options)
        result = self.provers.call(run_proof, task)
        if isinstance(result, Finished):
            return replace(result.value, old=str(job.source), new=str(target)), ""
        if isinstance(result, Raised) and isinstance(result.error, Tf1to2Error):
            # The original cannot serve as the reference: that is no parity failure.
            raise result.error
        failure = f"the proof did not finish: {_ending(result)}."
        proof = Proof(str(job.source), str(target), tuple(sorted(written.tags)), failures=(failure,))
        return proof, _traceback(result)


def _refuse_one_for_several(job: Job, finished: Path) -> None:
    """A model that is one must not take the place of several.

    Raises:
        RefusedModelError: it would.
    """
    if main_file_of(finished) is not None and holds_models(job.target):
        raise RefusedModelError(
            f"{job.target} holds other models; it is never replaced, choose another folder with -o."
        )


_OUTCOMES = {
    Cause.NATIVE: RowOutcome.NOTHING_TO_DO,
    Cause.REFUSED: RowOutcome.REFUSED,
    Cause.UNEXPECTED: RowOutcome.CRASHED,
}


def _outcome(proof: Proof | None) -> RowOutcome:
    if proof is None or proof.passed:
        return RowOutcome.REWRAPPED
    return RowOutcome.PROOF_FAILED if proof.different else RowOutcome.NOT_PROVEN


def _remarks(proof: Proof | None) -> tuple[str, ...]:
    if proof is None:
        return ()
    unproven = tuple(f"signature {check.signature!r} was not compared: {check.reason}" for check in proof.unproven)
    return (*proof.causes, *dict.fromkeys(unproven), *proof.notes)


def _traceback(result: Result[object]) -> str:
    return result.traceback if isinstance(result, Raised) else ""


def _ending(result: Result[object]) -> str:
    """How a call that did not finish ended, as a sentence without its full stop."""
    match result:
        case TimedOut(seconds):
            return f"it took longer than {seconds:g} s and was ended; allow more with --timeout"
        case Raised(error):
            first_line = (str(error).strip().splitlines() or [""])[0]
            return f"{type(error).__name__}: {first_line}"
        case Died(cause, last_words):
            return f"TensorFlow died ({cause})" + (f": {' | '.join(last_words)}" if last_words else "")
    return "it finished"

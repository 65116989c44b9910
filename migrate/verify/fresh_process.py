"""Proofs in a process of their own: what TensorFlow does to it, aborts included, becomes part of the proof."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from migrate.errors import Tf1to2Error
from migrate.processes.results import Died, Finished, Raised, Result, TimedOut
from migrate.processes.workers import Workers
from migrate.verify.error_text import first_line
from migrate.verify.proof import Proof, ProofOptions

DEFAULT_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class ProofTask:
    """What to prove."""

    old: Path
    new: Path
    options: ProofOptions = field(default_factory=ProofOptions)


def run_proof(task: ProofTask) -> Proof:
    """Run a proof in this process; the function that a worker process is given.

    Raises:
        Tf1to2Error: the old model cannot serve as the reference.
    """
    from migrate.verify.apart import prove_apart

    return prove_apart(task.old, task.new, task.options)


def import_tensorflow() -> None:
    """Warm a worker process up."""
    from migrate.verify import prover

    assert prover.prove_here is not None


def proof_of(task: ProofTask, result: Result[Proof]) -> Proof:
    """Turn what became of `run_proof` in a worker process into a proof.

    Raises:
        Tf1to2Error: the old model cannot serve as the reference.
    """
    if isinstance(result, Finished):
        return result.value
    if isinstance(result, Raised) and isinstance(result.error, Tf1to2Error):
        raise result.error
    return Proof(
        str(task.old), str(task.new), tuple(sorted(task.options.model.tags or ())), failures=(_failure(result),)
    )


def _failure(result: Raised | Died | TimedOut) -> str:
    if isinstance(result, Raised):
        return f"the proof itself failed: {first_line(result.error)}"
    if isinstance(result, TimedOut):
        return f"the proof was ended after {result.seconds:.0f} seconds"
    words = f": {' | '.join(result.last_words)}" if result.last_words else ""
    return f"TensorFlow ended the process of the proof ({result.cause}){words}"


class ProofWorker:
    """One process with TensorFlow loaded, for many proofs; replaced when it dies. A context manager that ends it."""

    def __init__(self, seconds: float = DEFAULT_SECONDS) -> None:
        """Start nothing yet; a proof may take `seconds`."""
        self._workers = Workers(1, timeout=seconds, warm_up=import_tensorflow)

    def __enter__(self) -> ProofWorker:
        """Start the process; it imports TensorFlow while the caller goes on."""
        self._workers.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._workers.__exit__()

    def prove(self, task: ProofTask) -> Proof:
        """Run one proof in the process.

        Raises:
            Tf1to2Error: the old model cannot serve as the reference.
        """
        return proof_of(task, self._workers.call(run_proof, task))


def prove_in_fresh_process(
    old: Path,
    new: Path,
    *,
    options: ProofOptions | None = None,
    seconds: float = DEFAULT_SECONDS,
    worker: ProofWorker | None = None,
) -> Proof:
    """Compare two models in another process: a new one, or that of `worker`.

    A crash of TensorFlow or a timeout becomes a failure of the proof.

    Raises:
        Tf1to2Error: the old model cannot serve as the reference, or one of the two is not safe to run.
    """
    task = ProofTask(old, new, options or ProofOptions())
    if worker is not None:
        return worker.prove(task)
    with ProofWorker(seconds) as own:
        return own.prove(task)

"""A proof in a process of its own survives what TensorFlow does to the process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.errors import UnreadableModelError
from migrate.processes.results import Died, Finished, Raised, TimedOut
from migrate.verify import ProofTask, ProofWorker, prove_in_fresh_process
from migrate.verify.fresh_process import proof_of
from tests.verify import tiny_models

Pair = tuple[Path, Path]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    root = tmp_path_factory.mktemp("fresh")
    old = tiny_models.export(root / "old", tiny_models.dense)
    return old, tiny_models.resave(old, root / "new")


@pytest.fixture(scope="module")
def worker() -> Iterator[ProofWorker]:
    with ProofWorker() as worker:
        yield worker


def test_many_proofs_in_one_worker(pair: Pair, worker: ProofWorker) -> None:
    first = prove_in_fresh_process(*pair, worker=worker)
    second = prove_in_fresh_process(*pair, worker=worker)
    assert first.bit_exact
    assert second.bit_exact
    assert second.seconds < first.seconds + 5


def test_what_is_no_reference_is_an_error_of_the_user(pair: Pair, worker: ProofWorker, tmp_path: Path) -> None:
    with pytest.raises(UnreadableModelError, match=str(tmp_path)):
        prove_in_fresh_process(tmp_path, pair[1], worker=worker)


def test_a_worker_that_dies_is_replaced(pair: Pair, worker: ProofWorker) -> None:
    result = worker._workers.call(_die, 0)
    assert isinstance(result, Died)
    assert prove_in_fresh_process(*pair, worker=worker).passed


def test_too_long(pair: Pair) -> None:
    proof = prove_in_fresh_process(*pair, seconds=0.01)
    assert proof.different
    assert "the proof was ended after" in proof.failures[0]


@pytest.mark.parametrize(
    ("result", "cause"),
    [
        (Died("killed by SIGSEGV", ("Check failed: a == b",)), "killed by SIGSEGV): Check failed: a == b"),
        (TimedOut(3.0), "ended after 3 seconds"),
        (Raised(ValueError("odd")), "the proof itself failed: ValueError: odd"),
    ],
)
def test_every_other_end_is_a_failure_of_the_proof(result: Died | TimedOut | Raised, cause: str) -> None:
    proof = proof_of(ProofTask(Path("old"), Path("new")), result)
    assert proof.different
    assert not proof.passed
    assert cause in proof.causes[0]


def test_a_proof_travels_by_value(pair: Pair, worker: ProofWorker) -> None:
    proof = worker.prove(ProofTask(*pair))
    assert proof_of(ProofTask(*pair), Finished(proof)) is proof


def _die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)

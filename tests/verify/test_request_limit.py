"""A model that never answers costs seconds, and is told; what answers is compared as ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.verify import Outcome, ProofOptions
from migrate.verify.prover import prove_here
from migrate.verify.session_model import SessionModel
from tests.verify import tiny_models
from tests.verify.tiny_models import PREDICT, Signature

v1 = tf.compat.v1
QUICK = ProofOptions(seconds_per_request=1.0)


def empty_queue() -> Any:
    return v1.FIFOQueue(2, [tf.float32], shapes=[[]]).dequeue()


def endless_loop() -> Any:
    return v1.while_loop(lambda i: i * 0.0 < 1.0, lambda i: i + 1.0, [tf.constant(0.0)])


def beside_one_that_answers(build: Callable[[], Any]) -> Callable[[], dict[str, Signature]]:
    def signatures() -> dict[str, Signature]:
        x = v1.placeholder(tf.float32, [None], name="x")
        return {"bad": ({"x": x}, {"y": x + build()}, PREDICT), "good": ({"x": x}, {"y": x + 1.0}, PREDICT)}

    return signatures


@pytest.mark.parametrize("build", [empty_queue, endless_loop])
def test_a_signature_that_never_answers_is_not_run_again(build: Callable[[], Any], tmp_path: Path) -> None:
    model = tiny_models.export(tmp_path / "model", beside_one_that_answers(build))
    started = time.monotonic()
    proof = prove_here(model, model, options=QUICK)
    assert time.monotonic() - started < 15
    outcomes = {(check.signature, check.outcome) for check in proof.checks}
    assert outcomes == {("bad", Outcome.NOT_RUN), ("good", Outcome.BIT_EXACT)}
    assert {check.reason for check in proof.unproven} == {"the original gives no answer within 1 s (request 1)"}


def test_a_model_that_answers_may_be_slow_in_sum(tmp_path: Path) -> None:
    model = tiny_models.export(tmp_path / "model", beside_one_that_answers(lambda: 1.0))
    assert prove_here(model, model, options=QUICK).bit_exact
    with SessionModel(model, frozenset({"serve"}), 1.0) as loaded:
        time.sleep(1.5)
        assert loaded.session.run("add:0", {"x:0": [1.0]}).shape == (1,)

"""What a model could do outside of the process; whole models stand in `tests.faults.test_nothing_runs_unasked`."""

from __future__ import annotations

from unittest import mock

import pytest
import tensorflow as tf

from migrate.legacy.saved_model import read_saved_model
from migrate.preflight import effects
from migrate.preflight.allowed_ops import NO_OPS, AllowedOps
from migrate.preflight.effects import check_effects, check_run
from migrate.preflight.judged_ops import effect_of
from migrate.preflight.problem import ProblemKind
from migrate.preflight.runs import run_of_fetches
from tests.golden import MODELS_DIR, golden_model


def test_an_op_that_nobody_judged_is_refused_until_it_is_allowed_by_name() -> None:
    """Such is an op of a library (`--load-op-library`), or one of a later TensorFlow."""
    graph = tf.compat.v1.GraphDef()
    graph.node.add(name="n", op="MatMul")
    run = run_of_fetches((), ("n",), frozenset())
    assert check_run(graph, run, NO_OPS) == ()
    with mock.patch.object(effects, "effect_of", lambda node: None if node.op == "MatMul" else effect_of(node)):
        (problem,) = check_run(graph, run, NO_OPS)
        assert problem.kind is ProblemKind.UNJUDGED
        assert "MatMul is not on the list" in problem.message
        assert "--allow-ops MatMul" in problem.message
        assert check_run(graph, run, AllowedOps(frozenset({"MatMul"}))) == ()


@pytest.mark.parametrize("name", sorted(path.parent.name for path in MODELS_DIR.glob("*/model")))
def test_only_fixtures_that_touch_files_or_run_python_have_effects(name: str) -> None:
    golden = golden_model(name)
    problems = [p for graph in read_saved_model(golden.path).meta_graphs for p in check_effects(graph, NO_OPS)]
    touches = {"read_file", "read_asset_file", "write_file", "py_func", "iterator_of_asset"}
    assert bool(problems) == (name in touches), problems

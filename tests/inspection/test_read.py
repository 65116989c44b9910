"""The facts of the fixture models, and the answers to "do I need to migrate this model?"."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.inspection.facts import ModelFacts, VariableStorage
from migrate.inspection.read import read_facts
from migrate.inspection.verdict import verdict
from migrate.legacy.kind import ModelKind
from tests.golden import MODELS_DIR, VariableKind, golden_models
from tests.loose_models import loose_model

# Nodes that share the state of another, which stands for both.
_SAME_STATE = {"imported_twice": ("b/v",)}


def facts_of(name: str) -> ModelFacts:
    return read_facts(MODELS_DIR / name / "model")


def test_signatures_assets_tables_and_init_op() -> None:
    facts = facts_of("vocab_classify_regress_predict")
    (graph,) = facts.meta_graphs
    assert facts.kind == ModelKind.SAVED_MODEL_V1
    assert (graph.tags, graph.tensorflow) == (frozenset({"serve"}), "1.15.5")
    by_key = {one.key: one for one in graph.signatures}
    assert by_key["serving_default"].method == "tensorflow/serving/classify"
    (given,) = by_key["serving_default"].inputs
    assert (given.key, given.dtype, given.shape) == ("inputs", "string", "[None]")
    assert graph.assets == ("fruits.txt",)
    assert {(table.key_dtype, table.value_dtype) for table in graph.tables} == {
        ("string", "int64"),
        ("int64", "string"),
    }
    assert graph.init_op == "init_all_tables"
    assert facts.all_problems == ()


def test_variables_agree_with_tensorflow_1_15() -> None:
    kinds = {VariableKind.REF: VariableStorage.REF, VariableKind.RESOURCE: VariableStorage.RESOURCE}
    compared = 0
    for golden in golden_models():
        read = {graph.tags: graph for graph in facts_of(golden.name).meta_graphs}
        for meta_graph in golden.meta_graphs:
            found = {one.name: one for one in read[frozenset(meta_graph.tags)].variables}
            for variable in meta_graph.variables:
                if variable.name in _SAME_STATE.get(golden.name, ()):
                    continue
                fact = found[variable.name]
                assert fact.storage is kinds[variable.kind], (golden.name, variable.name)
                assert fact.trainable == variable.trainable, (golden.name, variable.name)
                compared += 1
    assert compared > 50


def test_partitioned_variables_are_one_with_parts() -> None:
    (graph,) = facts_of("partitioned_axis0").meta_graphs
    partitioned = [one for one in graph.variables if one.parts > 1]
    assert partitioned
    assert not any("/part_" in one.name for one in graph.variables)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("py_func", "PyFunc calls a Python function"),
        ("read_file", "ReadFile reads files"),
        ("contrib_op", "ImageConnectedComponents is not known"),
        ("dangling_tensor", "'gone:0', which is not in the graph"),
        ("missing_placeholder", "placeholder 'keras_learning_phase', which is none of its inputs"),
    ],
)
def test_problems(name: str, words: str) -> None:
    facts = facts_of(name)
    assert any(words in problem for problem in facts.all_problems)
    assert "cannot be rewrapped as it is" in verdict(facts).answer


@pytest.mark.parametrize("name", ["ref_simple_save", "dangerous_ops_unused", "while_v1", "boosted_trees_bucketize"])
def test_good_models_have_no_problem(name: str) -> None:
    assert facts_of(name).all_problems == ()


def test_the_answer_names_what_plain_tensorflow_2_would_lose() -> None:
    answer = verdict(facts_of("warmup_requests"))
    assert answer.needed
    assert any("ref variable(s) silently" in reason for reason in answer.reasons)
    assert any("assets.extra" in reason for reason in answer.reasons)
    assert any("method name" in reason for reason in answer.reasons)


def test_a_native_model_needs_nothing() -> None:
    answer = verdict(facts_of("keras_object_graph"))
    assert not answer.needed
    assert answer.answer.startswith("No: it already is a native TF2 SavedModel")


def test_a_frozen_graph_shows_the_signature_that_a_rewrap_takes(tmp_path: Path) -> None:
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        given = tf.compat.v1.placeholder(tf.float32, [None, 2], name="given")
        tf.nn.softmax(given, name="scores")
    for name, text in (("frozen.pb", False), ("frozen.pbtxt", True)):
        tf.io.write_graph(graph.as_graph_def(), str(tmp_path), name, as_text=text)
        facts = read_facts(tmp_path / name)
        assert facts.kind == ModelKind.FROZEN_GRAPH
        (only,) = facts.meta_graphs
        assert [(each.key, [one.key for one in each.inputs]) for each in only.signatures] == [
            ("serving_default", ["given"])
        ]
        assert only.problems == ()
        assert "`tf1to2 rewrap`" in verdict(facts).answer


def test_of_a_trained_graph_what_could_be_signatures_is_told() -> None:
    facts = read_facts(loose_model("folder_moved").path)
    (only,) = facts.meta_graphs
    assert facts.kind == ModelKind.META_GRAPH
    assert (only.placeholders, only.sinks) == (("x", "labels"), ("loss",))
    assert "--signature 'serving_default:x=x:0->out=layer/out:0'" in only.problems[0]


def test_missing_weights_are_a_problem_and_the_facts_are_still_shown(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(MODELS_DIR / "ref_simple_save" / "model", tmp_path / "m")
    next((tmp_path / "m" / "variables").glob("*.data-*")).unlink()
    facts = read_facts(tmp_path / "m")
    assert "is missing" in facts.all_problems[0]
    assert len(facts.meta_graphs[0].variables) == 4

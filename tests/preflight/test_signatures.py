"""Dangling tensors, output numbers out of range, and missing assets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.legacy.saved_model import read_saved_model
from migrate.preflight.problem import ProblemKind
from migrate.preflight.signatures import check_assets, check_signatures
from tests.golden import MODELS_DIR


def meta_graph(output: str, key: str = "serving_default") -> Any:
    with tf.Graph().as_default() as graph:
        given = tf.compat.v1.placeholder(tf.float32, [4], name="given")
        tf.split(given, 2, name="halves")
    result = tf.compat.v1.MetaGraphDef(graph_def=graph.as_graph_def())
    result.signature_def[key].inputs["x"].name = "given:0"
    result.signature_def[key].outputs["y"].name = output
    return result


@pytest.mark.parametrize("output", ["halves:0", "halves:1", "given:0", "given"])
def test_tensors_that_are_there(output: str) -> None:
    assert check_signatures(meta_graph(output)) == ()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("gone:0", "names the tensor 'gone:0', which is not in the graph"),
        ("halves:2", "Split halves has 2 output(s)"),
        ("", "names no tensor"),
        ("given:x", "names 'given:x', no tensor"),
    ],
)
def test_tensors_that_are_not_there(output: str, words: str) -> None:
    (problem,) = check_signatures(meta_graph(output))
    assert problem.kind is ProblemKind.DANGLING_TENSOR
    assert problem.op == "serving_default"
    assert "output 'y' of signature 'serving_default'" in problem.message
    assert words in problem.message


def test_each_part_of_a_sparse_tensor_is_looked_up() -> None:
    graph = meta_graph("given:0")
    sparse = graph.signature_def["serving_default"].inputs["s"].coo_sparse
    sparse.values_tensor_name, sparse.indices_tensor_name, sparse.dense_shape_tensor_name = "given:0", "a:0", "given:0"
    (problem,) = check_signatures(graph)
    assert "input 's' (indices_tensor_name)" in problem.message


def test_the_entries_that_tensorflow_2_writes_for_itself_name_ops() -> None:
    assert check_signatures(meta_graph("gone", key="__saved_model_init_op")) == ()


def test_assets(tmp_path: Path) -> None:
    model = MODELS_DIR / "vocab_classify_regress_predict" / "model"
    (graph,) = read_saved_model(model).meta_graphs
    assert check_assets(graph, model) == ()
    (problem,) = check_assets(graph, tmp_path)
    assert problem.kind is ProblemKind.MISSING_ASSET
    assert problem.op == "fruits.txt"

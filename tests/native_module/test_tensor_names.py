"""Clients that feed and fetch by the names of tensors find those of TensorFlow 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.legacy.saved_model import read_saved_model
from migrate.native_module import inline_signatures
from migrate.rewrap import RewrapResult, rewrap
from migrate.verify import prove
from tests.golden import GoldenModel, golden_model, golden_models
from tests.rewrap.test_against_tensorflow_1 import REFUSED, assert_outputs
from tests.verify.tiny_models import PREDICT, Signature, export

v1 = tf.compat.v1
# The first five, in the order of the keys (the empty one, "A", "_hidden", "a", "a/b").
AWKWARD = {"in9:0", "in11:0", "in10:0", "in12:0", "in1:0"}
# What is lost of each model, by signature: the names that clients must change.
LOST = {
    "awkward_keys": AWKWARD,
    "intermediate_input": {"Sum:0"},
    "iterator_input": {"IteratorGetNext:1"},
    "optional_inputs": {"out/BiasAdd:0"},
    "output_ref_variable": {"scale:0"},
    "vocab_classify_regress_predict": {"ParseExample/ParseExample:1", "Sum:0", "TopKV2:0"},
}


def by_name(model: GoldenModel, new: Path) -> None:
    """Feed and fetch the names that the original's signatures have."""
    (graph,) = model.meta_graphs
    for sequence in graph.sequences:
        with tf.Graph().as_default(), v1.Session() as session:
            v1.saved_model.load(session, sorted(graph.tags), str(new))
            for call in sequence.calls:
                if call.outputs is None:
                    continue
                signature = graph.signatures[call.signature]
                feeds = {signature.inputs[key].names[0]: value for key, value in call.inputs.items()}
                fetches = {key: info.names[0] for key, info in signature.outputs.items()}
                assert_outputs(session.run(fetches, feeds), call.outputs)


PLAIN = [
    model
    for model in golden_models()
    if model.name not in (*REFUSED, *LOST)
    and len(model.meta_graphs) == 1
    and not any(info.is_sparse for one in model.meta_graphs[0].signatures.values() for info in one.inputs.values())
    and not any(info.is_sparse for one in model.meta_graphs[0].signatures.values() for info in one.outputs.values())
    and model.meta_graphs[0].op_library is None
    and model.name.split("_")[0] in ("ref", "several", "counter", "two", "vocab", "cond", "while", "training", "main")
]


@pytest.mark.parametrize("model", PLAIN, ids=lambda model: model.name)
def test_the_names_of_tensorflow_1_do_what_they_did(model: GoldenModel, tmp_path: Path) -> None:
    result = rewrap(model.path, tmp_path / "new")
    assert not any("go by names" in note for note in result.notes)
    by_name(model, tmp_path / "new")


@pytest.mark.parametrize("name", ["ref_simple_save", "several_signatures", "multi_output_fed"])
def test_names_are_kept_where_a_signature_stays_a_call(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large one is not put into the graph."""
    monkeypatch.setattr(inline_signatures, "_MOST_ADDED_BYTES", 0)
    model = golden_model(name)
    result = rewrap(model.path, tmp_path / "new")
    assert not any("go by names" in note for note in result.notes)
    by_name(model, tmp_path / "new")
    assert not prove(model.path, tmp_path / "new").causes


@pytest.mark.parametrize("name", sorted(LOST))
def test_what_is_lost_is_told(name: str, tmp_path: Path) -> None:
    result = rewrap(golden_model(name).path, tmp_path / "new")
    told = " ".join(note for note in result.notes if "go by names" in note)
    assert {word.strip(",.") for word in told.split() if f"for {word}" in told} == LOST[name]
    (graph,) = read_saved_model(tmp_path / "new").meta_graphs
    nodes = {node.name for node in graph.graph_def.node}
    now = [before for before, after in zip(told.split(), told.split()[1:], strict=False) if after == "for"]
    assert now
    assert all(tensor.partition(":")[0] in nodes for tensor in now), "the names that it tells are there"


def shared() -> dict[str, Signature]:
    """Two signatures over one optional input, one of them with another input."""
    x = v1.placeholder(tf.float32, [None], name="x")
    rate = v1.placeholder_with_default(0.5, [], name="rate")
    y = tf.multiply(x, rate, name="y")
    z = tf.add(y, 1.0, name="z")
    for key, value in (("inputs", x), ("outputs", y), ("inside", tf.identity(y, name="hidden"))):
        v1.add_to_collection(key, value)
    for value in (3, 4):
        v1.add_to_collection("sizes", value)
    v1.add_to_collection("labels", "cat")
    return {
        "serving_default": ({"x": x, "rate": rate}, {"y": y}, PREDICT),
        "more": ({"x": x, "rate": rate}, {"z": z}, PREDICT),
    }


@pytest.fixture(scope="module")
def rewrapped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, RewrapResult]:
    root = tmp_path_factory.mktemp("shared")
    old = export(root / "old", shared)
    return old, root / "new", rewrap(old, root / "new")


def test_one_name_feeds_all_signatures(rewrapped: tuple[Path, Path, RewrapResult]) -> None:
    old, new, _ = rewrapped
    for folder in (old, new):
        with tf.Graph().as_default(), v1.Session() as session:
            v1.saved_model.load(session, ["serve"], str(folder))
            assert session.run(["y:0", "z:0"], {"x:0": [2.0]}) == [np.float32(1.0), np.float32(2.0)]
            found: Any = session.run(["y:0", "z:0"], {"x:0": [2.0], "rate:0": 3.0})
            assert found == [np.float32(6.0), np.float32(7.0)]
    assert not prove(old, new).causes


def test_collections_of_names_and_values_are_kept(rewrapped: tuple[Path, Path, RewrapResult]) -> None:
    _, new, result = rewrapped
    with tf.Graph().as_default() as graph, v1.Session() as session:
        v1.saved_model.load(session, ["serve"], str(new))
        assert [each.name for each in graph.get_collection("inputs")] == ["x:0"]
        assert [each.name for each in graph.get_collection("outputs")] == ["y:0"]
        assert graph.get_collection("sizes") == [3, 4]
        assert graph.get_collection("labels") == [b"cat"]
        assert graph.get_collection("inside") == []
    assert any(note.startswith("the collections 'inside' name tensors") for note in result.notes)

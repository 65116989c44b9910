"""How the original is run and read where its graph holds more than clients use, or names one state twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from migrate.legacy.saved_model import read_saved_model
from migrate.rewrap import rewrap
from migrate.verify import Proof, prove
from migrate.verify.needed_nodes import keep_what_is_needed
from tests.golden import golden_model
from tests.verify import tiny_models
from tests.verify.corruptions import _weight

Made = Callable[[str], tuple[Path, Path]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Rewrap each fixture once."""
    models: dict[str, tuple[Path, Path]] = {}

    def make(name: str) -> tuple[Path, Path]:
        if name not in models:
            old = golden_model(name).path
            models[name] = (old, tmp_path_factory.mktemp(name) / "new")
            rewrap(*models[name])
        return models[name]

    return make


def is_right(proof: Proof) -> bool:
    """Whether every signature was compared by every way of loading, and nothing differs."""
    return not proof.different and not proof.causes and all(check.outcome.name != "NOT_RUN" for check in proof.checks)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("training_graph_batch_norm", "_output_shapes"),
        ("training_signature_batch_norm", "_output_shapes"),
        ("contrib_op_unused", "Op type not registered 'ImageConnectedComponents'"),
    ],
)
def test_what_nothing_needs_does_not_keep_the_original_from_running(made: Made, name: str, cause: str) -> None:
    proof = prove(*made(name))
    assert is_right(proof), proof.causes
    (note,) = (note for note in proof.notes if "without the nodes that no signature" in note)
    assert cause in note


@pytest.mark.parametrize("name", ["training_graph_batch_norm", "contrib_op_unused"])
def test_a_wrong_weight_is_seen_beside_what_was_cut_away(made: Made, tmp_path: Path, name: str) -> None:
    old, new = made(name)
    copy = shutil.copytree(new, tmp_path / "copy")
    _weight("variables/0/")(copy)
    assert prove(old, copy).different


@pytest.mark.parametrize(
    "name", ["ref_simple_save", "main_op_computes", "mutable_hash_table", "while_v1", "sparse_input"]
)
def test_a_whole_original_is_not_cut(made: Made, name: str) -> None:
    assert not any("without the nodes" in note for note in prove(*made(name)).notes)


@pytest.mark.parametrize("name", ["adam_slots", "vocab_with_columns", "partitioned_axis0", "defun", "unused_input"])
def test_what_is_left_is_loaded_and_gives_the_same(made: Made, tmp_path: Path, name: str) -> None:
    """The original cut to what is needed is no different from the whole one."""
    old, new = made(name)
    cut = shutil.copytree(old, tmp_path / "cut")
    saved_model = read_saved_model(cut)
    before = [len(graph.graph_def.node) for graph in saved_model.meta_graphs]
    for graph in saved_model.meta_graphs:
        keep_what_is_needed(graph)
    after = [len(graph.graph_def.node) for graph in saved_model.meta_graphs]
    assert after < before
    (cut / "saved_model.pb").write_bytes(saved_model.SerializeToString())
    proof = prove(cut, new)
    assert is_right(proof), proof.causes


@pytest.mark.parametrize("name", ["partitioned_training", "imported_twice"])
def test_what_a_rewrap_keeps_apart_or_together_is_right(made: Made, name: str) -> None:
    proof = prove(*made(name))
    assert is_right(proof), proof.causes


def test_a_part_with_another_value_is_told(made: Made, tmp_path: Path) -> None:
    old, new = made("partitioned_training")
    copy = shutil.copytree(new, tmp_path / "copy")
    names = [variable.name for variable in tf.saved_model.load(str(new)).variables]
    _weight(f"variables/{names.index('s/emb/part_1:0')}/")(copy)
    assert any("variable 's/emb': its values differ" in cause for cause in prove(old, copy).causes)


def test_parts_that_nothing_writes_to_must_be_whole(tmp_path: Path) -> None:
    """Plain TensorFlow keeps the parts of every partitioned variable."""
    old = golden_model("partitioned_resource_embedding").path
    proof = prove(old, tiny_models.resave(old, tmp_path / "new"))
    assert any("it is not whole" in cause for cause in proof.causes)

"""What cannot be rewrapped is refused with its cause and a remedy, and leaves nothing behind."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.errors import RefusedModelError, Tf1to2Error
from migrate.legacy.saved_model import read_saved_model
from migrate.preflight.allowed_ops import EVERY_OP
from migrate.rewrap import ModelOptions, rewrap
from tests.golden import golden_model
from tests.rewrap.test_against_tensorflow_1 import REFUSED
from tests.verify.tiny_models import dense, export

SENTENCES = {
    "boosted_trees_classifier": r"BoostedTrees.*TensorFlow",
    "contrib_op": r"the op ImageConnectedComponents is not known to TensorFlow .*",
    "dangling_tensor": r"not in the graph",
    "iterator_of_asset": r"the op TextLineDataset reads files .* --allow-ops",
    "keras_object_graph": r"already is a native TF2 SavedModel",
    "missing_placeholder": r"needs the placeholder '.*', which is none of its inputs",
    "py_func": r"the op PyFunc .* not stored in the model",
    "queue_main_op": r"the init op runs QueueEnqueueManyV2 .* for the FIFOQueueV2 'queue' that signatures use",
    "read_asset_file": r"the op ReadFile .* --allow-ops",
    "read_file": r"the op ReadFile .* --allow-ops",
    "write_file": r"the op (WriteFile|MatchingFiles) .* --allow-ops",
}


def test_every_refused_fixture_has_its_sentence() -> None:
    assert SENTENCES.keys() == REFUSED


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_fixtures(name: str, tmp_path: Path) -> None:
    with pytest.raises(Tf1to2Error, match=SENTENCES[name]) as caught:
        rewrap(golden_model(name).path, tmp_path / "new")
    message = str(caught.value)
    assert str(golden_model(name).path) in message
    assert message.endswith("."), message
    assert ";" in message or ":" in message, "cause and remedy"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["read_file", "read_asset_file", "write_file"])
def test_what_touches_files_is_rewrapped_when_allowed(name: str, tmp_path: Path) -> None:
    rewrap(golden_model(name).path, tmp_path / "new", ModelOptions(allowed=EVERY_OP))
    assert tf.saved_model.load(str(tmp_path / "new")).signatures


def test_python_is_refused_even_when_allowed(tmp_path: Path) -> None:
    with pytest.raises(RefusedModelError, match="PyFunc"):
        rewrap(golden_model("py_func").path, tmp_path / "new", ModelOptions(allowed=EVERY_OP))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("refusals") / "model", dense, use_resource=False)


def no_tensor(meta_graph: Any) -> None:
    meta_graph.signature_def["serving_default"].outputs["y"].name = ""


def no_such_node(meta_graph: Any) -> None:
    meta_graph.signature_def["serving_default"].outputs["y"].name = "nowhere:0"


def no_such_output(meta_graph: Any) -> None:
    meta_graph.signature_def["serving_default"].outputs["y"].name = "y:3"


def no_such_input(meta_graph: Any) -> None:
    meta_graph.signature_def["serving_default"].inputs["x"].name = "nowhere:0"


def no_such_input_output(meta_graph: Any) -> None:
    meta_graph.signature_def["serving_default"].inputs["x"].name = "x:2"


def unknown_op(meta_graph: Any) -> None:
    next(node for node in meta_graph.graph_def.node if node.name == "y").op = "MyCompanysAdd"


def input_of_unknown_op(meta_graph: Any) -> None:
    next(node for node in meta_graph.graph_def.node if node.name == "x").op = "MyCompanysInput"


def dangling_edge(meta_graph: Any) -> None:
    next(node for node in meta_graph.graph_def.node if node.name == "y").input[0] = "lost"


def other_checkpoint_names(meta_graph: Any) -> None:
    for node in meta_graph.graph_def.node:
        if node.name == "save/RestoreV2/tensor_names":
            names = node.attr["value"].tensor.string_val
            names[:] = [name + b"_other" for name in names]


def no_restore_op(meta_graph: Any) -> None:
    meta_graph.saver_def.restore_op_name = "nowhere"


def asset_outside(meta_graph: Any) -> None:
    meta_graph.asset_file_def.add(filename="../../secret").tensor_info.name = "x:0"


def broken_attribute(meta_graph: Any) -> None:
    next(node for node in meta_graph.graph_def.node if node.name == "y").attr["T"].type = tf.string.as_datatype_enum


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (no_tensor, "the output 'y' of signature 'serving_default' names no tensor"),
        (no_such_node, "'serving_default' names the tensor 'nowhere:0', which is not in the graph"),
        (no_such_output, "'serving_default'.*y:3|'serving_default'.*output 3"),
        (no_such_input, "'serving_default' names the tensor 'nowhere:0', which is not in the graph"),
        (no_such_input_output, "'serving_default' names the tensor 'x:2', but Placeholder x has 1 output"),
        (unknown_op, "MyCompanysAdd is not known to TensorFlow"),
        (input_of_unknown_op, "'x:0' is an output of the op MyCompanysInput, which TensorFlow .* does not know"),
        (dangling_edge, "the node 'y' takes 'lost', which is not in the graph"),
        (other_checkpoint_names, "no tensor '(weights|bias)_other' for the variable"),
        (no_restore_op, "restore op 'nowhere', which is not in the graph"),
        (asset_outside, "lies outside of the model's assets folder"),
        (broken_attribute, "cannot import|CPU kernel"),
    ],
)
def test_damaged_protos(damage: Callable[[Any], None], message: str, source: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(source, tmp_path / "copy")
    proto = read_saved_model(copy)
    damage(proto.meta_graphs[0])
    (copy / "saved_model.pb").write_bytes(proto.SerializeToString())
    with pytest.raises(Tf1to2Error, match=message):
        rewrap(copy, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


@pytest.mark.parametrize("file", ["variables.index", "variables.data-00000-of-00001"])
@pytest.mark.parametrize("keep", [None, 0, 10])
def test_damaged_checkpoints(file: str, keep: int | None, source: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(source, tmp_path / "copy")
    path = copy / "variables" / file
    if keep is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(Tf1to2Error, match="variables"):
        rewrap(copy, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]

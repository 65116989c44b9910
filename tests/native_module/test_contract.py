"""What clients see of a rewrapped model is what they saw of the legacy one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.legacy.saved_model import read_saved_model
from migrate.rewrap import ModelOptions, rewrap
from tests.golden import golden_model
from tests.graph.twin import v1
from tests.verify.tiny_models import PREDICT, Signature, export


def signature_defs(model: Path, index: int = 0) -> dict[str, Any]:
    signatures = read_saved_model(model).meta_graphs[index].signature_def
    return {key: one for key, one in signatures.items() if not key.startswith("__")}


@pytest.fixture
def model(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """The legacy model of this name and its new form."""
    golden = golden_model(request.param)
    rewrap(golden.path, tmp_path / "new")
    return golden.path, tmp_path / "new"


@pytest.mark.parametrize(
    "model",
    ["lying_tensor_info", "sparse_input", "sparse_output", "awkward_keys", "colliding_keys", "swapped_names"],
    indirect=True,
)
def test_tensor_infos_are_those_of_the_legacy_model_but_for_the_names_of_tensors(model: tuple[Path, Path]) -> None:
    """Even where a TensorInfo lies: clients were shown just that."""
    old, new = map(signature_defs, model)
    assert old.keys() == new.keys()
    for key, signature in old.items():
        for side in ("inputs", "outputs"):
            infos, written = getattr(signature, side), getattr(new[key], side)
            assert infos.keys() == written.keys()
            for name, info in infos.items():
                assert (written[name].dtype, written[name].tensor_shape) == (info.dtype, info.tensor_shape)
                assert written[name].WhichOneof("encoding") == info.WhichOneof("encoding") or not info.name
        assert new[key].method_name == signature.method_name


@pytest.mark.parametrize("model", ["no_tags", "several_tags", "tag_not_serve"], indirect=True)
def test_tags(model: tuple[Path, Path]) -> None:
    old, new = (list(read_saved_model(one).meta_graphs[0].meta_info_def.tags) for one in model)
    assert old == new


@pytest.mark.parametrize("model", ["optional_inputs", "all_inputs_optional"], indirect=True)
def test_optional_inputs_stay_optional_in_a_session(model: tuple[Path, Path]) -> None:
    outputs = []
    for path in model:
        with v1.Session(graph=tf.Graph()) as session:
            meta_graph = v1.saved_model.load(session, ["serve"], str(path))
            graph = session.graph
            for key, signature in sorted(signature_defs(path).items()):
                feeds = {}
                for info in signature.inputs.values():
                    if graph.get_tensor_by_name(info.name).op.type == "Placeholder":
                        shape = [2 if dim.size < 0 else dim.size for dim in info.tensor_shape.dim]
                        feeds[info.name] = tf.make_ndarray(tf.make_tensor_proto(1, info.dtype, shape))
                fetches = {name: info.name for name, info in signature.outputs.items()}
                outputs.append((key, {k: v.tolist() for k, v in session.run(fetches, feeds).items()}))
            assert meta_graph.signature_def
    assert outputs[: len(outputs) // 2] == outputs[len(outputs) // 2 :]


def test_an_input_whose_default_is_computed_from_another_stays_optional_in_a_session(tmp_path: Path) -> None:
    def build() -> dict[str, Signature]:
        tokens = v1.placeholder(tf.int64, [None, None], name="tokens")
        mask = v1.placeholder_with_default(tf.ones_like(tokens) * 2, [None, None], name="mask")
        count = v1.placeholder_with_default(tf.reduce_sum(mask), [], name="count")
        inputs = {"tokens": tokens, "mask": mask, "n": count}
        return {"sum": (inputs, {"y": tf.reduce_sum(tokens * mask) + count}, PREDICT)}

    rewrap(export(tmp_path / "old", build), tmp_path / "new")
    given = {"tokens": [[1, 2], [3, 4]], "mask": [[1, 0], [0, 0]], "n": 100}
    for keys, expected in ((["tokens"], 28), (["tokens", "mask"], 2), (["tokens", "n"], 120), (list(given), 101)):
        for path in (tmp_path / "old", tmp_path / "new"):
            with v1.Session(graph=tf.Graph()) as session:
                signature = v1.saved_model.load(session, ["serve"], str(path)).signature_def["sum"]
                feeds = {signature.inputs[key].name: given[key] for key in keys}
                assert session.run(signature.outputs["y"].name, feeds) == expected
    function = tf.saved_model.load(tmp_path / "new").signatures["sum"]
    assert function(**{key: tf.constant(value, tf.int64) for key, value in given.items()})["y"] == 101


def test_an_input_whose_default_is_drawn_must_be_given_and_is_told(tmp_path: Path) -> None:
    def build() -> dict[str, Signature]:
        x = v1.placeholder(tf.float32, [None], name="x")
        noise = v1.placeholder_with_default(v1.random_uniform(tf.shape(x)), [None], name="noise")
        return {"s": ({"x": x, "noise": noise}, {"y": x + noise}, PREDICT)}

    result = rewrap(export(tmp_path / "old", build), tmp_path / "new")
    assert "could leave out noise" in " ".join(result.notes)


def test_loaded_functions_answer_to_the_legacy_keys(tmp_path: Path) -> None:
    def build() -> dict[str, Signature]:
        a, b, c = (v1.placeholder(tf.float32, [], name=name) for name in "abc")
        return {"sig/nature": ({"b/x:0": a, "a-1": b, "class": c}, {"y y": a + 10 * b + 100 * c}, PREDICT)}

    rewrap(export(tmp_path / "old", build), tmp_path / "new")
    function = tf.saved_model.load(str(tmp_path / "new")).signatures["sig/nature"]
    names = set(function.structured_input_signature[1])
    assert {"b/x:0", "a-1"} <= names
    (stand_in,) = names - {"b/x:0", "a-1"}
    one, two, three = (tf.constant(float(number)) for number in (1, 2, 3))
    assert function(**{"b/x:0": one, "a-1": two, stand_in: three})["y y"].numpy() == 321.0


def test_no_device_of_the_training_machine_is_left(tmp_path: Path) -> None:
    for name in ("device_strings_gpu", "device_strings_cluster"):
        rewrap(golden_model(name).path, tmp_path / name)
        (meta_graph,) = read_saved_model(tmp_path / name).meta_graphs
        functions = [node for function in meta_graph.graph_def.library.function for node in function.node_def]
        assert not [n for n in [*meta_graph.graph_def.node, *functions] if "GPU" in n.device or "job:" in n.device]


def test_only_the_chosen_meta_graph_is_written(tmp_path: Path) -> None:
    golden = golden_model("two_meta_graphs")
    tags = golden.meta_graphs[0].tags
    rewrap(golden.path, tmp_path / "new", ModelOptions(tags=frozenset(tags)))
    assert len(read_saved_model(tmp_path / "new").meta_graphs) == 1

"""Every fixture model, rewrapped, moved and loaded both ways, against what TensorFlow 1.15.5 computed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.legacy.saved_model import read_saved_model
from migrate.legacy.signatures import SPARSE_PARTS, read_signatures
from migrate.native_module.argument_names import argument_names, loaded_names
from migrate.native_module.legacy_graph import LegacyGraph
from migrate.rewrap import ModelOptions, rewrap
from migrate.shim import load
from tests.golden import Array, GoldenCall, GoldenMetaGraph, GoldenModel, SparseValue, Value, golden_models

# What each model that cannot be rewrapped is refused for; tests/rewrap/test_refusals.py holds the sentences.
REFUSED = {
    "boosted_trees_classifier",
    "contrib_op",
    "dangling_tensor",
    "iterator_of_asset",
    "keras_object_graph",
    "missing_placeholder",
    "py_func",
    "queue_main_op",
    "read_asset_file",
    "read_file",
    "write_file",
}
# The value is the asset's path, which is another one wherever the model lies.
PATH_VARIABLES = {"main_op_asset_path": {"filename_tensor"}}
# Its parts are written to one by one.
IN_PARTS = {"s/emb", "s/emb/Adagrad"}
# Of several nodes that share one state the first gives the variable its name.
SAME_STATE = {"b/v": "a/v"}

CASES = [
    pytest.param(model, graph, id="-".join((model.name, *(graph.tags if len(model.meta_graphs) > 1 else ()))))
    for model in golden_models()
    if model.name not in REFUSED
    for graph in model.meta_graphs
]


@pytest.fixture(scope="module")
def rewrapped(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, tuple[str, ...]], Path]:
    """The models that were rewrapped so far; each is done once."""
    return {("", ()): tmp_path_factory.mktemp("rewrapped")}


@pytest.fixture
def moved(golden: tuple[GoldenModel, GoldenMetaGraph], rewrapped: dict[tuple[str, tuple[str, ...]], Path]) -> Path:
    """The rewrapped model, at another place than it was written to."""
    model, graph = golden
    key = (model.name, graph.tags)
    if key not in rewrapped:
        folder = rewrapped["", ()] / "-".join((model.name, *graph.tags))
        rewrap(model.path, folder / "written", ModelOptions(tags=frozenset(graph.tags)))
        shutil.move(folder / "written", folder / "moved" / "further")
        rewrapped[key] = folder / "moved" / "further"
    return rewrapped[key]


@pytest.mark.parametrize("golden", [pytest.param(p.values, id=p.id) for p in CASES])
class TestRewrapped:
    """A rewrapped model."""

    def test_tf2_loader(self, golden: tuple[GoldenModel, GoldenMetaGraph], moved: Path) -> None:
        originals = read_saved_model(golden[0].path).meta_graphs
        (original,) = (graph for graph in originals if set(graph.meta_info_def.tags) == set(golden[1].tags))
        for sequence in golden[1].sequences:
            signatures = tf.saved_model.load(str(moved)).signatures
            for call in sequence.calls:
                if call.outputs is not None:
                    assert_outputs(call_tf2(signatures[call.signature], original, call), call.outputs)

    def test_tf1_loader(self, golden: tuple[GoldenModel, GoldenMetaGraph], moved: Path) -> None:
        for sequence in golden[1].sequences:
            with tf.Graph().as_default(), tf.compat.v1.Session() as session:
                meta_graph = tf.compat.v1.saved_model.load(session, list(golden[1].tags), str(moved))
                for call in sequence.calls:
                    if call.outputs is not None:
                        outputs = call_tf1(session, meta_graph.signature_def[call.signature], call)
                        assert_outputs(outputs, call.outputs)

    def test_shim_load(self, golden: tuple[GoldenModel, GoldenMetaGraph]) -> None:
        for sequence in golden[1].sequences:
            module = load(golden[0].path, golden[1].tags)
            for call in sequence.calls:
                if call.outputs is not None:
                    assert_outputs(call_shim(module.signatures[call.signature], call), call.outputs)

    def test_variables(self, golden: tuple[GoldenModel, GoldenMetaGraph], moved: Path) -> None:
        loaded = tf.saved_model.load(str(moved))
        found = {variable.name.removesuffix(":0"): variable for variable in loaded.variables}
        for expected in golden[1].variables:
            if expected.shape is None or expected.name in PATH_VARIABLES.get(golden[0].name, ()):
                continue
            names = expected.parts if expected.name in IN_PARTS else (SAME_STATE.get(expected.name, expected.name),)
            variables = [found[name] for name in names]
            assert {variable.trainable for variable in variables} == {expected.trainable}
            if expected.value is not None:
                value = np.concatenate([v.numpy() for v in variables]) if len(names) > 1 else variables[0].numpy()
                np.testing.assert_array_equal(plain(value), plain(expected.value))
        assert {v.name for v in loaded.trainable_variables} == {v.name for v in loaded.variables if v.trainable}

    def test_contract(self, golden: tuple[GoldenModel, GoldenMetaGraph], moved: Path) -> None:
        (written,) = read_saved_model(moved).meta_graphs
        assert set(written.meta_info_def.tags) == set(golden[1].tags)
        originals = read_saved_model(golden[0].path).meta_graphs
        (original,) = (graph for graph in originals if set(graph.meta_info_def.tags) == set(golden[1].tags))
        reserved = {"__saved_model_init_op", "__saved_model_train_op"}
        keys = set(golden[1].signatures) - reserved
        assert keys == set(written.signature_def) - reserved
        for key in keys:
            old, new = original.signature_def[key], written.signature_def[key]
            assert new.method_name == old.method_name
            for old_infos, new_infos in ((old.inputs, new.inputs), (old.outputs, new.outputs)):
                assert set(new_infos) == set(old_infos)
                for name, info in old_infos.items():
                    assert (new_infos[name].dtype, new_infos[name].tensor_shape) == (info.dtype, info.tensor_shape)
        assert {path.name for path in (moved / "assets").iterdir()} >= set(golden[1].assets)
        for asset in golden[1].assets:
            assert (moved / "assets" / asset).read_bytes() == (golden[0].path / "assets" / asset).read_bytes()
        for extra in golden[0].assets_extra:
            old_file, new_file = golden[0].path / "assets.extra" / extra, moved / "assets.extra" / extra
            assert new_file.read_bytes() == old_file.read_bytes()
        assert not [node.name for node in written.graph_def.node if "worker" in node.device or "GPU" in node.device]


def assert_outputs(outputs: Mapping[str, Any], expected: Mapping[str, Value]) -> None:
    """Compare the outputs of one call."""
    assert set(outputs) >= set(expected)
    for key, value in expected.items():
        assert_same(outputs[key], value)


def call_shim(function: Any, call: GoldenCall) -> dict[str, Any]:
    """Call a signature of a live module by its real keys; optional inputs are left out as the golden call does."""
    return dict(function({key: to_tensorflow(value) for key, value in call.inputs.items()}))


def call_tf2(function: Any, original: Any, call: GoldenCall) -> dict[str, Any]:
    """Call a loaded signature as TensorFlow 2 users do: by keyword, every dense part of every input given."""
    dense: dict[str, Any] = {}
    for key, value in call.inputs.items():
        if isinstance(value, SparseValue):
            dense.update({f"{key}_{part}": getattr(value, part) for part in SPARSE_PARTS})
        else:
            dense[key] = value
    specs = function.structured_input_signature[1]
    (signature,) = (found for found in read_signatures(original) if found.key == call.signature)
    keys = [endpoint.key for endpoint in signature.inputs]
    names = dict(zip(keys, loaded_names(keys, argument_names(keys)), strict=True))
    graph = LegacyGraph(original)
    for endpoint in signature.inputs:
        if endpoint.key not in dense:
            dense[endpoint.key] = tf.make_ndarray(graph.default_value(endpoint.tensor))
    outputs = function(**{names[key]: tf.constant(value, specs[names[key]].dtype) for key, value in dense.items()})
    return {
        key: SparseValue(*(outputs[f"{key}_{part}"].numpy() for part in SPARSE_PARTS))
        if isinstance(value, SparseValue)
        else outputs[key]
        for key, value in (call.outputs or {}).items()
    }


def call_tf1(session: Any, signature: Any, call: GoldenCall) -> dict[str, Any]:
    """Run a signature as TensorFlow Serving does, by the tensor names of its SignatureDef."""
    feeds: dict[str, Any] = {}
    for key, value in call.inputs.items():
        if isinstance(value, SparseValue):
            feeds.update(zip(tensor_names(signature.inputs[key]), to_parts(value), strict=True))
        else:
            feeds[signature.inputs[key].name] = value
    fetches = {key: tensor_names(info) for key, info in signature.outputs.items()}
    outputs = session.run(fetches, feeds)
    return {key: SparseValue(*value) if len(value) > 1 else value[0] for key, value in outputs.items()}


def tensor_names(info: Any) -> list[str]:
    """Return the name of a dense tensor, or of indices, values and dense shape."""
    if info.WhichOneof("encoding") != "coo_sparse":
        return [info.name]
    sparse = info.coo_sparse
    return [sparse.indices_tensor_name, sparse.values_tensor_name, sparse.dense_shape_tensor_name]


def to_parts(value: SparseValue) -> tuple[Array, Array, Array]:
    """Return indices, values and dense shape."""
    return value.indices, value.values, value.dense_shape


def to_tensorflow(value: Value) -> Any:
    """Return what a TensorFlow user would pass."""
    return tf.SparseTensor(*to_parts(value)) if isinstance(value, SparseValue) else value


def assert_same(actual: Any, expected: Value) -> None:
    """Compare dtype, shape and values; floats within what another TensorFlow's kernels may differ by."""
    if isinstance(expected, SparseValue):
        for part in SPARSE_PARTS:
            assert_same(getattr(actual, part), getattr(expected, part))
        return
    array, wanted = plain(actual), plain(expected)
    assert array.shape == wanted.shape
    if array.dtype.kind in "fc":
        assert array.dtype == wanted.dtype
        np.testing.assert_allclose(array, wanted, rtol=1e-5, atol=1e-6)
    else:
        assert array.tolist() == wanted.tolist()


def plain(value: Any) -> Array:
    """Return an array of plain numbers or byte strings: quantised numbers as integers, bfloat16 as float32."""
    array = np.asarray(value)
    if array.dtype.names:
        array = array[array.dtype.names[0]]
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array

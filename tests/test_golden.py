"""The fixtures themselves: every model has a golden that reads, is documented and stays small."""

import numpy as np
import pytest

from tests.golden import MODELS_DIR, GoldenModel, GoldenVariable, SparseValue, golden_model, golden_models, sha256_of

SIZE_LIMIT = 3 * 1024 * 1024  # All models and goldens together, bytes.

MODELS = golden_models()
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


def test_every_model_folder_has_a_golden() -> None:
    folders = {path.name for path in MODELS_DIR.iterdir() if path.is_dir() and path.name != "make"}
    assert folders == {model.name for model in MODELS}


def test_every_model_is_documented() -> None:
    readme = (MODELS_DIR.parent / "README.md").read_text(encoding="utf-8")
    section = readme.split("<!-- models -->")[1].split("<!-- /models -->")[0]
    documented = [line.split("`")[1] for line in section.splitlines() if line.startswith("- `")]
    assert sorted(documented) == [model.name for model in MODELS]


def test_models_stay_small() -> None:
    size = sum(path.stat().st_size for path in MODELS_DIR.rglob("*") if path.is_file() and "make" not in path.parts)
    assert 0 < size < SIZE_LIMIT


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        golden_model("no_such_model")


@each_model
def test_model_is_a_saved_model_with_its_assets(model: GoldenModel) -> None:
    assert any((model.path / name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt"))
    for graph in model.meta_graphs:
        for asset in graph.assets:
            assert (model.path / "assets" / asset).is_file()
    extra = model.path / "assets.extra"
    files = {path.relative_to(extra).as_posix() for path in extra.rglob("*") if path.is_file()}
    assert files == set(model.assets_extra)


@each_model
def test_calls_fit_their_signatures(model: GoldenModel) -> None:
    for graph in model.meta_graphs:
        for call in (call for sequence in graph.sequences for call in sequence.calls):
            signature = graph.signatures[call.signature]
            assert call.inputs.keys() <= signature.inputs.keys()
            assert (call.outputs is None) != (call.error is None)
            for key, value in call.inputs.items():
                assert isinstance(value, SparseValue) == signature.inputs[key].is_sparse
            if call.outputs is not None:
                assert call.outputs.keys() == signature.outputs.keys()


@each_model
def test_every_signature_is_called_twice(model: GoldenModel) -> None:
    for graph in model.meta_graphs:
        called = [call.signature for sequence in graph.sequences for call in sequence.calls]
        # Keras stores its init and train ops as signatures of these names; the loader runs them, clients do not.
        callable_keys = [key for key in graph.signatures if not key.startswith("__saved_model_")]
        assert graph.loads
        assert all(called.count(key) >= 2 for key in callable_keys)


@each_model
def test_variable_values_have_their_hash(model: GoldenModel) -> None:
    for graph in model.meta_graphs:
        changed = [variable for sequence in graph.sequences for variable in sequence.variables_changed]
        for variable in (*graph.variables, *changed):
            _check_variable(variable)


def _check_variable(variable: GoldenVariable) -> None:
    assert (variable.shape is None) == (variable.sha256 is None)
    if variable.value is not None:
        assert variable.value.shape == variable.shape
        assert sha256_of(variable.value) == variable.sha256


def test_a_variable_with_the_path_of_an_asset_is_told() -> None:
    variables = golden_model("main_op_asset_path").meta_graph().variables
    assert [variable.name for variable in variables if variable.holds_asset_path] == ["filename_tensor"]


def test_arrays_are_read_only_and_of_their_dtype() -> None:
    kernel = next(v for v in golden_model("ref_simple_save").meta_graphs[0].variables if v.name == "hidden/kernel")
    assert kernel.value is not None
    assert kernel.value.dtype == np.float32
    assert not kernel.value.flags.writeable

"""What a Keras HDF5 file says against loading it, before anything of its model is built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import pytest

from migrate.errors import RefusedModelError, Tf1to2Error, UnreadableModelError
from migrate.legacy.keras_h5_file import check_loadable
from tests.loose_models import loose_model


def _file(path: Path, **attributes: Any) -> Path:
    with h5py.File(path / "model.h5", "w") as content:
        content.attrs.update(attributes)
    return path / "model.h5"


def _config(*layers: dict[str, Any]) -> str:
    return json.dumps({"class_name": "Sequential", "config": {"layers": list(layers)}})


LAMBDA = {"class_name": "Lambda", "config": {"name": "twice", "function": ["4wEAAA==", None, None]}}
WRAPPED = {"class_name": "TimeDistributed", "config": {"name": "each", "layer": LAMBDA}}


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({}, "holds no model, weights at most"),
        ({"model_config": _config(LAMBDA)}, "the Lambda layer 'twice' holds code of Python"),
        ({"model_config": _config(WRAPPED)}, "the Lambda layer 'twice' holds code of Python"),
        ({"model_config": _config(), "keras_version": "1.2.2"}, "was written by Keras 1.2.2"),
        ({"model_config": "no json"}, "its configuration is no JSON"),
    ],
)
def test_what_is_refused(tmp_path: Path, attributes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Tf1to2Error, match=reason):
        check_loadable(_file(tmp_path, **attributes))


def test_a_file_that_is_cut_off(tmp_path: Path) -> None:
    content = loose_model("keras_file").path.read_bytes()
    (tmp_path / "model.h5").write_bytes(content[:1000])
    with pytest.raises(UnreadableModelError, match="is damaged or cut off"):
        check_loadable(tmp_path / "model.h5")


@pytest.mark.parametrize("name", ["keras_file", "keras_recurrent_file"])
def test_models_are_loaded(name: str) -> None:
    check_loadable(loose_model(name).path)


@pytest.mark.parametrize("version", ["2.2.4-tf", b"2.1.6-tf", ""])
def test_files_of_keras_2_are_taken(tmp_path: Path, version: str | bytes) -> None:
    check_loadable(_file(tmp_path, model_config=_config(), keras_version=version))


def test_a_refusal_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(RefusedModelError):
        check_loadable(_file(tmp_path, model_config=_config(LAMBDA)))

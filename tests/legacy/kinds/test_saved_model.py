"""TF1 SavedModels and Hub modules are read as their MetaGraphs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from migrate.errors import UnreadableModelError
from migrate.legacy.read import read_models
from tests.golden import golden_model


@pytest.mark.parametrize("name", ["ref_simple_save", "saved_model_pbtxt", "two_meta_graphs", "sharded_checkpoint"])
def test_every_meta_graph_is_read_with_its_weights(name: str) -> None:
    golden = golden_model(name)
    models = read_models(golden.path)
    assert [one.tags for one in models] == [frozenset(graph.tags) for graph in golden.meta_graphs]
    assert {one.path for one in models} == {golden.path}
    assert all(one.has_checkpoint for one in models)


def test_a_hub_module_and_the_proto_file_itself(tmp_path: Path) -> None:
    hub = shutil.copytree(golden_model("ref_simple_save").path, tmp_path / "hub")
    (hub / "tfhub_module.pb").write_bytes(b"\x08\x03")
    (by_folder,), (by_file,) = read_models(hub), read_models(hub / "saved_model.pb")
    assert by_folder == by_file
    assert by_folder.checkpoint == hub / "variables" / "variables"


def test_missing_weights_are_told_before_anything_is_parsed(tmp_path: Path) -> None:
    copy = shutil.copytree(golden_model("ref_simple_save").path, tmp_path / "copy")
    (copy / "variables" / "variables.index").unlink()
    with pytest.raises(UnreadableModelError, match=r"variables\.index is missing"):
        read_models(copy)

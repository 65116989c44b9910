"""`load` chooses a MetaGraph, and works wherever eager code runs."""

from __future__ import annotations

import hashlib
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.errors import NothingToDoError, RefusedModelError, Tf1to2Error, UnreadableModelError
from migrate.shim import load
from tests.golden import golden_model
from tests.loose_models import loose_model
from tests.verify.tiny_models import dense, export

TWO = golden_model("two_meta_graphs")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("load") / "model", dense, use_resource=False)


def y(module: Any) -> Any:
    return module.signatures["serving_default"](x=[[1.0, 2.0, 3.0]])["y"].numpy().tolist()


@pytest.mark.parametrize("graph", TWO.meta_graphs, ids=lambda graph: "-".join(graph.tags))
@pytest.mark.parametrize("kind", [list, tuple, set, iter])
def test_tags_choose(graph: Any, kind: Any) -> None:
    module = load(TWO.path, kind(graph.tags))
    assert set(module.signatures) == set(graph.signatures)


@pytest.mark.parametrize(
    ("tags", "error", "message"),
    [(None, RefusedModelError, "holds 2 MetaGraphs"), (["other"], UnreadableModelError, "no MetaGraph tagged other")],
)
def test_tags_that_do_not_choose(tags: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        load(TWO.path, tags)


@pytest.mark.parametrize("name", ["with space", "größe 字", "a" * 200, "dot.", "-dash", "per%cent#?"])
def test_any_path(name: str, folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / name)
    assert y(load(copy)) == y(load(str(copy))) == y(load(folder))


def test_a_relative_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert y(load("model")) == y(load(folder))


def test_nothing_is_written(folder: Path) -> None:
    def digest() -> dict[str, str]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest() + str(path.stat().st_mtime_ns) for path in files
        }

    before = digest()
    load(folder)
    assert digest() == before


def test_scopes_and_devices_of_the_caller_do_not_matter(folder: Path) -> None:
    with tf.name_scope("outer"), tf.device("/cpu:0"), tf.GradientTape():
        module = load(folder)
    assert [v.name for v in module.variables] == ["weights:0", "bias:0"]
    assert y(module) == y(load(folder))


def test_in_a_thread_and_side_by_side(folder: Path) -> None:
    modules: list[Any] = []
    threads = [threading.Thread(target=lambda: modules.append(load(folder))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    modules[0].variables[0].assign(tf.zeros([3, 2]))
    assert y(modules[0]) == [[0.25, -0.5]]
    assert y(modules[1]) == y(modules[2]) != y(modules[0])


def test_inside_a_graph_it_is_refused(folder: Path) -> None:
    with tf.Graph().as_default(), pytest.raises(Tf1to2Error, match="in eager execution only"):
        load(folder)


def test_a_native_model_needs_no_load(tmp_path: Path) -> None:
    tf.saved_model.save(tf.Module(), str(tmp_path / "native"))
    with pytest.raises(NothingToDoError):
        load(tmp_path / "native")


@pytest.mark.parametrize(
    ("make", "message"),
    [(lambda path: None, "does not exist"), (Path.mkdir, "is an empty folder"), (Path.touch, "is empty")],
)
def test_what_is_no_model(make: Any, message: str, tmp_path: Path) -> None:
    make(tmp_path / "model")
    with pytest.raises(UnreadableModelError, match=f"model {message}"):
        load(tmp_path / "model")


def test_missing_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(copy / "variables")
    with pytest.raises(UnreadableModelError, match=r"variables\.index is missing"):
        load(copy)


def test_the_api_of_the_shim() -> None:
    import migrate.shim

    for name in migrate.shim.__all__:
        assert getattr(migrate.shim, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = migrate.shim.nothing


@pytest.mark.parametrize("name", ["adam_trained", "moving_averages", "old_format", "frozen", "graph_with_checkpoint"])
def test_a_model_without_signatures(name: str) -> None:
    model = loose_model(name)
    signatures = [str(each) for each in model.asked.signatures]
    module = load(model.path, signatures=signatures, checkpoint=model.asked.checkpoint, ema=model.asked.ema)
    found = module.signatures["serving_default"](x=tf.constant(model.calls[1].inputs["x"]))
    for key, value in model.calls[1].outputs.items():
        assert isinstance(value, np.ndarray)
        np.testing.assert_allclose(found[key].numpy(), value, rtol=2e-6)
    assert {variable.name.partition(":")[0] for variable in module.variables} == set(model.variables)

"""Nothing of a model runs unasked: not by `inspect`, `rewrap`, `verify` or `load`, whatever the model looks like.

A new case is a function in `hostile_models`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from migrate.errors import RefusedModelError
from migrate.inspection.read import read_facts
from migrate.preflight.allowed_ops import AllowedOps
from migrate.rewrap import ModelOptions, rewrap
from migrate.shim import load
from migrate.verify import ProofOptions, prove
from tests.faults.hostile_models import HARMLESS, HOSTILE, write_model
from tests.faults.running import tf1to2


class Models(NamedTuple):
    """Every model by its name in `folder`, and the folder where a file appears when one of them is executed."""

    folder: Path
    canary: Path

    def check_nothing_ran(self) -> None:
        assert [file.name for file in self.canary.iterdir()] == []


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    root = tmp_path_factory.mktemp("hostile")
    found = Models(root / "models", root / "canary")
    found.canary.mkdir()
    for name, build in {**{name: build for name, (build, _) in HOSTILE.items()}, **HARMLESS}.items():
        write_model(name, build, found.folder / name, found.canary)
    found.check_nothing_ran()
    return found


@pytest.fixture(scope="module")
def rewrapped(models: Models) -> dict[str, Any]:
    """What became of all of them in one run of the command."""
    out = models.folder.parent / "out"
    ended = tf1to2("rewrap", models.folder, "-o", out, "--json", out.parent / "rows.json", seconds=300)
    ended.check_spoken()
    rows = json.loads((out.parent / "rows.json").read_text())["models"]
    return {Path(row["source"]).name: row for row in rows}


@pytest.mark.parametrize("name", HOSTILE)
def test_inspect_names_the_op(models: Models, name: str) -> None:
    problems = read_facts(models.folder / name).all_problems
    assert any(f"the op {HOSTILE[name][1]} " in problem for problem in problems), problems


@pytest.mark.parametrize("name", HARMLESS)
def test_inspect_finds_nothing(models: Models, name: str) -> None:
    assert read_facts(models.folder / name).all_problems == ()


@pytest.mark.parametrize("name", HOSTILE)
def test_rewrap_refuses(models: Models, rewrapped: dict[str, Any], name: str) -> None:
    assert rewrapped[name]["outcome"] == "refused"
    assert f"the op {HOSTILE[name][1]} " in rewrapped[name]["notes"][0]
    models.check_nothing_ran()


@pytest.mark.parametrize("name", HARMLESS)
def test_rewrap_takes(models: Models, rewrapped: dict[str, Any], name: str) -> None:
    assert rewrapped[name]["outcome"] == "rewrapped", rewrapped[name]["notes"]
    assert rewrapped[name]["proof"]["result"] == "bit-exact"


@pytest.mark.parametrize("name", HOSTILE)
def test_verify_refuses_it_as_the_old_and_as_the_new_model(models: Models, name: str) -> None:
    for old, new in ((name, "plain"), ("plain", name)):
        with pytest.raises(RefusedModelError, match=f"{name}: .*the op {HOSTILE[name][1]} "):
            prove(models.folder / old, models.folder / new)
    models.check_nothing_ran()


@pytest.mark.parametrize("name", HOSTILE)
def test_load_refuses(models: Models, name: str) -> None:
    with pytest.raises(RefusedModelError, match=f"the op {HOSTILE[name][1]} "):
        load(models.folder / name)
    models.check_nothing_ran()


def test_what_is_fetched_by_name_is_judged_when_it_is_fetched(models: Models) -> None:
    model = load(models.folder / "train_op_that_nobody_runs")
    with pytest.raises(RefusedModelError, match="the op WriteFile writes files"):
        model.run("evil")
    assert model.run("y:0", {"x:0": [[1.0, 2.0, 3.0]]}).shape == (1, 2)
    models.check_nothing_ran()


def test_what_is_allowed_is_kept_and_what_is_left_out_is_told(models: Models, tmp_path: Path) -> None:
    allowed = AllowedOps(frozenset({"WriteFile"}))
    kept = rewrap(models.folder / "signature", tmp_path / "kept", ModelOptions(allowed=allowed))
    assert not any("WriteFile" in note for note in kept.notes)
    left_out = rewrap(models.folder / "main_op", tmp_path / "left_out", ModelOptions(allowed=allowed))
    assert any("the op WriteFile writes files, whenever the model is loaded" in note for note in left_out.notes)
    models.check_nothing_ran()
    with pytest.raises(RefusedModelError, match="the op PrintV2 prints to a file"):
        rewrap(models.folder / "prints_to_file", tmp_path / "other", ModelOptions(allowed=allowed))


def test_a_native_model_that_writes_when_it_is_loaded(models: Models, tmp_path: Path) -> None:
    """The new model of a comparison may be hostile too, in ways that TensorFlow 1 did not have."""
    for name, problem in native_models(tmp_path, models.canary):
        with pytest.raises(RefusedModelError, match=problem):
            prove(models.folder / "plain", tmp_path / name)
    models.check_nothing_ran()


def test_a_native_model_proves_with_the_ops_that_are_allowed(models: Models, tmp_path: Path) -> None:
    rewrap(models.folder / "signature", tmp_path / "new", ModelOptions(allowed=AllowedOps(every=True)))
    proof = prove(
        models.folder / "signature",
        tmp_path / "new",
        options=ProofOptions(model=ModelOptions(allowed=AllowedOps(every=True))),
    )
    assert proof.bit_exact
    assert [file.name for file in models.canary.iterdir()] == ["signature"]
    (models.canary / "signature").unlink()


def native_models(folder: Path, canary: Path) -> list[tuple[str, str]]:
    import tensorflow as tf

    class Writing(tf.saved_model.experimental.TrackableResource):  # type: ignore[misc]
        """Writes a file whenever it is initialised; not while it is saved."""

        def _create_resource(self) -> Any:
            return tf.raw_ops.VarHandleOp(dtype=tf.bool, shape=[], shared_name="evil")

        def _initialize(self) -> None:
            if not tf.executing_eagerly():
                tf.io.write_file(str(canary / "native"), "written")

    class Stateful(tf.Module):  # type: ignore[misc]
        def __init__(self, *, resource: bool) -> None:
            self.weight = tf.Variable(tf.ones([3, 2]))
            self.resource = Writing() if resource else None

        def call(self, x: Any) -> Any:
            if self.resource is None:
                tf.io.write_file(str(canary / "called"), "written")
            else:
                tf.raw_ops.VarIsInitializedOp(resource=self.resource.resource_handle)
            return {"y": x @ self.weight}

    for name in ("initialised", "called"):
        module = Stateful(resource=name == "initialised")
        module.called = tf.function(module.call, input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
        tf.saved_model.save(module, str(folder / name), signatures=module.called)
    return [
        ("initialised", "the op WriteFile writes files, whenever the model is loaded"),
        ("called", "the op WriteFile writes files, whenever the model is executed"),
    ]

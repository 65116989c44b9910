"""Models without signatures (MetaGraphs with checkpoints, GraphDefs) give what TensorFlow 1.15.5 gave."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from migrate.errors import Tf1to2Error
from migrate.legacy.asked import Asked, parse_signature
from migrate.legacy.detect import detect
from migrate.legacy.kind import ModelKind
from migrate.legacy.read import read_models
from migrate.preflight.model_options import ModelOptions
from migrate.rewrap import rewrap
from migrate.verify.proof import ProofOptions
from migrate.verify.prover import prove_here
from tests.golden import MODELS_DIR
from tests.loose_models import LOOSE_MODELS_DIR, LooseModel, loose_model, loose_models

MODELS = loose_models()
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


@each_model
def test_it_gives_the_same_numbers_and_is_proven(model: LooseModel, tmp_path: Path) -> None:
    kind, options = detect(model.path).kind, ModelOptions(asked=model.asked)
    before = _digests(model)
    result = rewrap(model.path, tmp_path / "new", options)
    loaded = tf.saved_model.load(str(tmp_path / "new"))
    signature = loaded.signatures["serving_default"]
    for call in model.calls:
        found = signature(**{key: tf.constant(value) for key, value in call.inputs.items()})
        assert found.keys() == call.outputs.keys()
        for key, value in call.outputs.items():
            assert isinstance(value, np.ndarray)
            if value.dtype.kind == "f":  # kernels may round in another way, and legacy Keras builds its graph anew
                np.testing.assert_allclose(found[key].numpy(), value, rtol=2e-6, atol=1e-7)
            else:
                np.testing.assert_array_equal(found[key].numpy(), value)
    trainable = {variable.name.partition(":")[0] for variable in loaded.trainable_variables}
    names = {variable.name.partition(":")[0] for variable in loaded.variables}
    if kind == ModelKind.KERAS_H5:  # whose recurrent layers give the weights of their cells other names today
        assert (len(names), len(trainable)) == (len(model.variables), sum(model.variables.values()))
    else:
        assert {name: name in trainable for name in names} == dict(model.variables)
    assert not [note for note in result.notes if "not copied" in note]
    announced = [note for note in result.notes if "names no signature" in note]
    names_none = kind in (ModelKind.META_GRAPH, ModelKind.FROZEN_GRAPH)
    assert bool(announced) is (names_none and not model.asked.signatures)
    proof = prove_here(model.path, tmp_path / "new", ProofOptions(model=options))
    assert proof.bit_exact, proof.causes
    assert _digests(model) == before, "a source was touched"


def _digests(model: LooseModel) -> dict[Path, str]:
    files = (file for file in (LOOSE_MODELS_DIR / model.name).rglob("*") if file.is_file())
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _refusal(path: Path, asked: Asked) -> str:
    with pytest.raises(Tf1to2Error) as caught:
        read_models(path, asked)
    return str(caught.value)


SIGNATURE = parse_signature("x->y=layer/out")


@pytest.mark.parametrize(
    ("name", "asked", "reason"),
    [
        ("frozen", Asked((parse_signature("x->nothing"),)), "there is no node 'nothing' in its graph"),
        ("frozen", Asked((parse_signature("x->y:3"),)), "has 1 outputs, no y:3"),
        ("frozen", Asked(ema=True), "has no checkpoint, so that --ema finds no moving averages"),
        ("folder_moved", Asked((SIGNATURE,), ema=True), "holds no moving averages"),
        ("folder_moved", Asked(), "no one signature is obvious"),
        ("graph_with_checkpoint", Asked(), "is a GraphDef that is not frozen"),
        ("graph_with_checkpoint", Asked(checkpoint=Path("/nowhere/model.ckpt")), "is missing"),
        (
            "graph_with_checkpoint",
            Asked(checkpoint=loose_model("partitioned").path.with_suffix("")),
            "has no value for layer/w, layer/b, which its signatures need",
        ),
    ],
)
def test_what_is_refused(name: str, asked: Asked, reason: str) -> None:
    assert reason in _refusal(loose_model(name).path, asked)


def test_a_saved_model_has_its_own_signatures() -> None:
    assert "leave out --signature" in _refusal(MODELS_DIR / "ref_simple_save" / "model", Asked((SIGNATURE,)))


def test_weights_that_are_missing(tmp_path: Path) -> None:
    source = loose_model("adam_trained").path
    (tmp_path / source.name).write_bytes(source.read_bytes())
    assert "no checkpoint with their values lies beside it" in _refusal(tmp_path / source.name, Asked())


def test_the_command_takes_a_folder_and_a_signature(tmp_path: Path) -> None:
    model = loose_model("folder_moved")
    arguments = ["rewrap", str(model.path), "-o", str(tmp_path / "new"), *model.arguments]
    done = subprocess.run([sys.executable, "-m", "migrate", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "bit-exact" in done.stdout

"""Iterators that an init op starts: each load starts them, and calls draw from them, as in TensorFlow 1.15.5."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.legacy.saved_model import read_saved_model
from migrate.preflight.allowed_ops import AllowedOps
from migrate.rewrap import ModelOptions, RewrapResult, rewrap
from migrate.verify.proof import ProofOptions
from migrate.verify.prover import prove_here
from tests.golden import golden_model
from tests.rewrap.test_scratch_variables import compare_calls, in_session, natively, saved_again, saved_again_in_session

NAMES = ("iterator_main_op", "iterator_of_asset")
# A dataset hands its path to a function, where nobody can tell any more that it is an asset.
ALLOWED = ModelOptions(allowed=AllowedOps(frozenset({"TextLineDataset"})))


@pytest.fixture(scope="module")
def rewrapped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, RewrapResult]]:
    folder = tmp_path_factory.mktemp("iterators")
    return {name: (folder / name, rewrap(golden_model(name).path, folder / name, ALLOWED)) for name in NAMES}


@pytest.mark.parametrize("way", [in_session, natively, natively, saved_again, saved_again_in_session])
@pytest.mark.parametrize("name", NAMES)
def test_every_load_starts_them(
    name: str, way: Any, rewrapped: dict[str, tuple[Path, RewrapResult]], tmp_path: Path
) -> None:
    golden = golden_model(name)
    (original,) = read_saved_model(golden.path).meta_graphs
    folder = (tmp_path,) if way in (saved_again, saved_again_in_session) else ()
    with way(rewrapped[name][0], original, *folder) as run:
        compare_calls(run, golden.meta_graphs[0].sequences[0].calls)


@pytest.mark.parametrize("name", NAMES)
def test_the_proof(name: str, rewrapped: dict[str, tuple[Path, RewrapResult]]) -> None:
    proof = prove_here(golden_model(name).path, rewrapped[name][0], ProofOptions(model=ALLOWED))
    assert not proof.different, proof.causes
    assert not [note for note in proof.notes if "not compared" in note], proof.notes


def test_the_notes_tell(rewrapped: dict[str, tuple[Path, RewrapResult]]) -> None:
    (note,) = (each for each in rewrapped["iterator_of_asset"][1].notes if "iterator" in each)
    assert "starts 2 iterator(s)" in note


def test_it_is_no_table_and_no_variable(rewrapped: dict[str, tuple[Path, RewrapResult]]) -> None:
    model = tf.saved_model.load(str(rewrapped["iterator_main_op"][0]))
    assert [variable.name for variable in model.variables] == ["scale:0"]

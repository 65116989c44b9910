"""State that only signatures set: kept from call to call, and missing until it is set, as in TensorFlow 1.15.5."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.legacy.saved_model import read_saved_model
from migrate.rewrap import ModelOptions, RewrapResult, rewrap
from migrate.shim import load
from migrate.verify.proof import Proof, ProofOptions
from migrate.verify.prover import prove_here
from tests.golden import GoldenCall, golden_model
from tests.rewrap.test_against_tensorflow_1 import assert_outputs, call_shim, call_tf1, call_tf2
from tests.verify.tiny_models import PREDICT, Signature, export

v1 = tf.compat.v1
NAMES = ("local_state", "scratch_tables", "lazily_set", "changing_shapes", "subset_saver_uninitialised")


@pytest.fixture(scope="module")
def rewrapped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, RewrapResult]]:
    folder = tmp_path_factory.mktemp("scratch")
    return {name: (folder / name, rewrap(golden_model(name).path, folder / name)) for name in NAMES}


Runner = Callable[[GoldenCall], Any]


@contextmanager
def in_session(new: Path, original: Any) -> Iterator[Runner]:
    with tf.Graph().as_default(), v1.Session() as session:
        graph = v1.saved_model.load(session, ["serve"], str(new))
        yield lambda call: call_tf1(session, graph.signature_def[call.signature], call)


@contextmanager
def natively(new: Path, original: Any) -> Iterator[Runner]:
    model = tf.saved_model.load(str(new))
    yield lambda call: call_tf2(model.signatures[call.signature], original, call)


@contextmanager
def saved_again(new: Path, original: Any, tmp_path: Path) -> Iterator[Runner]:
    model = tf.saved_model.load(str(new))
    tf.saved_model.save(model, str(tmp_path / "again"), signatures=model.signatures)
    with natively(tmp_path / "again", original) as run:
        yield run


@contextmanager
def saved_again_in_session(new: Path, original: Any, tmp_path: Path) -> Iterator[Runner]:
    model = tf.saved_model.load(str(new))
    tf.saved_model.save(model, str(tmp_path / "again"), signatures=model.signatures)
    with in_session(tmp_path / "again", original) as run:
        yield run


@pytest.mark.parametrize("way", [in_session, natively, saved_again, saved_again_in_session])
@pytest.mark.parametrize("name", NAMES)
def test_every_call_gives_or_fails_as_in_tensorflow_1(
    name: str, way: Any, rewrapped: dict[str, tuple[Path, RewrapResult]], tmp_path: Path
) -> None:
    golden = golden_model(name)
    (original,) = read_saved_model(golden.path).meta_graphs
    extra = (tmp_path,) if way in (saved_again, saved_again_in_session) else ()
    if extra:
        (tmp_path / "again").parent.mkdir(exist_ok=True)
    for number, sequence in enumerate(golden.meta_graphs[0].sequences):
        folder = (tmp_path / str(number),) if extra else ()
        with way(rewrapped[name][0], original, *folder) as run:
            compare_calls(run, sequence.calls)


@pytest.mark.parametrize("name", NAMES)
def test_a_program_that_loads_the_original(name: str) -> None:
    golden = golden_model(name)
    for sequence in golden.meta_graphs[0].sequences:
        signatures = load(golden.path).signatures
        compare_calls(partial(call_live, signatures), sequence.calls)


def call_live(signatures: Mapping[str, Any], call: GoldenCall) -> Any:
    """Call a signature of a live module."""
    return call_shim(signatures[call.signature], call)


def compare_calls(run: Runner, calls: Any) -> None:
    """Compare what each call of a sequence gives, or that it fails."""
    for call in calls:
        if call.outputs is None:
            with pytest.raises(tf.errors.OpError):
                run(call)
        else:
            assert_outputs(run(call), call.outputs)


@pytest.mark.parametrize("name", NAMES)
def test_the_proof(name: str, rewrapped: dict[str, tuple[Path, RewrapResult]]) -> None:
    proof = prove_here(golden_model(name).path, rewrapped[name][0], ProofOptions())
    assert proof.passed, proof
    assert not [note for note in proof.notes if "not compared" in note], proof.notes


def test_a_signature_is_tried_again_when_the_others_have_set_its_variable(
    rewrapped: dict[str, tuple[Path, RewrapResult]],
) -> None:
    proof: Proof = prove_here(golden_model("local_state").path, rewrapped["local_state"][0], ProofOptions())
    compared = {check.signature: check.requests for check in proof.checks}
    assert compared.keys() == {"advance", "plain", "reset"}
    assert compared["advance"] > 0
    proof = prove_here(
        golden_model("subset_saver_uninitialised").path, rewrapped["subset_saver_uninitialised"][0], ProofOptions()
    )
    assert any("'broken' reads a variable that nothing has set" in note for note in proof.notes)


def test_the_notes_name_what_nothing_sets(rewrapped: dict[str, tuple[Path, RewrapResult]]) -> None:
    (note,) = (each for each in rewrapped["local_state"][1].notes if "nothing sets" in each)
    assert "nothing sets state when the model is loaded" in note
    assert not [each for each in rewrapped["changing_shapes"][1].notes if "nothing sets history" in each]


def test_what_signatures_set_is_no_stored_variable(rewrapped: dict[str, tuple[Path, RewrapResult]]) -> None:
    model = tf.saved_model.load(str(rewrapped["local_state"][0]))
    assert [variable.name for variable in model.variables] == ["weights:0"]


def never_set(path: Path) -> None:
    """Export a model of which nothing can run: its only signature reads a variable that the saver leaves out."""

    def build() -> dict[str, Signature]:
        x = v1.placeholder(tf.float32, [2], name="x")
        y = x * v1.get_variable("lost", initializer=[2.0, 3.0]) + v1.get_variable("saved", initializer=1.0)
        return {"serving_default": ({"x": x}, {"y": y}, PREDICT)}

    export(path, build, use_resource=False)
    proto = read_saved_model(path)
    graph = proto.meta_graphs[0].graph_def
    (lost,) = (node for node in graph.node if node.name.startswith("save/Assign") and node.input[0] == "lost")
    for node in graph.node:
        waits = [edge for edge in node.input if edge != f"^{lost.name}"]
        del node.input[:]
        node.input.extend(waits)
    graph.node.remove(lost)
    (path / "saved_model.pb").write_bytes(proto.SerializeToString())


def test_a_model_of_which_nothing_can_run_is_refused(tmp_path: Path) -> None:
    never_set(tmp_path / "old")
    with pytest.raises(
        RefusedModelError, match="'lost' is in use, but neither the checkpoint nor the init op nor a signature"
    ):
        rewrap(tmp_path / "old", tmp_path / "new", ModelOptions())
    assert [path.name for path in tmp_path.iterdir()] == ["old"]

"""The prover passes what is right and fails every mutated copy."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.errors import Tf1to2Error, UnreadableModelError
from migrate.legacy.saved_model import read_saved_model
from migrate.method_names.method import Method
from migrate.method_names.model_methods import set_method_names
from migrate.preflight.model_options import ModelOptions
from migrate.rewrap import rewrap
from migrate.verify import Loading, Outcome, Proof, ProofOptions, prove
from migrate.verify.edited_copy import lost_kernels
from migrate.verify.judge import Judge
from migrate.verify.prover import prove_here
from migrate.verify.reference import Again, Reference, Run
from migrate.verify.signature_tensors import Slot
from migrate.verify.weights import ReferenceState
from tests.verify import tiny_models
from tests.verify.tiny_models import CLASSIFY, PREDICT, Signature

v1 = tf.compat.v1
_FILES: dict[str, Path] = {}


REF_MODEL = Path(__file__).parents[2] / "fixtures" / "models" / "ref_simple_save" / "model"


def table() -> dict[str, Signature]:
    """Words looked up in a vocabulary file."""
    words = v1.placeholder(tf.string, [None], name="words")
    index = tf.lookup.TextFileIndex
    initializer = tf.lookup.TextFileInitializer(
        str(_FILES["vocabulary"]), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER
    )
    ids = tf.lookup.StaticHashTable(initializer, -1).lookup(words)
    return {"serving_default": ({"words": words}, {"ids": ids}, PREDICT)}


def counter() -> dict[str, Signature]:
    """Counts its calls."""
    x = v1.placeholder(tf.float32, [None], name="x")
    calls = v1.get_variable("calls", [], initializer=v1.zeros_initializer())
    return {"serving_default": ({"x": x}, {"y": x + calls.assign_add(1.0)}, PREDICT)}


def swapped() -> dict[str, Signature]:
    """Two outputs of one shape."""
    x = v1.placeholder(tf.float32, [None, 2], name="x")
    w = v1.get_variable("w", [2], initializer=v1.constant_initializer([1.0, 2.0]))
    return {"serving_default": ({"x": x}, {"a": x * w, "b": x + w}, PREDICT)}


def random() -> dict[str, Signature]:
    """One output by chance, one not."""
    x = v1.placeholder(tf.float32, [None], name="x")
    v1.set_random_seed(None)
    noisy = x + v1.random_uniform([], seed=None)
    return {"serving_default": ({"x": x}, {"noisy": noisy, "y": x * 2.0}, PREDICT)}


def failing() -> dict[str, Signature]:
    """A signature that no input satisfies, and one that runs."""
    x = v1.placeholder(tf.float32, [None], name="x")
    with tf.control_dependencies([v1.assert_equal(tf.constant(1), v1.placeholder_with_default(2, []))]):
        y = x * 2.0
    return {"bad": ({"x": x}, {"y": y}, PREDICT), "good": ({"x": x}, {"y": x + 1.0}, PREDICT)}


Pair = tuple[Path, Path]
Make = Callable[[Callable[[], Any]], Pair]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Export each model once, and save again with plain TF2 what plain TF2 gets right."""
    root = tmp_path_factory.mktemp("pairs")
    _FILES["vocabulary"] = root / "vocabulary.txt"
    _FILES["vocabulary"].write_text("cat\ndog\nowl\n")
    made: dict[str, Pair] = {}

    def make(build: Callable[[], Any]) -> Pair:
        name = build.__name__
        if name not in made:
            old = tiny_models.export(root / name / "old", build)
            made[name] = (old, tiny_models.resave(old, root / name / "new"))
        return made[name]

    return make


@pytest.fixture
def mutant(pairs: Make, tmp_path: Path) -> Make:
    """Give the original and a copy of the new model that a test may change."""

    def make(build: Callable[[], Any]) -> Pair:
        old, new = pairs(build)
        return old, shutil.copytree(new, tmp_path / "mutant")

    return make


def edit(model: Path, change: Callable[[Any], None]) -> None:
    """Change the MetaGraphDef of a model on disk."""
    saved_model = read_saved_model(model)
    change(saved_model.meta_graphs[0])
    (model / "saved_model.pb").write_bytes(saved_model.SerializeToString())


def assert_different(proof: Proof, cause: str) -> None:
    assert proof.different
    assert not proof.passed
    assert not proof.bit_exact
    assert any(cause in each for each in proof.causes), proof.causes


@pytest.mark.parametrize("build", [tiny_models.dense, table, counter, swapped])
def test_what_is_right_passes_bit_for_bit(pairs: Make, build: Callable[[], Any]) -> None:
    proof = prove(*pairs(build))
    assert proof.causes == ()
    assert proof.passed
    assert proof.bit_exact
    assert {check.loading for check in proof.checks} == set(Loading)
    assert all(check.requests >= 2 for check in proof.checks)


def test_nothing_is_left_behind(pairs: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    prove(*pairs(tiny_models.dense))
    assert list(tmp_path.iterdir()) == []


def test_one_copy_of_a_loaded_model_is_in_memory_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rewrap(REF_MODEL, tmp_path / "new")
    load, loaded, alive = tf.saved_model.load, list[weakref.ref[Any]](), list[int]()

    def counted(*args: Any, **options: Any) -> Any:
        alive.append(sum(each() is not None for each in loaded))
        model = load(*args, **options)
        variables = (each for each in tf.train.TrackableView(model).descendants() if isinstance(each, tf.Variable))
        loaded.extend(weakref.ref(each.handle) for each in variables)
        return model

    monkeypatch.setattr(tf.saved_model, "load", counted)
    gc.disable()  # what frees the first must not be chance
    try:
        assert prove_here(REF_MODEL, tmp_path / "new", ProofOptions()).passed
    finally:
        gc.enable()
    assert alive == [0, 0]


def test_a_weight_changed_by_one_unit_in_the_last_place(mutant: Make, tmp_path: Path) -> None:
    old, _ = mutant(tiny_models.dense)
    loaded = tf.saved_model.load(str(old))
    weights = next(variable for variable in loaded.variables if variable.name == "weights:0")
    value = weights.numpy()
    value[0, 0] = np.nextafter(value[0, 0], np.float32(np.inf))
    weights.assign(value)
    tf.saved_model.save(loaded, str(tmp_path / "new"), signatures=loaded.signatures)

    proof = prove(old, tmp_path / "new")

    assert_different(proof, "variable 'weights': its values differ")
    assert proof.weights is not None
    assert (proof.weights.compared, proof.weights.equal) == (2, 1)


def test_output_keys_swapped(mutant: Make) -> None:
    old, new = mutant(swapped)

    def swap(graph: Any) -> None:
        outputs = graph.signature_def["serving_default"].outputs
        outputs["a"].name, outputs["b"].name = outputs["b"].name, outputs["a"].name

    edit(new, swap)
    assert_different(prove(old, new), "'serving_default' by TF1 loader in a Session: output a (request 1)")


def test_method_name_changed(mutant: Make) -> None:
    old, new = mutant(tiny_models.dense)
    set_method_names(new, {"serving_default": Method.CLASSIFY})
    assert_different(prove(old, new), "the method name is 'tensorflow/serving/classify'")


def test_asset_changed(mutant: Make) -> None:
    old, new = mutant(table)
    asset = new / "assets" / "vocabulary.txt"
    asset.write_text("cat\nemu\nowl\n")
    proof = prove(old, new)
    assert_different(proof, "the asset 'vocabulary.txt' has another content")
    assert_different(proof, "output ids")


def test_table_emptied(mutant: Make) -> None:
    old, new = mutant(table)
    (new / "assets" / "vocabulary.txt").write_text("-\n")
    assert_different(prove(old, new), "by tf.saved_model.load: output ids")


def test_asset_missing(mutant: Make) -> None:
    old, new = mutant(table)
    (new / "assets" / "vocabulary.txt").unlink()
    assert_different(prove(old, new), "the asset 'vocabulary.txt' is missing")


def test_a_path_to_the_place_where_the_model_lies(mutant: Make) -> None:
    old, new = mutant(tiny_models.dense)

    def remember(graph: Any) -> None:
        node = graph.graph_def.node.add(name="place", op="Const")
        node.attr["dtype"].type = 7
        node.attr["value"].tensor.dtype = 7
        node.attr["value"].tensor.string_val.append(f"{new.resolve()}/assets/file".encode())

    edit(new, remember)
    assert_different(prove(old, new), "breaks when that folder is moved")


@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_shape_changed(mutant: Make, side: str) -> None:
    old, new = mutant(tiny_models.dense)

    def fix_batch(graph: Any) -> None:
        for info in getattr(graph.signature_def["serving_default"], side).values():
            info.tensor_shape.dim[0].size = 1

    edit(new, fix_batch)
    assert_different(prove(old, new), "has shape [1, ")


def test_dtype_changed(mutant: Make) -> None:
    old, new = mutant(tiny_models.dense)

    def widen(graph: Any) -> None:
        graph.signature_def["serving_default"].outputs["y"].dtype = tf.float64.as_datatype_enum

    edit(new, widen)
    assert_different(prove(old, new), "dtype float64 in place of float32")


def test_tags_changed(mutant: Make) -> None:
    old, new = mutant(tiny_models.dense)
    edit(new, lambda graph: graph.meta_info_def.tags.append("gpu"))
    assert_different(prove(old, new), "the tags are gpu,serve in place of serve")


def test_signature_missing(mutant: Make) -> None:
    old, new = mutant(tiny_models.dense)

    def drop(graph: Any) -> None:
        del graph.signature_def["serving_default"]

    edit(new, drop)
    assert_different(prove(old, new), "the signature 'serving_default' is missing")


def test_key_renamed(mutant: Make) -> None:
    old, new = mutant(tiny_models.dense)

    def rename(graph: Any) -> None:
        inputs = graph.signature_def["serving_default"].inputs
        inputs["X"].CopyFrom(inputs["x"])
        del inputs["x"]

    edit(new, rename)
    proof = prove(old, new)
    assert_different(proof, "the input 'x' is missing")
    assert_different(proof, "the input 'X' is new")


def test_counter_that_does_not_count(pairs: Make, tmp_path: Path) -> None:
    old, _ = pairs(counter)
    module = tf.Module()
    module.calls = tf.Variable(0.0, name="calls", trainable=True)
    module.f = tf.function(lambda x: {"y": x + module.calls + 1.0}, input_signature=[tf.TensorSpec([None], name="x")])
    tf.saved_model.save(module, str(tmp_path / "new"), signatures=module.f.get_concrete_function())
    # The first request agrees, the second does not.
    assert_different(prove(old, tmp_path / "new"), "request 2")


def test_trainable_changed(pairs: Make, tmp_path: Path) -> None:
    old, _ = pairs(tiny_models.dense)
    loaded = tf.saved_model.load(str(old))
    module = tf.Module()
    module.values = [tf.Variable(v.numpy(), name=v.name.split(":")[0], trainable=False) for v in loaded.variables]
    values = {v.name: v for v in module.values}
    module.f = tf.function(
        lambda x: {"y": tf.add(tf.matmul(x, values["weights:0"]), values["bias:0"])},
        input_signature=[tf.TensorSpec([None, 3], name="x")],
    )
    tf.saved_model.save(module, str(tmp_path / "new"), signatures=module.f.get_concrete_function())
    assert_different(prove(old, tmp_path / "new"), "trainable is False in place of True")


def test_assets_extra(mutant: Make, tmp_path: Path) -> None:
    old, new = mutant(tiny_models.dense)
    old = shutil.copytree(old, tmp_path / "old")
    (old / "assets.extra").mkdir()
    (old / "assets.extra" / "note").write_bytes(b"\0\1")
    assert_different(prove(old, new), "the file 'note' in assets.extra/ is missing")
    shutil.copytree(old / "assets.extra", new / "assets.extra")
    assert prove(old, new).passed
    (new / "assets.extra" / "note").write_bytes(b"\0\2")
    assert_different(prove(old, new), "the file 'note' in assets.extra/ is changed")


def test_a_new_model_that_does_not_load(mutant: Make) -> None:
    old, new = mutant(tiny_models.dense)
    shutil.rmtree(new / "variables")
    proof = prove(old, new)
    assert_different(proof, "cannot load the new model")
    assert proof.weights is None


def test_ref_variables_lost_by_plain_tensorflow(tmp_path: Path) -> None:
    old = tiny_models.export(tmp_path / "old", tiny_models.dense, use_resource=False)
    proof = prove(old, tiny_models.resave(old, tmp_path / "new"))
    assert_different(proof, "variable 'weights': it is missing in the new model")
    assert_different(proof, "uninitialized")


def test_classify_name_lost_by_plain_tensorflow(tmp_path: Path) -> None:
    def classifier() -> dict[str, Signature]:
        examples = v1.placeholder(tf.string, [None], name="examples")
        parsed = tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([3], tf.float32)})
        w = v1.get_variable("w", [3, 2])
        return {"serving_default": ({"inputs": examples}, {"scores": tf.matmul(parsed["x"], w)}, CLASSIFY)}

    old = tiny_models.export(tmp_path / "old", classifier)
    new = tiny_models.resave(old, tmp_path / "new")
    proof = prove(old, new)
    assert [cause for cause in proof.causes if "method name" not in cause] == []
    assert_different(proof, "'tensorflow/serving/predict' in place of 'tensorflow/serving/classify'")
    set_method_names(new, {"serving_default": Method.CLASSIFY})
    assert prove(old, new).bit_exact


def test_outputs_by_chance_are_told_apart(pairs: Make) -> None:
    proof = prove(*pairs(random))
    assert proof.passed
    check = proof.checks[0]
    assert check.nondeterministic == ("noisy (request 1)", "noisy (request 2)")
    assert check.outcome is Outcome.BIT_EXACT, "y is compared"


def test_a_signature_that_the_original_cannot_run_is_not_proven(pairs: Make) -> None:
    proof = prove(*pairs(failing))
    assert not proof.different
    assert not proof.passed
    assert {check.signature for check in proof.unproven} == {"bad"}
    reason = proof.unproven[0].reason
    assert "the original fails on every input" in reason
    assert "so does the new model" in reason


def test_several_meta_graphs_need_tags(mutant: Make, tmp_path: Path) -> None:
    old, new = mutant(tiny_models.dense)
    old = shutil.copytree(old, tmp_path / "old")
    saved_model = read_saved_model(old)
    other = saved_model.meta_graphs.add()
    other.CopyFrom(saved_model.meta_graphs[0])
    other.meta_info_def.tags[:] = ["train"]
    (old / "saved_model.pb").write_bytes(saved_model.SerializeToString())

    def tagged(tag: str) -> ProofOptions:
        return ProofOptions(model=ModelOptions(frozenset({tag})))

    # The tags of the new model choose.
    assert prove(old, new).passed
    assert prove(old, new, options=tagged("serve")).passed
    assert_different(prove(old, new, options=tagged("train")), "the tags are serve in place of train")
    edit(new, lambda graph: graph.meta_info_def.tags.append("both"))
    with pytest.raises(Tf1to2Error, match="choose one with --tags: serve; train"):
        prove(old, new)
    with pytest.raises(UnreadableModelError, match="no MetaGraph tagged tpu"):
        prove(old, new, options=tagged("tpu"))


def test_an_original_that_does_not_load_is_no_reference(mutant: Make, tmp_path: Path) -> None:
    old, new = mutant(tiny_models.dense)
    old = shutil.copytree(old, tmp_path / "old")
    shutil.rmtree(old / "variables")
    with pytest.raises(UnreadableModelError, match="nothing to compare with"):
        prove(old, new)


def test_graph_mode_is_refused(pairs: Make) -> None:
    with tf.Graph().as_default(), pytest.raises(Tf1to2Error, match="eager"):
        prove(*pairs(tiny_models.dense))


def test_inputs_of_the_user(pairs: Make, tmp_path: Path) -> None:
    np.savez(tmp_path / "inputs.npz", x=np.ones([5, 3], np.float32))
    proof = prove(*pairs(tiny_models.dense), options=ProofOptions(inputs=os.fspath(tmp_path / "inputs.npz")))
    assert proof.passed
    assert {check.requests for check in proof.checks} == {1}


def test_keys_that_plain_tensorflow_renames_when_it_saves_again(tmp_path: Path) -> None:
    def slashes() -> dict[str, Signature]:
        x = v1.placeholder(tf.float32, [None], name="x")
        return {"serving_default": ({"features/x": x, "y": x * 1.0}, {"a/b": x * 2.0}, PREDICT)}

    old = tiny_models.export(tmp_path / "old", slashes)
    proof = prove(old, tiny_models.resave(old, tmp_path / "new"))
    assert not [check for check in proof.checks if check.outcome is not Outcome.BIT_EXACT], proof


def test_variables_that_the_init_op_draws_are_not_compared(tmp_path: Path) -> None:
    def drawn() -> dict[str, Signature]:
        x = v1.placeholder(tf.float32, [None], name="x")
        v1.set_random_seed(None)
        noise = v1.get_variable("noise", [2], initializer=v1.random_uniform_initializer())
        w = v1.get_variable("w", [], initializer=v1.constant_initializer(2.0))
        v1.add_to_collection("draw", noise.initializer)
        return {"serving_default": ({"x": x}, {"y": x * w, "n": x + noise[0]}, PREDICT)}

    old = tiny_models.export(tmp_path / "old", drawn, main_op=lambda: v1.get_collection("draw")[0])
    proof = prove(old, tiny_models.resave(old, tmp_path / "new"))
    assert proof.weights is not None
    assert (proof.weights.compared, proof.weights.equal, proof.weights.by_chance) == (1, 1, ("noise",))
    assert proof.causes == ()
    assert proof.checks[0].nondeterministic == ("n (request 1)", "n (request 2)")


def test_a_kernel_that_is_gone_is_stood_in_for() -> None:
    fixture = Path(__file__).parents[2] / "fixtures" / "models" / "boosted_trees_bucketize" / "model"
    lost = lost_kernels(read_saved_model(fixture).meta_graphs[0])
    proof = prove(fixture, fixture)
    noted = any("stock ops in place of BoostedTreesBucketize" in note for note in proof.notes)
    # The copy cannot run where the kernel is gone; the original is run all the same.
    assert (noted, any("No OpKernel" in cause for cause in proof.causes)) == (bool(lost), bool(lost))


@pytest.mark.parametrize(("late", "outcome"), [(3, Outcome.NONDETERMINISTIC), (99, Outcome.DIFFERENT)])
def test_a_race_that_rarely_shows_is_looked_for_more_than_once(late: int, outcome: Outcome) -> None:
    """The original gives 1.0 again and again, and 2.0 in run number `late`; the new model gives 2.0."""
    slot = Slot("y")
    reruns = itertools.count(1)

    def run_again() -> Again:
        value = 2.0 if next(reruns) == late else 1.0
        return Again(ReferenceState((), ()), {"s": Run(None, ({},), ({slot: np.array([value], np.float32)},))})

    run = Run(None, ({},), ({slot: np.array([1.0], np.float32)},))
    reference = Reference(ReferenceState((), ()), {"s": run}, tf.Graph(), (), run_again)
    judge = Judge(reference, ProofOptions())
    (check,) = judge.checks(Loading.TF2, lambda key, signature, request: {slot: np.array([2.0], np.float32)})
    assert check.outcome is outcome

"""Export outputs: method names, keys, and what is refused, as in TensorFlow 1.15."""

from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.shim.estimator.errors import EstimatorError
from migrate.shim.estimator.outputs import ClassificationOutput, PredictOutput, RegressionOutput
from migrate.shim.estimator.signatures import build_all_signature_defs


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as graph:
        yield graph


def floats() -> Any:
    return tf1.placeholder(tf.float32, [None, 2])


def strings() -> Any:
    return tf1.placeholder(tf.string, [None])


def test_one_tensor_is_called_output() -> None:
    signature = PredictOutput(floats()).as_signature_def({"x": floats()})
    assert (signature.method_name, set(signature.inputs), set(signature.outputs)) == (
        "tensorflow/serving/predict",
        {"x"},
        {"output"},
    )


def test_keys_stay_and_tuples_are_joined() -> None:
    assert set(PredictOutput({"a": floats(), ("head", "b"): floats()}).outputs) == {"a", "head/b"}


def test_classification_renames_the_input() -> None:
    output = ClassificationOutput(scores=floats(), classes=strings())
    signature = output.as_signature_def({"my_examples": strings()})
    assert signature.method_name == "tensorflow/serving/classify"
    assert (set(signature.inputs), set(signature.outputs)) == ({"inputs"}, {"scores", "classes"})


@pytest.mark.parametrize("given", ["scores", "classes"])
def test_classification_of_one_kind(given: str) -> None:
    output = ClassificationOutput(**{given: floats() if given == "scores" else strings()})
    assert set(output.as_signature_def({"x": strings()}).outputs) == {given}


def test_regression_has_one_output() -> None:
    signature = RegressionOutput(floats()).as_signature_def({"x": strings()})
    assert signature.method_name == "tensorflow/serving/regress"
    assert (set(signature.inputs), set(signature.outputs)) == ({"inputs"}, {"outputs"})


@pytest.mark.parametrize("output", ["classification", "regression"])
@pytest.mark.parametrize("inputs", ["floats", "two strings"])
def test_only_one_string_tensor_can_be_classified(output: str, inputs: str) -> None:
    made = ClassificationOutput(floats()) if output == "classification" else RegressionOutput(floats())
    tensors = {"x": floats()} if inputs == "floats" else {"x": strings(), "y": strings()}
    with pytest.raises(ValueError, match="single string Tensor"):
        made.as_signature_def(tensors)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: PredictOutput({1: floats()}), "key must be a string"),
        (lambda: PredictOutput({"x": 1.0}), "must be a Tensor"),
        (lambda: PredictOutput(None), "must be a Tensor"),
        (lambda: PredictOutput({"x": tf.SparseTensor([[0, 0]], [1.0], [1, 1])}), "must be a Tensor"),
        (ClassificationOutput, "scores, classes or both"),
        (lambda: ClassificationOutput(scores=strings()), "float32"),
        (lambda: ClassificationOutput(classes=tf.constant([1])), "string Tensor"),
        (lambda: RegressionOutput(tf.constant([1])), "float32"),
        (lambda: RegressionOutput(None), "float32"),
    ],
)
def test_refused(make: Any, match: str) -> None:
    with pytest.raises(EstimatorError, match=match):
        make()


def test_signatures_for_programs_that_write_the_model_themselves() -> None:
    outputs = {"serving_default": ClassificationOutput(scores=floats()), "predict": PredictOutput(floats())}
    made = build_all_signature_defs(strings(), outputs, {"raw": {"a": floats()}})
    assert {key: (value.method_name, set(value.inputs)) for key, value in made.items()} == {
        "serving_default": ("tensorflow/serving/classify", {"inputs"}),
        "predict": ("tensorflow/serving/predict", {"input"}),
        "raw:predict": ("tensorflow/serving/predict", {"a"}),
    }


def test_outputs_must_be_a_dictionary() -> None:
    with pytest.raises(ValueError, match="must be a dict"):
        build_all_signature_defs(strings(), PredictOutput(floats()))  # type: ignore[arg-type]

"""`--keras`: a Keras class next to every custom model_fn, and to nothing else."""

from __future__ import annotations

import pytest

from codemods.engine.decoded_file import open_document
from codemods.engine.file_plans import Surroundings, plan_file
from codemods.names.target import NEWEST
from codemods.rules.sm111_estimator import Estimator
from codemods.site import Outcome

MODEL_FN = "def {name}(features, labels, mode{more}):\n  return tf.estimator.EstimatorSpec(mode, predictions=p)\n"
EXPORT = "tf.estimator.Estimator({name}, d{more}).export_saved_model(d, fn)\n"


def after(source: str, *, keras: bool = True) -> str:
    plan = plan_file("m.py", source.encode(), [Estimator()], Surroundings(keras=keras, target=NEWEST))
    assert plan.document is not None
    result = plan.document.apply(plan.sites).decode()
    again = plan_file("m.py", result.encode(), [Estimator()], Surroundings(keras=keras, target=NEWEST))
    assert again.document is not None
    assert open_document("m.py", result.encode()).apply(again.sites).decode() == result, "a second run changes the file"
    return result


def program(name: str = "model_fn", parameters: str = "", given: str = "") -> str:
    head = "import tensorflow as tf\nk = tf.constant(1)\n"
    return head + MODEL_FN.format(name=name, more=parameters) + "\n\n" + EXPORT.format(name=name, more=given)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            program(),
            "class KerasModel(ModelFnModel):\n"
            '  """`model_fn` as a Keras model, which can train on from a TF1 checkpoint."""\n'
            "\n  model_fn = staticmethod(model_fn)\n",
        ),
        (
            program("cnn_model_fn", ", params", ", params={'units': 3}"),
            "  model_fn = staticmethod(cnn_model_fn)\n  params = {'units': 3}\n",
        ),
        (
            program("_dense_fn", ", params", ", params=read()"),
            "  model_fn = staticmethod(_dense_fn)\n  params = {}  # what the Estimator gets as `params`\n",
        ),
    ],
)
def test_a_class_is_written_after_the_model_fn(source: str, expected: str) -> None:
    result = after(source)
    assert expected in result
    assert "from migrate.shim.estimator.keras_model import ModelFnModel\n" in result
    assert result.index("def ") < result.index("class ") < result.index("export_saved_model")


def test_names_are_read_from_the_function() -> None:
    assert "class CnnModel(ModelFnModel):" in after(program("cnn_model_fn"))
    assert "class DenseModel(ModelFnModel):" in after(program("_dense_fn"))
    taken = program().replace("k = ", "KerasModel = 1\nk = ")
    assert "class KerasModel_(ModelFnModel):" in after(taken)


def test_the_other_sites_do_not_need_the_class() -> None:
    sites = plan_file("m.py", program().encode(), [Estimator()], Surroundings(keras=True, target=NEWEST)).sites
    (written,) = [site for site in sites if "--keras" in site.reason]
    assert not any(written.id in site.needs for site in sites)
    assert written.packages == {"tf1to2", "tf-keras"}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(program().replace("EstimatorSpec", "tpu.TPUEstimatorSpec"), id="a TPU's model_fn"),
        pytest.param(program().replace(", mode)", ", made)").replace("Spec(mode", "Spec(made"), id="no model_fn"),
        pytest.param(
            "import tensorflow as tf\ntf.estimator.DNNClassifier([1], c).export_saved_model(d, fn)\n", id="canned"
        ),
        pytest.param(
            "import tensorflow as tf\n" + MODEL_FN.format(name="model_fn", more=""), id="a program that does not export"
        ),
    ],
)
def test_nothing_is_written(source: str) -> None:
    assert "ModelFnModel" not in after(source)


def test_without_the_option_nothing_is_written() -> None:
    assert "ModelFnModel" not in after(program(), keras=False)


@pytest.mark.parametrize(
    "source",
    [
        "def build(rate):\n  def model_fn(features, labels, mode):\n    return tf.estimator.EstimatorSpec(mode)\n"
        "  return model_fn\n" + EXPORT.format(name="build(1)", more=""),
        "class Model:\n  def model_fn(self, features, labels, mode):\n    return tf.estimator.EstimatorSpec(mode)\n"
        + EXPORT.format(name="Model().model_fn", more=""),
    ],
    ids=["made by another function", "a method"],
)
def test_a_model_fn_without_a_class_is_told(source: str) -> None:
    source = "import tensorflow as tf\nk = tf.constant(1)\n" + source
    assert "ModelFnModel" not in after(source)
    plan = plan_file("m.py", source.encode(), [Estimator()], Surroundings(keras=True, target=NEWEST))
    (site,) = [site for site in plan.sites if site.outcome is Outcome.MANUAL]
    assert "staticmethod(<the model_fn that the Estimator gets>)" in site.reason

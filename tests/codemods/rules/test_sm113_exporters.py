"""SM113: exporters are wrapped where training is possible, else reported with the code to use."""

from __future__ import annotations

import pytest

from codemods.names.target import NEWEST, OLDEST, Target
from codemods.rules.sm113_exporters import Exporters
from codemods.site import Outcome
from tests.codemods.helpers import after, drafts

HEAD = "import tensorflow as tf\n"
SHIM = "from migrate.shim import estimator as tf_estimator\n"
FINAL = "e = tf.estimator.FinalExporter('final', fn)\n"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (FINAL, "e = tf_estimator.native_exporter(tf.estimator.FinalExporter('final', fn))\n"),
        (
            "s = tf.estimator.EvalSpec(f, exporters=[tf.estimator.LatestExporter('l', fn,\n"
            "                                                                    exports_to_keep=1)])\n",
            "s = tf.estimator.EvalSpec(f, exporters=[tf_estimator.native_exporter("
            "tf.estimator.LatestExporter('l', fn,\n"
            "                                                                                                 "
            "exports_to_keep=1))])\n",
        ),
        (
            "e = tf.estimator.BestExporter(\n    name='best', serving_input_receiver_fn=lambda: fn(1))  # best\n",
            "e = tf_estimator.native_exporter(tf.estimator.BestExporter(\n"
            "    name='best', serving_input_receiver_fn=lambda: fn(1)))  # best\n",
        ),
    ],
)
def test_is_wrapped_for_a_tensorflow_with_estimators(before: str, expected: str) -> None:
    assert after(Exporters, HEAD + before, target=OLDEST) == HEAD + SHIM + expected
    (site,) = drafts(Exporters, HEAD + before, target=OLDEST)
    assert site.outcome is Outcome.SHIM


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (FINAL, "`estimator.export_saved_model(os.path.join(estimator.model_dir, \"export\", 'final'), fn)`"),
        (
            FINAL + "tf.estimator.train_and_evaluate(model, t, v)\n",
            "`model.export_saved_model(os.path.join(model.model_dir, \"export\", 'final'), fn)`",
        ),
        (
            "e = tf.estimator.BestExporter(serving_input_receiver_fn=lambda:\n  fn(2))\n",
            "lambda: fn(2), checkpoint_path=",
        ),
    ],
)
def test_is_reported_with_the_code_for_a_later_one(source: str, code: str) -> None:
    assert after(Exporters, HEAD + source) == HEAD + source
    (site,) = drafts(Exporters, HEAD + source)
    assert site.outcome is Outcome.MANUAL
    assert code in site.reason
    assert "2.15" in site.reason


def test_for_a_keras_model_the_code_is_keras() -> None:
    made = "e = tf.keras.estimator.model_to_estimator(keras_model=m)\n"
    source = HEAD + made + FINAL + "tf.estimator.train_and_evaluate(e, t, v)\n"
    (site,) = drafts(Exporters, source.replace("e = tf.estimator", "f = tf.estimator"))
    assert site.outcome is Outcome.MANUAL
    assert "load_estimator_weights" in site.reason
    assert "estimator.export_saved_model" not in site.reason


@pytest.mark.parametrize("target", [OLDEST, NEWEST])
def test_an_exporter_of_another_package_is_reported(target: Target) -> None:
    source = "from rec.main import BestExporter\ne = BestExporter(name='best', serving_input_receiver_fn=fn)\n"
    (site,) = drafts(Exporters, source, target=target)
    assert (site.outcome, site.symbol) == (Outcome.MANUAL, "rec.main.BestExporter")
    assert "rec.main" in site.reason
    assert after(Exporters, source, target=target) == source


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("make_export_strategy(f, exports_to_keep=1)", "`estimator.export_saved_model(export_dir, f)`"),
        ("make_export_strategy(serving_input_fn=a.g)", "`estimator.export_saved_model(export_dir, a.g)`"),
        ("make_parsing_export_strategy(columns)", "build_parsing_serving_input_receiver_fn"),
        ("make_export_strategy(**kwargs)", "`estimator.export_saved_model(export_dir, serving_input_fn)`"),
    ],
)
def test_the_strategies_of_contrib_learn_are_reported_with_the_code(call: str, code: str) -> None:
    package = "tensorflow.contrib.learn.python.learn.utils"
    source = f"from {package} import saved_model_export_utils as u\nu.{call}\n"
    (site,) = drafts(Exporters, source)
    assert site.outcome is Outcome.MANUAL
    assert code in site.reason
    assert after(Exporters, source) == source


@pytest.mark.parametrize(
    "source",
    [
        "class FinalExporter:\n  pass\nFinalExporter('a', fn)\n",
        "from mine import LatestExporter\nLatestExporter('a', fn)\n",
        "class BestExporter:\n  pass\nBestExporter(serving_input_receiver_fn=fn)\n",
        HEAD + "def f(tf):\n  return tf.estimator.FinalExporter('a', fn)\n",
        HEAD + "x = isinstance(e, tf.estimator.BestExporter)\n",
    ],
)
def test_must_not_touch(source: str) -> None:
    assert after(Exporters, source) == source
    assert drafts(Exporters, source) == ()

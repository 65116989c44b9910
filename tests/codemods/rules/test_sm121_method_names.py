"""SM121: classify and regress signatures are reported, their code stays."""

from __future__ import annotations

import pytest

from codemods.rules.sm121_method_names import MethodNames
from codemods.site import Outcome
from tests.codemods.helpers import after, drafts

HEAD = "import tensorflow as tf\nfrom tensorflow.python.saved_model import signature_constants as c\n"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("tf.saved_model.signature_def_utils.classification_signature_def(e, k, s)", "tensorflow/serving/classify"),
        ("tf.saved_model.regression_signature_def(e, p)", "tensorflow/serving/regress"),
        ("tf.saved_model.build_signature_def({c.CLASSIFY_INPUTS: i}, o, c.CLASSIFY_METHOD_NAME)", "method name"),
        (
            "tf.saved_model.build_signature_def({'x': i}, o, method_name=c.REGRESS_METHOD_NAME)",
            "one input key `inputs` for it, not `x`",
        ),
        (
            "tf.saved_model.build_signature_def({'inputs': i}, {'y': o}, 'tensorflow/serving/classify')",
            "output keys `classes`, `scores`, not `y`",
        ),
    ],
)
def test_is_reported_and_stays(call: str, words: str) -> None:
    (site,) = drafts(MethodNames, f"{HEAD}s = {call}\n")
    assert site.outcome is Outcome.SHIM
    assert words in site.reason
    assert not site.changes
    assert after(MethodNames, f"{HEAD}s = {call}\n") == f"{HEAD}s = {call}\n"


@pytest.mark.parametrize(
    "source",
    [
        HEAD
        + "from migrate.shim import SavedModelBuilder\ns = tf.saved_model.regression_signature_def(e, p)\n"
        + "b = SavedModelBuilder(d)\nb.add_meta_graph_and_variables(sess, t, {'k': s})\nb.save()\n",
        HEAD
        + "from migrate import shim\nshim.export_session(s, d, i, o)\ntf.saved_model.regression_signature_def(e, p)\n",
        HEAD + "s = tf.saved_model.build_signature_def(i, o, c.PREDICT_METHOD_NAME)\n",
        HEAD + "s = tf.saved_model.predict_signature_def(i, o)  # no CLASSIFY_METHOD_NAME\n",
        HEAD + "s = tf.saved_model.build_signature_def(i, o, name)  # regression_signature_def\n",
        "def classification_signature_def(e): pass\nclassification_signature_def(1)\n",
        "from mine import c\nf(method_name=c.CLASSIFY_METHOD_NAME)\n",
    ],
)
def test_must_not_report(source: str) -> None:
    assert drafts(MethodNames, source) == ()


def test_is_reported_where_one_of_several_exports_is_left() -> None:
    source = (
        f"{HEAD}from migrate.shim import export_session\nexport_session(s, d, i, o)\nb = tf.saved_model.Builder(d)\n"
        "s = tf.saved_model.regression_signature_def(e, p)\n"
    )
    (site,) = drafts(MethodNames, source)
    assert site.outcome is Outcome.SHIM

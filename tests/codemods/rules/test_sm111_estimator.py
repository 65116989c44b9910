"""SM111: Estimator exports, specs and receivers through the shim, and what must stay."""

from __future__ import annotations

import itertools

import pytest

from codemods.engine.decoded_file import open_document
from codemods.engine.file_plans import Surroundings, plan_file
from codemods.engine.planning import with_needs
from codemods.names.estimator import SHIM_ESTIMATOR_NAMES, estimator_name, shim_name
from codemods.names.target import NEWEST, OLDEST, Target
from codemods.rules.sm111_estimator import Estimator
from codemods.site import Outcome, Site
from codemods.source.mode import Mode
from tests.codemods.helpers import after as after_rules

USE = "k = tf.constant(1)\n"
HEAD = "import tensorflow as tf\n" + USE
SHIM = "from migrate.shim import estimator as tf_estimator\n"
WITH = "import tensorflow as tf\n" + SHIM + USE
MADE = "est = tf.estimator.Estimator(model_fn, 'd')\n"


def sites_of(
    source: str, *, migrates: bool = False, path: str = "model.py", target: Target = NEWEST
) -> tuple[Site, ...]:
    around = Surroundings(migrates=migrates, include_tests=False, target=target)
    plan = plan_file(path, source.encode(), [Estimator()], around)
    assert plan.failure is None, plan.failure
    return plan.sites


def after(source: str, *, migrates: bool = False, target: Target = NEWEST) -> str:
    sites = sites_of(source, migrates=migrates, target=target)
    result = open_document("model.py", source.encode()).apply(sites).decode()
    assert not [site for site in sites_of(result, migrates=migrates, target=target) if site.changes], (
        "a second run changes the file"
    )
    return result


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            HEAD + MADE + "est.export_savedmodel('out', fn)\n",
            WITH + "est = tf_estimator.Estimator(model_fn, 'd')\nest.export_saved_model('out', fn)\n",
            id="custom",
        ),
        pytest.param(
            HEAD + MADE + "p = est.export_savedmodel('out', fn, strip_default_attrs=True).decode()\n",
            WITH + "est = tf_estimator.Estimator(model_fn, 'd')\np = est.export_saved_model('out', fn).decode()\n",
            id="strip_default_attrs is dropped, the return value stays",
        ),
        pytest.param(
            HEAD + MADE + "est.export_savedmodel('out', fn, None, False, ckpt, True)\n",
            WITH
            + "est = tf_estimator.Estimator(model_fn, 'd')\nest.export_saved_model('out', fn, None, False, ckpt)\n",
            id="strip_default_attrs by position",
        ),
        pytest.param(
            HEAD + MADE + "est.export_savedmodel('out', fn, **extra)\n",
            WITH + "est = tf_estimator.Estimator(model_fn, 'd')\nest.export_savedmodel('out', fn, **extra)\n",
            id="stars keep the old name, which takes every argument",
        ),
        pytest.param(
            "import tensorflow.compat.v1 as tf\n" + USE + "est = tf.estimator.DNNClassifier(hidden_units=[1],\n"
            "                                 feature_columns=c)\nest.export_saved_model(d, fn)\n",
            "import tensorflow.compat.v1 as tf\n" + SHIM + USE + "est = tf_estimator.DNNClassifier(hidden_units=[1],\n"
            "                                 feature_columns=c)\nest.export_saved_model(d, fn)\n",
            id="canned",
        ),
        pytest.param(
            HEAD + "est = tf.contrib.tpu.TPUEstimator(f,\n                                  use_tpu=False,\n"
            "                                  config=tf.contrib.tpu.RunConfig(model_dir=d,\n"
            "                                                                  master=m))\n"
            "est.export_saved_model(d, fn)\n",
            WITH + "est = tf_estimator.tpu.TPUEstimator(f,\n                                    use_tpu=False,\n"
            "                                    config=tf_estimator.tpu.RunConfig(model_dir=d,\n"
            "                                                                      master=m))\n"
            "est.export_saved_model(d, fn)\n",
            id="TPU, with aligned lines inside aligned lines",
        ),
        pytest.param(
            HEAD + "def export(estimator, d, fn):\n  return estimator.export_savedmodel(\n      d, fn,\n"
            "      strip_default_attrs=True)\n",
            WITH + "def export(estimator, d, fn):\n  return tf_estimator.export_estimator(estimator,\n      d, fn)\n",
            id="an Estimator that comes in",
        ),
        pytest.param(
            "from tensorflow.estimator import EstimatorSpec, ModeKeys, Estimator\n"
            "def f(features, mode):\n\tif mode == ModeKeys.PREDICT:\n\t\treturn EstimatorSpec(mode, predictions=p)\n"
            "Estimator(f).export_saved_model(d, fn)\n",
            SHIM + "def f(features, mode):\n\tif mode == tf_estimator.ModeKeys.PREDICT:\n"
            "\t\treturn tf_estimator.EstimatorSpec(mode, predictions=p)\n"
            "tf_estimator.Estimator(f).export_saved_model(d, fn)\n",
            id="imported by name, tabs",
        ),
        pytest.param(
            HEAD
            + "est = tf.estimator\nmodel = est.Estimator(f)\nmodel.export_saved_model(d, est.export.PredictOutput)\n",
            WITH + "est = tf_estimator\nmodel = est.Estimator(f)\n"
            "model.export_saved_model(d, est.export.PredictOutput)\n",
            id="the module under another name",
        ),
        pytest.param(
            "import tensorflow as tf\r\nfrom tensorflow.python.estimator.export import export\r\n"
            "fn = export.build_raw_serving_input_receiver_fn(f)\r\ntf.estimator.Estimator(m).export_savedmodel(d, fn)",
            "from migrate.shim import estimator as tf_estimator\r\n"
            "fn = tf_estimator.export.build_raw_serving_input_receiver_fn(f)\r\n"
            "tf_estimator.Estimator(m).export_saved_model(d, fn)",
            id="a private module, CRLF, no newline at the end",
        ),
        pytest.param(
            HEAD + MADE + "class Hook(tf.estimator.SessionRunHook):\n  pass\nest.export_saved_model(d, fn)\n",
            WITH + "est = tf_estimator.Estimator(model_fn, 'd')\nclass Hook(tf.compat.v1.train.SessionRunHook):\n"
            "  pass\nest.export_saved_model(d, fn)\n",
            id="a hook, which lives in tf.train",
        ),
        pytest.param(
            "import tensorflow as tf\nfrom tensorflow.estimator import TrainSpec, inputs\n"
            "from tensorflow.python.estimator.inputs.numpy_io import numpy_input_fn\n" + USE + MADE + "def train():\n"
            "  est.train(TrainSpec(inputs.pandas_input_fn(a), numpy_input_fn(b)))\nest.export_saved_model(d, fn)\n",
            WITH + "est = tf_estimator.Estimator(model_fn, 'd')\ndef train():\n"
            "  est.train(tf.estimator.TrainSpec(tf_estimator.inputs.pandas_input_fn(a), "
            "tf_estimator.inputs.numpy_input_fn(b)))\nest.export_saved_model(d, fn)\n",
            id="what only training calls is no import that stops the export",
        ),
        pytest.param(
            HEAD + "if a == tf.contrib.learn.ModeKeys.INFER:\n  pass\n" + MADE + "est.export_saved_model(d, fn)\n",
            WITH + "if a == tf_estimator.ModeKeys.PREDICT:\n  pass\nest = tf_estimator.Estimator(model_fn, 'd')\n"
            "est.export_saved_model(d, fn)\n",
            id="the older names of the modes",
        ),
        pytest.param(
            HEAD + "tf_estimator = 1\n" + MADE + "est.export_saved_model(d, fn)\n",
            "import tensorflow as tf\nfrom migrate.shim import estimator as tf2_estimator\n"
            + USE
            + "tf_estimator = 1\n"
            "est = tf2_estimator.Estimator(model_fn, 'd')\nest.export_saved_model(d, fn)\n",
            id="the shim's name is taken",
        ),
        pytest.param(
            HEAD
            + MADE
            + "tf.estimator.train_and_evaluate(est, tf.estimator.TrainSpec(f), s)\nest.export_saved_model(d, fn)\n",
            WITH + "est = tf_estimator.Estimator(model_fn, 'd')\n"
            "tf.estimator.train_and_evaluate(est, tf.estimator.TrainSpec(f), s)\nest.export_saved_model(d, fn)\n",
            id="what only trains stays tf.estimator's",
        ),
    ],
)
def test_becomes(before: str, expected: str) -> None:
    assert after(before) == expected


def test_every_call_is_a_site() -> None:
    source = HEAD + (
        "def f(features, mode):\n  return tf.estimator.EstimatorSpec(mode, predictions=p)\n"
        "def fn():\n  return tf.estimator.export.ServingInputReceiver(x, x)\n"
        + MADE
        + "est.export_saved_model(d, fn)\n"
    )
    sites = sites_of(source)
    assert [(site.line, site.symbol.rsplit(".", 1)[-1]) for site in sites] == [
        (4, "EstimatorSpec"),
        (6, "ServingInputReceiver"),
        (8, "export_saved_model"),
    ]
    assert {site.outcome for site in sites} == {Outcome.SHIM}
    assert all(site.packages == {"tf1to2"} for site in sites)
    carrier = min(sites, key=lambda site: site.anchor)
    assert all(site is carrier or site.needs == {carrier.id} for site in sites), "one cannot go without the others"


def test_a_model_file_of_a_migrated_program_follows() -> None:
    source = HEAD + "def f(features, mode):\n  return tf.estimator.EstimatorSpec(mode, predictions=p)\n"
    assert "tf_estimator.EstimatorSpec" in after(source, migrates=True)
    modes = HEAD + "def is_training(mode):\n  return mode == tf.estimator.ModeKeys.TRAIN\n"
    assert "tf_estimator.ModeKeys.TRAIN" in after(modes, migrates=True)


def test_training_before_the_export_is_said() -> None:
    (site,) = sites_of(HEAD + MADE + "est.train(input_fn)\nest.export_saved_model(d, fn)\n")
    assert "line 4" in site.reason and "2.15" in site.reason
    (site,) = sites_of(HEAD + MADE + "if a:\n  est.train(f)\nelse:\n  est.export_saved_model(d, fn)\n")
    assert "line" not in site.reason


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param(
            HEAD + MADE + "est.export_saved_model(d, fn, experimental_mode=m)\n", "experimental_mode", id="mode"
        ),
        pytest.param(
            HEAD + "est = tf.estimator.BoostedTreesClassifier(c)\nest.export_savedmodel(d, fn)\n",
            "nothing converts",
            id="trees",
        ),
        pytest.param(
            HEAD + "est = tf.contrib.estimator.SavedModelEstimator(p)\nest.export_savedmodel(d, fn)\n",
            "rewrap`, or port",
            id="an Estimator of tf.contrib",
        ),
        pytest.param(
            HEAD + "est = tf.contrib.learn.DNNClassifier(c)\nest.export_savedmodel(d, fn)\n",
            "model_fn",
            id="contrib.learn",
        ),
        pytest.param(
            "import adanet\nest = adanet.Estimator(h)\nest.export_saved_model(d, fn)\n", "adanet", id="adanet"
        ),
        pytest.param(
            HEAD + "def export(estimator):\n  estimator.export_savedmodel(d, serving_input_fn=fn)\n",
            "contrib",
            id="old keyword",
        ),
        pytest.param(
            HEAD + "r = tf.contrib.learn.InputFnOps(f, None, i)\n", "`ServingInputReceiver(f, i)`", id="InputFnOps"
        ),
        pytest.param(
            HEAD + "def fn():\n  return tf.estimator.export.ServingInputReceiver(x, x)\n",
            "no export",
            id="a receiver alone",
        ),
        pytest.param(
            HEAD
            + "class E(tf.estimator.Estimator):\n  def _call_model_fn(self): pass\nE(f).export_saved_model(d, fn)\n",
            "_call_model_fn",
            id="a subclass that changes the inside",
        ),
    ],
)
def test_is_reported_and_stays(source: str, words: str) -> None:
    assert after(source) == source
    sites = sites_of(source)
    assert {site.outcome for site in sites} == {Outcome.MANUAL}
    assert words in sites[-1].reason


def test_a_subclass_may_have_private_helpers() -> None:
    helpers = "  def _features(self, x):\n    return x\n  def _model_fn(self, features, labels, mode):\n    pass\n"
    source = HEAD + f"class E(tf.estimator.Estimator):\n{helpers}E(f).export_saved_model(d, fn)\n"
    assert after(source) == WITH + f"class E(tf_estimator.Estimator):\n{helpers}E(f).export_saved_model(d, fn)\n"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (
            "from tensorflow.estimator import DNNClassifier\n",
            "from tensorflow.compat.v1.estimator import DNNClassifier\n",
        ),
        (
            "from tensorflow.estimator.inputs import numpy_input_fn\n",
            "from tensorflow.compat.v1.estimator.inputs import numpy_input_fn\n",
        ),
        ("import tensorflow.estimator as e\n", "import tensorflow.compat.v1.estimator as e\n"),
    ],
)
def test_estimators_that_stay_are_those_of_tensorflow_1(before: str, expected: str) -> None:
    """TensorFlow 2.15 has others by the same names: with other defaults, and other names of variables."""
    program = HEAD + before + "x = tf.placeholder(tf.float32)\nestimator.export_saved_model(d, fn)\n"
    assert expected in after_rules(None, program, mode=Mode.GRAPH, target=OLDEST)
    assert "compat.v1.estimator" not in after_rules(None, program, mode=Mode.GRAPH, target=NEWEST)


def test_boosted_trees_have_no_native_form_on_any_tensorflow() -> None:
    source = HEAD + "est = tf.estimator.BoostedTreesClassifier(c)\nest.export_savedmodel(d, fn)\n"
    assert after(source, target=OLDEST) == source


def test_for_a_tensorflow_with_estimators_models_stay_and_exports_become_native() -> None:
    source = "import adanet\nest = adanet.Estimator(h)\nest.export_saved_model(d, fn)\n"
    assert after(source, target=OLDEST).endswith("tf_estimator.export_estimator(est, d, fn)\n")
    model = "def f(x, mode):\n  return tf.estimator.EstimatorSpec(mode, predictions=p)\n" + MADE + "est.train(i)\n"
    source = HEAD + model + "est.export_savedmodel(d, fn, strip_default_attrs=True)\n"
    assert after(source, target=OLDEST) == WITH + model + "tf_estimator.export_estimator(est, d, fn)\n"
    assert [site.outcome for site in sites_of(source, target=OLDEST)] == [Outcome.SKIP, Outcome.SHIM]


def test_a_model_that_an_exporter_exports_stays() -> None:
    source = HEAD + (
        "def f(x, mode):\n  return tf.estimator.EstimatorSpec(mode, predictions=p)\n"
        "def fn():\n  return tf.estimator.export.ServingInputReceiver(x, x)\n"
        "e = tf.estimator.FinalExporter('final', fn)\n"
    )
    assert after(source) == source
    assert {site.outcome for site in sites_of(source)} == {Outcome.MANUAL}
    assert all("2.15" in site.reason for site in sites_of(source))


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import tensorflow as tf\ntf.keras.experimental.export_saved_model(model, d)\n", id="Keras"),
        pytest.param(
            "from tensorflow.keras import experimental\nexperimental.export_saved_model(m, d)\n", id="Keras module"
        ),
        pytest.param("from tensorflowonspark import TFNode\nTFNode.export_saved_model(sess, d, t, s)\n", id="TFNode"),
        pytest.param(
            "from lib import saved as lib_saved\nlib_saved.export_saved_model(m, d, f)\n", id="a module's function"
        ),
        pytest.param(
            "def export_saved_model(model, file):\n  pass\nexport_saved_model(m, f)\n", id="a function of its own"
        ),
        pytest.param(
            "class Runner:\n  def export_saved_model(self, d):\n    pass\n"
            "  def run(self):\n    self.export_saved_model(d)\n",
            id="a method of its own",
        ),
        pytest.param("class Exporter:\n  pass\nExporter().export_saved_model(d)\n", id="a class of its own"),
        pytest.param(HEAD + "def f(tf):\n  return tf.estimator.EstimatorSpec(m)\n", id="shadowed"),
        pytest.param("import keras\nkeras.experimental.export_saved_model(m, d)\n", id="standalone Keras"),
        pytest.param(SHIM + "est = tf_estimator.Estimator(f)\nest.export_saved_model(d, fn)\n", id="migrated"),
        pytest.param(HEAD + MADE + "est.train(f)\nest.evaluate(f)\n", id="only trains"),
    ],
)
def test_must_not_touch(source: str) -> None:
    assert after(source) == source
    assert sites_of(source) == ()


def test_code_that_only_trains_is_skipped() -> None:
    source = HEAD + "def f(x, mode):\n  return tf.estimator.EstimatorSpec(mode, loss=l)\n" + MADE + "est.train(i)\n"
    assert after(source) == source
    assert {site.outcome for site in sites_of(source)} == {Outcome.SKIP}


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("tensorflow.estimator.EstimatorSpec", "EstimatorSpec"),
        ("tensorflow.estimator.model_fn.EstimatorSpec", "EstimatorSpec"),
        ("tensorflow.estimator.export.export_output.PredictOutput", "export.PredictOutput"),
        ("tensorflow.estimator.canned.dnn.DNNClassifier", "DNNClassifier"),
        ("tensorflow.contrib.tpu.python.tpu.tpu_estimator.TPUEstimator", "tpu.TPUEstimator"),
        ("tensorflow.contrib.tpu.RunConfig", "tpu.RunConfig"),
        ("tensorflow.contrib.tpu.CrossShardOptimizer", None),
        ("tensorflow.train.Saver", None),
        ("tensorflow.estimators.Estimator", None),
    ],
)
def test_one_name_for_every_spelling(symbol: str, name: str | None) -> None:
    assert estimator_name(symbol) == name


def test_the_shim_has_every_name_that_is_emitted() -> None:
    from migrate.shim import estimator

    for name in SHIM_ESTIMATOR_NAMES:
        found: object = estimator
        for part in name.split("."):
            found = getattr(found, part)
    assert shim_name("ModeKeys.PREDICT") == "ModeKeys.PREDICT"
    assert shim_name("train_and_evaluate") is None


def test_any_subset_of_sites_gives_a_file_that_parses() -> None:
    source = HEAD + (
        "def f(features, mode):\n  if mode == tf.estimator.ModeKeys.PREDICT:\n"
        "    return tf.estimator.EstimatorSpec(mode, predictions=p)\n"
        "  return tf.contrib.tpu.TPUEstimatorSpec(mode,\n                                         loss=l)\n"
        "def fn():\n  return tf.estimator.export.ServingInputReceiver(x, x)\n" + MADE + "est.export_savedmodel(d, fn,\n"
        "                      strip_default_attrs=True)\ndef again(estimator):\n  estimator.export_savedmodel(d, fn)"
    )
    sites = sites_of(source)
    document = open_document("model.py", source.encode())
    assert len(sites) == 5
    for size in range(len(sites) + 1):
        for chosen in itertools.combinations(sites, size):
            accepted = with_needs(sites, [site.id for site in chosen])
            compile(document.apply(accepted).decode(), "model.py", "exec")


def test_what_a_model_fn_takes_and_the_shim_lacks_is_reported() -> None:
    source = (
        HEAD + "def f(features, labels, mode):\n  head = tf.estimator.MultiClassHead(3)\n"
        "  hook = tf.estimator.experimental.stop_if_lower_hook(e)\n  return head.create_estimator_spec(mode)\n"
        "est = tf.estimator.Estimator(f)\nest.export_saved_model(d, fn)\n"
    )
    (site,) = [site for site in sites_of(source) if site.outcome is Outcome.MANUAL]
    assert site.symbol == "tensorflow.estimator.MultiClassHead"
    assert "into the model_fn" in site.reason
    assert "head = tf.estimator.MultiClassHead(3)" in after(source)
    only_trains = source.replace("est.export_saved_model(d, fn)", "est.train(f)")
    assert sites_of(only_trains) == ()


@pytest.mark.parametrize(
    ("use", "line"),
    [
        ("export = e.export_savedmodel\nexport('x', r)\n", 3),
        ("import functools\nexport = functools.partial(e.export_saved_model, serving_input_receiver_fn=r)\n", 4),
        ("run(export_fn=e.export_savedmodel)\n", 3),
        ("getattr(e, 'export_savedmodel')('x', r)\n", 3),
    ],
)
def test_an_export_that_is_handed_on_is_the_one_of_the_shim(use: str, line: int) -> None:
    before = "import tensorflow as tf\ne = tf.estimator.Estimator(f, 'm')\n" + use
    assert after(before) == (
        "from migrate.shim import estimator as tf_estimator\ne = tf_estimator.Estimator(f, 'm')\n" + use
    )
    site = next(site for site in sites_of(before) if site.symbol.endswith(("savedmodel", "saved_model")))
    assert (site.line, site.outcome) == (line, Outcome.SHIM)


def test_an_export_of_an_unknown_estimator_that_is_handed_on_is_reported() -> None:
    before = "import tensorflow as tf\n\n\ndef f(estimator):\n  run(estimator.export_savedmodel)\n"
    (site,) = sites_of(before)
    assert (site.line, site.outcome) == (5, Outcome.MANUAL)
    assert "handed on" in site.reason
    assert after(before) == before


def test_methods_of_others_that_are_handed_on_are_no_sites() -> None:
    assert not sites_of("class A:\n  def f(self):\n    run(self.export_savedmodel)\nx = model.export_savedmodel\n")


@pytest.mark.parametrize(
    "spelled",
    [
        "tf.contrib.estimator.forward_features",
        "tf.contrib.estimator.python.estimator.extenders.forward_features",
        "tf.estimator.add_metrics",
        "tf.contrib.estimator.add_metrics",
    ],
)
def test_what_makes_an_estimator_of_another_is_followed(spelled: str) -> None:
    code = "e = %s.DNNClassifier(h, c, model_dir='m')\ne = %s(e, k)\ne.export_saved_model('x', r)\n"
    name = spelled.rpartition(".")[2]
    expected = SHIM + code % ("tf_estimator", f"tf_estimator.{name}")
    assert after("import tensorflow as tf\n" + code % ("tf.estimator", spelled)) == expected


def test_an_estimator_of_another_that_the_shim_lacks_is_reported() -> None:
    source = (
        "import tensorflow as tf\ne = tf.estimator.BoostedTreesClassifier(c, 1)\n"
        "e = tf.contrib.estimator.forward_features(e, 'id')\ne.export_savedmodel('x', r)\n"
    )
    assert after(source) == source
    assert "BoostedTrees" in sites_of(source)[-1].reason

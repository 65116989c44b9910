"""SM112: model_to_estimator exports become Keras exports where the receiver only hands on, else they are reported."""

from __future__ import annotations

import pytest

from codemods.names.target import OLDEST
from codemods.rules.sm111_estimator import Estimator
from codemods.rules.sm112_model_to_estimator import ModelToEstimator
from codemods.site import Outcome
from codemods.source.mode import Mode
from tests.codemods.helpers import after, drafts

HEAD = "import tensorflow as tf\n"
RECEIVER = """def fn():
  x = tf.placeholder(tf.float32, [None, 4])
  return tf.estimator.export.ServingInputReceiver({'x': x}, {'rows': x})

"""
MADE = "est = tf.keras.estimator.model_to_estimator(keras_model=model)\n"
EXPORT = "est.export_savedmodel('out', fn)\n"


def test_one_input() -> None:
    assert after(ModelToEstimator, HEAD + RECEIVER + MADE + EXPORT) == (
        "import tensorflow as tf\nimport os\nimport time\n"
        "est = model\n"
        "\n\n"
        "def export_keras_model(model, export_dir_base):\n"
        '  """Exports the model for the inputs that fn took; returns the new folder."""\n'
        "\n"
        "  @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name='rows')])\n"
        "  def serving_default(rows):\n"
        "    outputs = model(rows, training=False)\n"
        "    return dict(zip(model.output_names, tf.nest.flatten(outputs)))\n"
        "\n"
        "  export_dir = os.path.join(export_dir_base, str(int(time.time())))\n"
        "  archive = tf.keras.export.ExportArchive()\n"
        "  archive.track(model)\n"
        "  archive.add_endpoint('serving_default', serving_default)\n"
        "  archive.write_out(export_dir)\n"
        "  return export_dir.encode()\n"
        "\n\n"
        "export_keras_model(est, 'out')\n"
    )


def test_several_inputs_by_feature() -> None:
    source = HEAD + (
        "fn = tf.estimator.export.build_raw_serving_input_receiver_fn({'a': tf.placeholder(tf.int64, [None]),\n"
        "                                                              'b': tf.placeholder('string')})\n"
    )
    result = after(ModelToEstimator, source + MADE + EXPORT)
    assert "tf.TensorSpec([None], tf.int64, name='a')," in result
    assert "tf.TensorSpec(None, 'string', name='b')," in result
    assert "model({'a': a, 'b': b}, training=False)" in result
    assert "placeholder" not in result


def test_the_checkpoint_of_the_folder() -> None:
    made = "def build(d):\n  return tf.keras.estimator.model_to_estimator(keras_model=make(), model_dir=d)\n"
    source = HEAD + RECEIVER + made + "def export(d, base):\n  build(d).export_saved_model(base, fn)\n"
    result = after(ModelToEstimator, source)
    assert (
        "def build(d):\n  model = make()\n  if d and tf.train.latest_checkpoint(d):\n"
        "    load_estimator_weights(model, d)\n  return model\n" in result
    )
    assert "from migrate.shim.estimator import load_estimator_weights\n" in result
    assert "  export_keras_model(build(d), base)\n" in result
    assert {site.outcome for site in drafts(ModelToEstimator, source)} == {Outcome.SHIM}


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        pytest.param(
            "keras_model=model, model_dir=sys.argv[1] + '/m'",
            "est = model\nmodel_dir = sys.argv[1] + '/m'\n",
            id="computed",
        ),
        pytest.param("make(), model_dir=folder()", "est = make()\nmodel_dir = folder()\n", id="after the model"),
        pytest.param(
            "model_dir=folder(), keras_model=make()", "model_dir = folder()\nest = make()\n", id="before the model"
        ),
        pytest.param(
            "model, model_dir=est + '/m'", "model_dir = est + '/m'\nest = model\n", id="read from the name's old value"
        ),
        pytest.param(
            "model, model_dir=root +\n    '/m'", "est = model\nmodel_dir = (root +\n    '/m')\n", id="over two lines"
        ),
        pytest.param(
            "model, model_dir=os.path.join(\n    root, 'm')",
            "est = model\nmodel_dir = os.path.join(\n    root, 'm')\n",
            id="a call over two lines",
        ),
        pytest.param("model, model_dir=(root + 'm')", "est = model\nmodel_dir = (root + 'm')\n", id="in brackets"),
    ],
)
def test_a_computed_folder_gets_a_name(given: str, lines: str) -> None:
    made = f"est = tf.keras.estimator.model_to_estimator({given})\n"
    load = "if model_dir and tf.train.latest_checkpoint(model_dir):\n  load_estimator_weights(est, model_dir)\n"
    assert lines + load in after(ModelToEstimator, HEAD + RECEIVER + made + EXPORT)


def test_a_name_that_is_taken_gets_another() -> None:
    made = "def f(model_dir):\n  return tf.keras.estimator.model_to_estimator(make(), model_dir=model_dir + '/m')\n"
    result = after(ModelToEstimator, HEAD + RECEIVER + made + "f('x').export_savedmodel('out', fn)\n")
    assert "  model_dir_ = model_dir + '/m'\n  if model_dir_ and" in result


def test_without_a_folder_it_is_native() -> None:
    sites = drafts(ModelToEstimator, HEAD + RECEIVER + MADE + EXPORT)
    assert {site.outcome for site in sites} == {Outcome.NATIVE}
    assert {site.symbol.rsplit(".", 1)[-1] for site in sites} == {
        "model_to_estimator",
        "export_savedmodel",
        "ServingInputReceiver",
    }


@pytest.mark.parametrize("taken", ["model.input", "model.inputs[0]"])
def test_a_receiver_that_copies_the_inputs_of_the_model(taken: str) -> None:
    source = HEAD + "from tensorflow.python.estimator.export import export\nmodel = make()\n" + MADE
    source += f"fn = export.build_raw_serving_input_receiver_fn({{'image': {taken}}})\n" + EXPORT
    result = after(ModelToEstimator, source)
    assert "tf.TensorSpec(model.inputs[0].shape, model.inputs[0].dtype, name='image')" in result
    assert {site.outcome for site in drafts(ModelToEstimator, source)} == {Outcome.NATIVE}
    assert "receiver_fn" not in result
    assert "tensorflow.python" not in result


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param(MADE + "tf.estimator.train_and_evaluate(est, t, v)\n", "model.fit", id="only trained"),
        pytest.param(RECEIVER + MADE + "est.train(f)\n" + EXPORT, "line 7", id="trained before the export"),
        pytest.param(RECEIVER + MADE + "tf.estimator.FinalExporter('f', fn)\n" + EXPORT, "model.fit", id="an exporter"),
        pytest.param(
            RECEIVER.replace("'x': x", "'x': x / 255") + MADE + EXPORT, "computes", id="a receiver that computes"
        ),
        pytest.param(
            RECEIVER.replace("'x': x", "'x': x / 255") + MADE.replace("est = ", "") + MADE + EXPORT,
            "computes",
            id="a receiver that computes is told of first",
        ),
        pytest.param(RECEIVER.replace("'rows'", "'in'") + MADE + EXPORT, "'in'", id="a key that no argument can have"),
        pytest.param(RECEIVER.replace("'rows'", "'_rows'") + MADE + EXPORT, "'_rows'", id="a key that signatures lose"),
        pytest.param("from mine import fn\n" + MADE + EXPORT, "not in this file", id="a receiver from elsewhere"),
        pytest.param(RECEIVER + "use(fn)\n" + MADE + EXPORT, "used elsewhere", id="a receiver used twice"),
        pytest.param(
            RECEIVER + MADE + "est.export_saved_model('o', fn, assets_extra=a)\n", "assets_extra", id="assets"
        ),
        pytest.param(
            RECEIVER + MADE.replace("keras_model=model", "keras_model_path=p") + EXPORT, "load_model", id="a path"
        ),
        pytest.param(
            RECEIVER + MADE.replace("=model", "=model, config=c") + EXPORT, "`config`", id="the folder in the config"
        ),
        pytest.param(
            "other = a()\nfn = tf.estimator.export.build_raw_serving_input_receiver_fn({'x': other.input})\n"
            + MADE
            + EXPORT,
            "`other`",
            id="the inputs of another model",
        ),
        pytest.param(
            "def f(a):\n  model = a.b\n  fn = tf.estimator.export.build_raw_serving_input_receiver_fn("
            "{'x': model.input, 'y': tf.placeholder(tf.float32)})\n  " + MADE + "  " + EXPORT,
            "computes",
            id="inputs of the model beside others",
        ),
        pytest.param(RECEIVER + MADE + EXPORT + "est.predict(f)\n", "`est.predict`", id="predicts"),
        pytest.param(RECEIVER + MADE + EXPORT + "print(est.model_dir)\n", "`est.model_dir`", id="asks for the folder"),
        pytest.param(
            RECEIVER + MADE.replace("=model", "=model, config=c") + "est.train(f)\n" + EXPORT,
            "line 7",
            id="trained, and the folder in the config",
        ),
        pytest.param(
            RECEIVER + MADE.replace("=model", "=make(), model_dir=est.folder()") + EXPORT,
            "reads the name",
            id="a folder that is read from what the name was before",
        ),
    ],
)
def test_is_reported_and_stays(source: str, words: str) -> None:
    assert after(ModelToEstimator, HEAD + source) == HEAD + source
    sites = drafts(ModelToEstimator, HEAD + source)
    assert {site.outcome for site in sites} == {Outcome.MANUAL}
    assert words in sites[0].reason


@pytest.mark.parametrize(
    "source",
    [
        "def model_to_estimator(keras_model):\n  pass\nmodel_to_estimator(keras_model=m)\n",
        "from mine import model_to_estimator\nmodel_to_estimator(keras_model=m).export_saved_model(d, f)\n",
        HEAD + "def f(tf):\n  tf.keras.estimator.model_to_estimator(keras_model=m)\n",
        HEAD + "g = tf.keras.estimator.model_to_estimator\n",
        HEAD + "tf.estimator.Estimator(f).export_saved_model(d, fn)\n",
    ],
)
def test_must_not_touch(source: str) -> None:
    assert after(ModelToEstimator, source) == source
    assert drafts(ModelToEstimator, source) == ()


def test_placeholders_that_only_the_receiver_takes_go_with_it() -> None:
    taken = (
        "def export(d):\n  x = tf.placeholder(tf.float32, [None, 4])\n  features = {'x': x}\n"
        "  fn = tf.estimator.export.build_raw_serving_input_receiver_fn(features)\n"
        f"  {MADE}  return {EXPORT}"
    )
    result = after(None, HEAD + taken)
    assert "tf.TensorSpec([None, 4], tf.float32, name='x')" in result
    assert "def export(d):\n  est = model\n  return export_keras_model(est, 'out')\n" in result
    assert "compat.v1" not in result
    for kept in ("  print(x)\n", "  use(features)\n"):
        source = HEAD + taken.replace("  est =", kept + "  est =")
        assert after(ModelToEstimator, source) == source


@pytest.mark.parametrize(
    "made",
    ["a = 1; fn = {}\n", "fn = None\nif a:\n  fn = {}\n", "if a:\n  fn = {}\n", "if a: fn = {}\n"],
)
def test_must_not_take_other_code_with_the_receiver(made: str) -> None:
    raw = "tf.estimator.export.build_raw_serving_input_receiver_fn({'x': tf.placeholder(tf.float32)})"
    source = HEAD + made.format(raw) + MADE + EXPORT
    assert after(ModelToEstimator, source) == source


def test_a_name_of_another_scope_is_not_the_receiver() -> None:
    source = HEAD + RECEIVER + "def train(est):\n  fn = read\n  return est, fn\n\n" + MADE + EXPORT
    assert "export_keras_model(est, 'out')" in after(ModelToEstimator, source)
    source = HEAD + RECEIVER + "def other(f):\n  est = make()\n  return est.predict(f)\n\n" + MADE + EXPORT
    assert "export_keras_model(est, 'out')" in after(ModelToEstimator, source)


def test_a_key_with_a_slash_is_kept() -> None:
    rewritten = after(ModelToEstimator, HEAD + RECEIVER.replace("'rows'", "'batch/rows'") + MADE + EXPORT)
    assert "name='batch/rows')])" in rewritten


def test_in_graph_mode_keras_would_export_other_values() -> None:
    source = HEAD + RECEIVER + MADE + EXPORT
    assert after(ModelToEstimator, source, mode=Mode.GRAPH) == source
    assert {site.outcome for site in drafts(ModelToEstimator, source, mode=Mode.GRAPH)} == {Outcome.MANUAL}
    kept = "def raw():\n  return tf.Session().run(tf.placeholder(tf.float32))\n"
    (site, *_) = [each for each in drafts(None, source + kept, mode=Mode.GRAPH) if each.rule == "SM112"]
    assert "graph mode" in site.reason


def test_the_receiver_of_a_keras_export_that_stays_is_told_why() -> None:
    for source, words in (
        (RECEIVER.replace("'x': x", "'x': x / 255") + MADE + EXPORT, "computes"),
        (RECEIVER + MADE + "tf.estimator.FinalExporter('f', fn)\n", "load_estimator_weights"),
    ):
        (site,) = drafts(Estimator, HEAD + source)
        assert (site.outcome, site.symbol.rpartition(".")[2]) == (Outcome.MANUAL, "ServingInputReceiver")
        assert words in site.reason
        assert "same name" not in site.reason


def test_the_estimator_rule_leaves_keras_exports_alone() -> None:
    source = HEAD + RECEIVER + MADE + EXPORT
    assert after(Estimator, source) == source


def test_for_a_tensorflow_with_estimators_what_keras_cannot_export_stays_an_estimator() -> None:
    elsewhere = HEAD + RECEIVER + f"def train():\n  {MADE}  est.train(f)\n\n" + MADE + EXPORT
    assert after(ModelToEstimator, elsewhere, target=OLDEST) == elsewhere
    source = HEAD + RECEIVER + MADE + "est.train(f)\n" + EXPORT
    assert after(ModelToEstimator, source, target=OLDEST) == source
    assert [site.outcome for site in drafts(ModelToEstimator, source, target=OLDEST)] == [Outcome.SKIP]
    assert "tf_estimator.export_estimator(est, 'out', fn)\n" in after(None, source, target=OLDEST)
    assert MADE in after(None, source, target=OLDEST)

"""SM902: contrib symbols with a home move there, the others stay and are reported."""

from __future__ import annotations

import importlib
import inspect
import os
import re
from collections.abc import Iterator

import pytest

from codemods.contrib.calls import RECIPES
from codemods.engine.decoded_file import open_document
from codemods.engine.file_plans import Surroundings, plan_file
from codemods.names.contrib import EXACT, HOMES, SAME, SHIM, home_of
from codemods.names.release_names import release_names
from codemods.names.target import NEWEST, OLDEST, Target
from codemods.names.tf1 import V1_DIFFERS, V1_ONLY
from codemods.rules.registry import all_rules
from codemods.rules.sm902_contrib import Contrib
from codemods.site import Outcome, Site
from codemods.source.mode import Mode

HEAD = "import tensorflow as tf\n"


def sites_of(source: str, target: Target = NEWEST) -> tuple[Site, ...]:
    plan = plan_file("model.py", source.encode(), [Contrib()], Surroundings(migrates=True, target=target))
    assert plan.failure is None, plan.failure
    return plan.sites


def after(source: str, target: Target = NEWEST) -> str:
    sites = sites_of(source, target)
    result = open_document("model.py", source.encode()).apply(sites).decode()
    assert not [site for site in sites_of(result, target) if site.changes], "a second run changes the file"
    return result


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("cell = tf.contrib.rnn.LSTMCell(8, name='c')\n", "cell = tf.compat.v1.nn.rnn_cell.LSTMCell(8, name='c')\n"),
        ("class C(tf.contrib.rnn.RNNCell):\n  pass\n", "class C(tf.compat.v1.nn.rnn_cell.RNNCell):\n  pass\n"),
        ("x = tf.contrib.rnn.LSTMStateTuple._fields\n", "x = tf.compat.v1.nn.rnn_cell.LSTMStateTuple._fields\n"),
        ("p = tf.contrib.util.make_tensor_proto(a, shape=[1])\n", "p = tf.make_tensor_proto(a, shape=[1])\n"),
        ("t = tf.contrib.framework.nest.flatten(x)\n", "t = tf.nest.flatten(x)\n"),
        ("n = tf.contrib.framework.nest.is_sequence(x)\n", "n = tf.nest.is_nested(x)\n"),
        (
            "s = tf.contrib.framework.get_or_create_global_step()\n",
            "s = tf.compat.v1.train.get_or_create_global_step()\n",
        ),
        (
            "v = tf.contrib.framework.load_variable(checkpoint_dir=d, name=n)\n",
            "v = tf.train.load_variable(ckpt_dir_or_file=d, name=n)\n",
        ),
        (
            "d = d.apply(tf.contrib.data.map_and_batch(f, batch_size=n,\n"
            "                                          num_parallel_calls=tf.contrib.data.AUTOTUNE))\n",
            "d = d.apply(tf.data.experimental.map_and_batch(f, batch_size=n,\n"
            "                                               num_parallel_calls=tf.data.experimental.AUTOTUNE))\n",
        ),
        ("y = tf.contrib.layers.flatten(x, scope='f')\n", "y = tf.compat.v1.layers.flatten(x, name='f')\n"),
        ("y = tf.contrib.layers.one_hot_encoding(x, 10)\n", "y = tf.one_hot(x, 10)\n"),
        (
            "i = tf.contrib.layers.xavier_initializer(seed=3)\n",
            "i = tf.compat.v1.glorot_uniform_initializer(seed=3)\n",
        ),
        ("r = tf.contrib.layers.l2_regularizer(0.01)\n", "r = tf.keras.regularizers.l2(0.5 * 0.01)\n"),
        ("r = tf.contrib.layers.l2_regularizer(a + b)\n", "r = tf.keras.regularizers.l2(0.5 * (a + b))\n"),
        (
            "t = tf.contrib.lookup.HashTable(tf.contrib.lookup.KeyValueTensorInitializer(k, v), -1)\n"
            "sess.run(t.init)\n",
            "t = tf.compat.v1.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(k, v), -1)\n"
            "sess.run(t.initializer)\n",
        ),
        (
            "t = tf.contrib.lookup.index_table_from_file(\n    VOCAB, num_oov_buckets=1)\n",
            "t = tf.compat.v1.lookup.StaticVocabularyTable(\n"
            "    tf.lookup.TextFileInitializer(\n        VOCAB,\n        tf.string,\n"
            "        tf.lookup.TextFileIndex.WHOLE_LINE,\n        tf.int64,\n"
            "        tf.lookup.TextFileIndex.LINE_NUMBER),\n    num_oov_buckets=1)\n",
        ),
        (
            "BUCKETS = 0\nt = tf.contrib.lookup.index_table_from_tensor(words, BUCKETS, default_value=7)\n",
            "BUCKETS = 0\nt = tf.compat.v1.lookup.StaticHashTable(\n"
            "    tf.lookup.KeyValueTensorInitializer(\n        words,\n"
            "        tf.range(tf.size(words, out_type=tf.int64), dtype=tf.int64),\n"
            "        key_dtype=tf.string),\n    default_value=7)\n",
        ),
        # An expression is evaluated once, as before.
        (
            "mapping = 1\nt = tf.contrib.lookup.index_to_string_table_from_tensor(read())\n",
            "mapping = 1\nmapping_ = read()\nt = tf.compat.v1.lookup.StaticHashTable(\n"
            "    tf.lookup.KeyValueTensorInitializer(\n"
            "        tf.range(tf.size(mapping_, out_type=tf.int64), dtype=tf.int64),\n"
            '        mapping_,\n        value_dtype=tf.string),\n    default_value="UNK")\n',
        ),
        (
            "t = tf.contrib.lookup.index_table_from_tensor(read())\n",
            "mapping = read()\nt = tf.compat.v1.lookup.StaticHashTable(\n"
            "    tf.lookup.KeyValueTensorInitializer(\n        mapping,\n"
            "        tf.range(tf.size(mapping, out_type=tf.int64), dtype=tf.int64),\n"
            "        key_dtype=tf.string),\n    default_value=-1)\n",
        ),
    ],
)
def test_moves_home(before: str, expected: str) -> None:
    assert after(HEAD + before) == HEAD + expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            "import tensorflow as tf\nfrom tensorflow.contrib.rnn import GRUCell, LSTMCell\n"
            "a = GRUCell(1), LSTMCell(2)\n",
            "import tensorflow as tf\na = tf.compat.v1.nn.rnn_cell.GRUCell(1), tf.compat.v1.nn.rnn_cell.LSTMCell(2)\n",
            id="imported by name, the import dropped",
        ),
        pytest.param(
            "import tensorflow.compat.v1 as tf\nfrom tensorflow.contrib import rnn\ncell = rnn.GRUCell(4)\n",
            "import tensorflow.compat.v1 as tf\ncell = tf.nn.rnn_cell.GRUCell(4)\n",
            id="compat.v1 as tf",
        ),
        pytest.param(
            "from tensorflow.contrib import util\np = util.make_ndarray(t)\n",
            "import tensorflow.compat.v1 as tf\np = tf.make_ndarray(t)\n",
            id="TensorFlow was not imported",
        ),
        pytest.param(
            "import tensorflow as tf\nrnn = tf.contrib.rnn\na = rnn.GRUCell(1), rnn.LSTMStateTuple\n",
            "import tensorflow as tf\n"
            "a = tf.compat.v1.nn.rnn_cell.GRUCell(1), tf.compat.v1.nn.rnn_cell.LSTMStateTuple\n",
            id="an alias that nothing uses any more",
        ),
        pytest.param(
            "import tensorflow as tf\nimport tensorflow.contrib.slim as slim\nx = tf.constant(1)\n",
            "import tensorflow as tf\nx = tf.constant(1)\n",
            id="an import that nothing uses",
        ),
    ],
)
def test_imports_follow(before: str, expected: str) -> None:
    assert after(before) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("y = tf.contrib.layers.dense_to_sparse(x)\n", "y = tf.sparse.from_dense(x)\n"),
        (
            "EOS = 0\ny = tf.contrib.layers.dense_to_sparse(f(x), eos_token=EOS)\n",
            "EOS = 0\ny = tf.sparse.from_dense(f(x))\n",
        ),
        ("y = tf.contrib.layers.dense_to_sparse(tensor=x, eos_token=0)\n", "y = tf.sparse.from_dense(x)\n"),
        ("r = tf.contrib.slim.l2_regularizer(a)\n", "r = tf.keras.regularizers.l2(0.5 * a)\n"),
        ("y = tf.contrib.slim.flatten(x)\n", "y = tf.compat.v1.layers.flatten(x)\n"),
        ("g = tf.contrib.slim.get_or_create_global_step()\n", "g = tf.compat.v1.train.get_or_create_global_step()\n"),
        (
            "g = tf.contrib.framework.python.ops.variables.create_global_step(graph)\n",
            "g = tf.compat.v1.train.create_global_step(graph)\n",
        ),
    ],
)
def test_what_tensorflow_has_is_native(before: str, expected: str) -> None:
    assert after(HEAD + before) == HEAD + expected
    assert {site.outcome for site in sites_of(HEAD + before)} == {Outcome.NATIVE}


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (
            "y = tf.contrib.layers.layer_norm(inputs=x, begin_norm_axis=-1, begin_params_axis=-1, scope=s)\n",
            "y = tf_contrib.layer_norm(inputs=x, begin_norm_axis=-1, begin_params_axis=-1, scope=s)\n",
        ),
        ("y = tf.contrib.layers.layer_norm(x, *args, **kwargs)\n", "y = tf_contrib.layer_norm(x, *args, **kwargs)\n"),
        ("y = tf.contrib.slim.layer_norm(x)\n", "y = tf_contrib.layer_norm(x)\n"),
        ("y = tf.contrib.slim.layers.layer_norm(x)\n", "y = tf_contrib.layer_norm(x)\n"),
        ("y = tf.contrib.layers.python.layers.layers.layer_norm(x)\n", "y = tf_contrib.layer_norm(x)\n"),
        ("y = tf.contrib.layers.dense_to_sparse(x, eos_token=1)\n", "y = tf_contrib.dense_to_sparse(x, eos_token=1)\n"),
        ("y = tf.contrib.layers.dense_to_sparse(x, eos)\n", "y = tf_contrib.dense_to_sparse(x, eos)\n"),
        ("y = tf.contrib.layers.dense_to_sparse(x, scope='s')\n", "y = tf_contrib.dense_to_sparse(x, scope='s')\n"),
        (
            "i = tf.contrib.layers.xavier_initializer(uniform=False)\n",
            "i = tf_contrib.xavier_initializer(uniform=False)\n",
        ),
        (
            "i = tf.contrib.layers.variance_scaling_initializer(2.0, mode='FAN_AVG',\n"
            "                                                   uniform=True)\n",
            "i = tf_contrib.variance_scaling_initializer(2.0, mode='FAN_AVG',\n"
            "                                            uniform=True)\n",
        ),
    ],
)
def test_what_nothing_equals_is_in_the_shim(before: str, expected: str) -> None:
    result = "from migrate.shim import contrib as tf_contrib\n"
    assert after(HEAD + "k = tf.constant(1)\n" + before) == HEAD + result + "k = tf.constant(1)\n" + expected
    (site,) = sites_of(HEAD + before)
    assert (site.outcome, site.packages) == (Outcome.SHIM, frozenset({"tf1to2"}))


def test_the_shim_has_every_function_that_is_emitted() -> None:
    for home, function in SHIM.values():
        assert callable(getattr(importlib.import_module(f"migrate.shim.{home}"), function))


def test_a_name_that_the_file_has_is_not_taken() -> None:
    before = HEAD + "tf_contrib = tf.contrib\ny = tf.contrib.layers.layer_norm(x)\nz = tf_contrib.crf\n"
    assert "import contrib as tf2_contrib\n" in after(before)
    assert "y = tf2_contrib.layer_norm(x)\n" in after(before)


def test_self_contained_code_does_without_the_shim() -> None:
    source = HEAD + "y = tf.contrib.layers.layer_norm(x)\n"
    around = Surroundings(migrates=True, target=NEWEST, self_contained=True)
    (site,) = plan_file("model.py", source.encode(), [Contrib()], around).sites
    assert site.outcome is Outcome.MANUAL
    assert "self-contained" in site.reason


def test_a_name_that_was_given_to_a_rewritten_symbol_is_no_site() -> None:
    source = (
        HEAD
        + "per_host = tf.contrib.tpu.InputPipelineConfig.PER_HOST_V2\n"
        + "c = tf.contrib.tpu.TPUConfig(per_host_input_for_training=per_host)\n"
        + "e = tf.contrib.tpu.TPUEstimator(f, config=tf.contrib.tpu.RunConfig(tpu_config=c))\n"
        + "e.export_savedmodel(d, r)\n"
    )
    sites = plan_file("model.py", source.encode(), all_rules(), Surroundings(Mode.GRAPH, target=NEWEST)).sites
    assert not [site for site in sites if site.rule == "SM902"]
    assert not [site for site in sites if site.outcome is Outcome.MANUAL]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param("h = tf.contrib.training.HParams(a=1)\n", "no package", id="no home"),
        pytest.param("y = tf.contrib.slim.conv2d(x, 3, 3)\nz = tf.contrib.slim.fc(y)\n", "tf_slim", id="a package"),
        pytest.param("y = tf.contrib.layers.fully_connected(x, 3)\n", "kernel", id="other variable names"),
        pytest.param(
            "f(normalizer_fn=tf.contrib.layers.layer_norm)\n", "not called", id="a function of the shim, handed on"
        ),
        pytest.param("i = tf.contrib.layers.xavier_initializer\n", "not called", id="a bare reference"),
        pytest.param("t = tf.contrib.lookup.HashTable(i, -1, shared_name='s')\n", "shared_name", id="lost argument"),
        pytest.param("t = tf.contrib.lookup.HashTable(*args)\n", "told apart", id="stars"),
        pytest.param(
            "t = tf.contrib.lookup.index_table_from_file(f, num_oov_buckets=n)\n", "run time", id="which table"
        ),
        pytest.param("p = tf.contrib.predictor.from_saved_model(d)\n", "saved_model.load", id="predictor"),
        pytest.param("r = tf.contrib.layers.l2_regularizer(0.1, scope='s')\n", "scope", id="a scope of its own"),
        pytest.param("rnn = tf.contrib.rnn\nuse(rnn)\n", "tfa.rnn", id="an alias that is used otherwise"),
        pytest.param("c = tf.contrib.seq2seq.BasicDecoder(a, b, c)\n", "tensorflow-addons", id="addons"),
    ],
)
def test_is_reported_and_stays(source: str, words: str) -> None:
    assert after(HEAD + source) == HEAD + source
    (site,) = sites_of(HEAD + source)
    assert site.outcome is Outcome.MANUAL
    assert words in site.reason


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("from django.contrib import auth\nauth.login(x)\n", id="another contrib"),
        pytest.param("import mxnet as tf\ntf.contrib.rnn.GRUCell(1)\n", id="another tf"),
        pytest.param(HEAD + "def f(tf):\n  return tf.contrib.rnn.GRUCell(1)\n", id="shadowed"),
        pytest.param(HEAD + "s = 'tf.contrib.rnn.GRUCell(1)'  # tf.contrib.rnn\n", id="text"),
        pytest.param(HEAD + "c = tf.compat.v1.nn.rnn_cell.GRUCell(1)\n", id="already there"),
        pytest.param("from tensorflow.contrib import slim  # noqa\n", id="an import kept on purpose"),
        pytest.param(
            "try:\n  from tensorflow.contrib import slim\nexcept ImportError:\n  pass\n", id="an import under try"
        ),
    ],
)
def test_must_not_touch(source: str) -> None:
    assert after(source) == source
    assert sites_of(source) == ()


def test_a_file_of_no_migrated_program_is_left_alone() -> None:
    source = HEAD + "cell = tf.contrib.rnn.GRUCell(1)\n"
    assert plan_file("model.py", source.encode(), [Contrib()], Surroundings()).sites == ()


def test_one_report_a_home() -> None:
    sites = sites_of(HEAD + "slim = tf.contrib.slim\nslim.a()\nslim.b()\ntf.contrib.crf.crf_decode(1)\n")
    assert [site.outcome for site in sites] == [Outcome.MANUAL] * 2
    assert "slim.a, slim.b" in sites[0].reason


@pytest.mark.parametrize("name", ["slim.batch_norm", "layers.batch_norm", "slim.layers.batch_norm"])
def test_what_stops_in_tf_slim_has_another_home(name: str) -> None:
    assert home_of(name).startswith("tf.compat.v1.layers.batch_normalization")
    assert "that of tf_slim stops" in home_of(name)


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("slim.conv2d", True),
        ("layers.instance_norm", True),
        ("slim.learning.train", True),
        ("slim.learning.multiply_gradients", False),
        ("slim.optimize_loss", False),
        ("layers.recompute_grad", False),
        ("framework.local_variable", False),
        ("framework.model_variable", True),
        ("slim.embed_sequence", False),
        ("layers.transform_features", False),
    ],
)
def test_tf_slim_is_the_home_of_what_runs_in_it(name: str, runs: bool) -> None:
    assert home_of(name).startswith("tf_slim") is runs


def test_every_home_in_tensorflow_is_there() -> None:
    spoken = {f"tensorflow{each}" for home in HOMES.values() for each in re.findall(r"\btf((?:\.\w+)+)", home)}
    names = release_names(NEWEST)
    # A family of names, what the texts say is gone, and a method.
    others = {"tensorflow.layers", "tensorflow.estimator", "tensorflow.keras.Model.export"}
    assert spoken - names.names - names.modules == others


def test_the_longest_prefix_names_the_home() -> None:
    assert home_of("layers.real_valued_column") == HOMES["layers.real_valued_column"]
    assert home_of("layers.maxout") == HOMES["layers"]
    assert home_of("nonsense.x") == "no known package"


# --- the tables against the installed TensorFlow ---


def targets() -> Iterator[str]:
    yield from SAME.values()
    yield from (entry.name for entry in EXACT.values())
    yield from (name for recipe in RECIPES.values() for name in recipe.targets)


def find(root: object, name: str) -> object:
    for part in name.split("."):
        root = getattr(root, part)
    return root


@pytest.fixture(scope="module")
def v1() -> Iterator[object]:
    """`tf.compat.v1` with tf-keras behind its layers and cells: TensorFlow reads the switch at their first use."""
    before = os.environ.get("TF_USE_LEGACY_KERAS")
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tensorflow.compat.v1 as tf1

    assert tf1.layers.dense and tf1.nn.rnn_cell.GRUCell and tf1.keras.regularizers.l2
    if before is None:
        del os.environ["TF_USE_LEGACY_KERAS"]
    else:
        os.environ["TF_USE_LEGACY_KERAS"] = before
    yield tf1


@pytest.mark.parametrize("name", sorted(set(targets())))
def test_every_replacement_exists(name: str, v1: object) -> None:
    import tensorflow as tf

    assert find(v1, name) is not None
    heads = {name[: index if index >= 0 else None] for index in [name.find(".", at) for at in range(len(name))]}
    if not heads & (V1_ONLY | V1_DIFFERS) and not name.startswith("keras."):
        assert find(tf, name) is not None


@pytest.mark.parametrize("name", sorted(EXACT))
def test_every_argument_has_its_counterpart(name: str, v1: object) -> None:
    entry = EXACT[name]
    new = find(v1, entry.name)
    parameters = list(inspect.signature(new.__init__ if isinstance(new, type) else new).parameters)  # type: ignore[misc, arg-type]
    parameters = [parameter for parameter in parameters if parameter != "self"]
    if parameters == ["args", "kwargs"]:
        parameters = [p for p in inspect.signature(inspect.unwrap(new.__init__)).parameters if p != "self"]  # type: ignore[misc]
    is_lost = False
    for position, old in enumerate(entry.parameters):
        is_lost = is_lost or old in entry.lost
        if old not in entry.lost:
            assert entry.renamed.get(old, old) in parameters
            if not is_lost:
                assert parameters[position] == entry.renamed.get(old, old)


@pytest.mark.parametrize(
    ("target", "before", "expected"),
    [
        (OLDEST, "e = tf.contrib.tpu.TPUEstimator(f, c)\n", "e = tf.compat.v1.estimator.tpu.TPUEstimator(f, c)\n"),
        (OLDEST, "c = tf.contrib.tpu.RunConfig\n", "c = tf.compat.v1.estimator.tpu.RunConfig\n"),
        (OLDEST, "m = tf.contrib.learn.ModeKeys.INFER\n", "m = tf.contrib.learn.ModeKeys.INFER\n"),
        (OLDEST, "e = tf.contrib.estimator.add_metrics(e, f)\n", "e = tf.estimator.add_metrics(e, f)\n"),
        (OLDEST, "e = tf.contrib.estimator.DNNEstimator(h)\n", "e = tf.contrib.estimator.DNNEstimator(h)\n"),
        (NEWEST, "e = tf.contrib.tpu.TPUEstimator(f, c)\n", "e = tf.contrib.tpu.TPUEstimator(f, c)\n"),
    ],
)
def test_estimators_for_tpus_keep_their_kind_where_tensorflow_has_estimators(
    target: Target, before: str, expected: str
) -> None:
    assert after(HEAD + before, target) == HEAD + expected


def test_features_are_forwarded_by_the_shim_where_tensorflow_has_estimators() -> None:
    before = "e = tf.estimator.DNNClassifier(h, c)\ne = tf.contrib.estimator.forward_features(e, 'id')\n"
    assert after(HEAD + before, OLDEST) == (
        HEAD + "from migrate.shim import estimator as tf_estimator\n"
        "e = tf.estimator.DNNClassifier(h, c)\ne = tf_estimator.forward_features(e, 'id')\n"
    )


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            "import tensorflow as tf\nx = tf.placeholder(tf.float32)\nc = tf.contrib.rnn.GRUCell(4)\n",
            "import tensorflow.compat.v1 as tf\n\ntf.disable_v2_behavior()\n\n"
            "x = tf.placeholder(tf.float32)\nc = tf.nn.rnn_cell.GRUCell(4)\n",
            id="the import is compat.v1's",
        ),
        pytest.param(
            "import tensorflow as tf\nx = tf.placeholder(tf.string)\n"
            "t = tf.contrib.lookup.index_table_from_tensor(read(), 1)\n",
            "import tensorflow.compat.v1 as tf\n\ntf.disable_v2_behavior()\n\nx = tf.placeholder(tf.string)\n"
            "mapping = read()\nt = tf.lookup.StaticVocabularyTable(\n    tf.lookup.KeyValueTensorInitializer(\n"
            "        mapping,\n        tf.range(tf.size(mapping, out_type=tf.int64), dtype=tf.int64),\n"
            "        key_dtype=tf.string),\n    num_oov_buckets=1)\n",
            id="new code of several names",
        ),
        pytest.param(
            "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n    import tensorflow as tf\n"
            "x = tf.placeholder(tf.float32)\nc = tf.contrib.rnn.GRUCell(4)\n",
            None,
            id="an import that a try guards stays",
        ),
    ],
)
def test_names_are_those_of_the_import_as_it_will_be(before: str, expected: str | None) -> None:
    plan = plan_file("a.py", before.encode(), all_rules(), Surroundings(Mode.GRAPH, migrates=True))
    assert plan.document is not None
    result = plan.document.apply(plan.sites).decode()
    assert expected is None or result == expected
    assert expected is None or ".compat.v1." not in result.partition("\n")[2]
    (contrib,) = (site for site in plan.sites if site.rule == "SM902")
    switch = {site.id for site in plan.sites if site.rule == "SM901" and site.changes}
    assert (contrib.needs & switch != set()) == (expected is not None)

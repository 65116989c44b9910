"""Which TensorFlow a file is written for."""

from __future__ import annotations

import pytest

from codemods.compat.generations import open_uses, written_for
from codemods.source.generation import Generation, of_program
from codemods.source.module import Module
from codemods.source.tensorflow_uses import tensorflow_uses

TF = "import tensorflow as tf\n"


def generation(code: str) -> Generation:
    return written_for(Module(code if "import" in code else TF + code))


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("x = tf.placeholder(tf.float32)", id="a name that TensorFlow 2 does not have"),
        pytest.param("tf.train.AdamOptimizer(0.1).minimize(loss)", id="in a module that both have"),
        pytest.param("tf.disable_v2_behavior()", id="a switch, which is TensorFlow 1's own by its plain name"),
        pytest.param("tf.compat.v1.disable_v2_behavior()\nx = tf.placeholder(tf.int32)", id="TensorFlow 2 lacks it"),
        pytest.param("sess = tf.keras.backend.get_session()", id="of Keras"),
        pytest.param("y = tf.contrib.layers.flatten(x)", id="contrib"),
        pytest.param("@tf.function\ndef f(x):\n    return tf.to_float(x)", id="1.15 has tf.function"),
        pytest.param("y = tf.reduce_sum(x, keep_dims=True)", id="an argument that TensorFlow 2 does not take"),
        pytest.param("y = tf.nn.dropout(x, keep_prob=0.5)", id="another argument"),
        pytest.param("d = tf.data.Dataset.range(1)\ni = d.make_one_shot_iterator()", id="a method of datasets"),
        pytest.param("from tensorflow import Session, keras", id="imported, if never used"),
        pytest.param("import tensorflow.contrib.slim as slim", id="a module"),
        pytest.param("from tensorflow import placeholder\nx = placeholder('float')", id="imported by name"),
        pytest.param("from keras import backend as K\nK.get_session()", id="standalone Keras with a session"),
        pytest.param(
            "from tensorflow.examples.tutorials.mnist import input_data\nd = input_data.read_data_sets(p)",
            id="examples",
        ),
    ],
)
def test_tensorflow_1(code: str) -> None:
    assert generation(code) is Generation.V1


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("opt = tf.optimizers.Adam(0.1)", id="a module that TensorFlow 1 does not have"),
        pytest.param("loss = tf.losses.MeanSquaredError()", id="in a module that both have"),
        pytest.param("tf.random.set_seed(1)", id="a new name of an old function"),
        pytest.param("x = tf.compat.v1.placeholder(tf.float32)\ni = tf.initializers.Constant(1)", id="half ported"),
        pytest.param("y = tf.image.resize(x, [2, 2], antialias=True)", id="an argument that only TensorFlow 2 takes"),
        pytest.param("@tf.function\ndef f(x):\n    return x", id="written for TensorFlow 2, if 1.15 has it too"),
        pytest.param("tf.compat.v1.disable_eager_execution()\ny = tf.keras.layers.GRU(4)(x)", id="run on TensorFlow 2"),
        pytest.param("tf.compat.v1.disable_v2_behavior()\ny = tf.reduce_sum(input_tensor=x)", id="tf_upgrade_v2"),
    ],
)
def test_tensorflow_2(code: str) -> None:
    assert generation(code) is Generation.V2


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("y = tf.matmul(x, w)", id="both have it"),
        pytest.param("y = tf.keras.layers.GRU(4)(x)", id="both have it and mean different things"),
        pytest.param("x = tf.compat.v1.placeholder(tf.float32)", id="compat.v1 says nothing"),
        pytest.param("import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()\ntf.Session()", id="nothing plain"),
        pytest.param("import tensorflow.compat.v2 as tf\ntf.optimizers.Adam()", id="nor is that plain"),
        pytest.param("if tf.__version__ < '2':\n    x = tf.placeholder(tf.int32)", id="for TensorFlow 1 alone"),
        pytest.param("if tf.__version__ >= '2':\n    o = tf.optimizers.Adam()", id="for TensorFlow 2 alone"),
        pytest.param(
            "try:\n    tf.set_random_seed(1)\nexcept AttributeError:\n    tf.random.set_seed(1)", id="both are tried"
        ),
        pytest.param("y = tf.nothing_that_is_known(x)", id="unknown"),
        pytest.param("import numpy as np\nnp.zeros(1)", id="no TensorFlow"),
        pytest.param("from tensorflow.tools import anything\nanything.run()", id="tensorflow.tools is in both"),
    ],
)
def test_either(code: str) -> None:
    assert generation(code) is Generation.EITHER


@pytest.mark.parametrize(
    ("files", "program"),
    [
        ((Generation.V1, Generation.EITHER), Generation.V1),
        ((Generation.V2, Generation.EITHER), Generation.V2),
        ((Generation.V1, Generation.V2), Generation.V1),
        ((Generation.EITHER,), Generation.EITHER),
        ((), Generation.EITHER),
    ],
)
def test_programs(files: tuple[Generation, ...], program: Generation) -> None:
    assert of_program(files) is program


@pytest.mark.parametrize(
    ("call", "is_open"),
    [
        ("tf.reduce_sum(x, axis=1)", False),
        ("tf.reduce_sum(x, 1, True)", False),
        ("tf.argmax(x, 1)", False),
        ("tf.argmax(x, 1, 'name')", True),
        ("tf.gather(x, [0], axis=1)", False),
        ("tf.gather(x, [0], None, 'name')", True),
        ("tf.nn.in_top_k(x, y, 1)", True),
        ("tf.nn.in_top_k(predictions=x, targets=y, k=1)", False),
        ("tf.nn.conv2d(x, w, [1, 1, 1, 1], 'SAME')", False),
        ("tf.nn.conv2d(x, w, [1, 1, 1, 1], 'SAME', True)", True),
        ("tf.transpose(x, [1, 0])", False),
        ("tf.nn.sampled_softmax_loss(w, b, y, x, 2, 9)", True),
        ("tf.nn.embedding_lookup(w, x)", True),
        ("tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=x)", True),
        ("tf.nn.softmax(x)", False),
        ("tf.map_fn(tf.nn.softmax, x)", False),
        ("tf.map_fn(tf.zeros_like, x)", True),
        ("tf.image.resize(x, [2, 2])", True),
        ("tf.keras.layers.Dense(2)", False),
        ("tf.keras.layers.GRU(2)", True),
        ("tf.keras.layers.BatchNormalization()", True),
        ("tf.initializers.glorot_uniform()", True),
        ("tf.Variable(x, name='v')", False),
        ("tf.data.Dataset.from_tensors(x)", False),
        ("tf.reduce_sum(*args)", True),
        ("tf.shape(x)[0]", False),
        ("tf.matmul(x, w)", False),
    ],
)
def test_names_with_two_meanings(call: str, is_open: bool) -> None:
    module = Module(f"{TF}y = {call}\n")
    assert bool(list(open_uses(module, tensorflow_uses(module)))) is is_open

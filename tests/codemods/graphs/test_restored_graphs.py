"""Native exports of graphs built beside the export: only where nothing else needs session, graph or tensors."""

from __future__ import annotations

import pytest

from codemods.rules.sm101_simple_save import SimpleSave
from codemods.site import Outcome
from codemods.source.mode import Mode
from tests.codemods.helpers import after, drafts

TOP = """import tensorflow as tf


def net(x):
    with tf.variable_scope("a"):
        w = tf.get_variable("w", [3, 2])
    return tf.matmul(x, w)


"""
BODY = """def main(ckpt, out):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = net(x)
    saver = tf.train.Saver()
    with tf.Session() as sess:
        saver.restore(sess, ckpt)
        tf.saved_model.simple_save(sess, out, {"x": x}, {"y": y})
"""
MODULE = '''class ServedModel(tf.Module):
    """Serves the graph that `_build` makes, with the weights of a TF1 checkpoint."""

    def __init__(self, checkpoint):
        super().__init__()
        self._graph = tf.wrap_function(self._build, [tf.TensorSpec([None, 3], tf.float32, name="x")])
        # What a wrapped function holds is not tracked by itself.
        self.weights = list(self._graph.variables)
        reader = tf.train.load_checkpoint(checkpoint)
        for variable in self.weights:
            variable.assign(reader.get_tensor(variable.name.split(":")[0]))

    @staticmethod
    def _build(x):
        y = net(x)
        return {"y": y}

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def serving_default(self, x):
        return self._graph(x)


'''
EXPORT = """    module = ServedModel(ckpt)
    tf.saved_model.save(module, out, signatures={"serving_default": module.serving_default})
"""


def outcome(source: str) -> Outcome:
    (site,) = drafts(SimpleSave, source)
    return site.outcome


def test_a_helper_built_graph_becomes_a_module() -> None:
    assert after(SimpleSave, TOP + BODY) == TOP + MODULE + "def main(ckpt, out):\n" + EXPORT


def test_what_else_stands_in_the_blocks_stays() -> None:
    body = BODY.replace("        saver.restore", "        # weights\n        print('restoring')\n        saver.restore")
    expected = "def main(ckpt, out):\n    # weights\n    print('restoring')\n" + EXPORT
    assert after(SimpleSave, TOP + body) == TOP + MODULE + expected


def test_local_names_keep_the_class_in_the_function() -> None:
    body = BODY.replace("net(x)", "net(x) * scale").replace("main(ckpt, out)", "main(ckpt, out, scale)")
    result = after(SimpleSave, TOP + body)
    assert "    class ServedModel(tf.Module):\n" in result
    assert "            y = net(x) * scale\n" in result


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("saver.restore(sess, ckpt)", "sess.run(tf.global_variables_initializer())", id="trained in place"),
        pytest.param("saver.restore(sess, ckpt)", "saver.restore(sess, ckpt)\n        sess.run(y)", id="session used"),
        pytest.param('{"y": y})\n', '{"y": y})\n    print(y)\n', id="tensor used afterwards"),
        pytest.param("y = net(x)", "y = net(x)\n    print(y.shape)", id="tensor used before"),
        pytest.param("tf.train.Saver()", "tf.train.Saver(max_to_keep=1)", id="a saver with arguments"),
        pytest.param("y = net(x)", "y = model.forward(x)", id="a method that cannot be looked into"),
        pytest.param("y = net(x)", "y = tf.layers.dense(x, 2)", id="legacy Keras layers"),
        pytest.param("y = net(x)", "y = tf.Variable(x)", id="a variable made from a tensor"),
        pytest.param("y = net(x)", "k = tf.placeholder(tf.float32)\n    y = net(x) * k", id="another placeholder"),
        pytest.param("y = net(x)", "if ckpt:\n        y = net(x)\n    else:\n        y = x + 1", id="a condition"),
        pytest.param('{"x": x}', '{"a b": x}', id="a key that is no name"),
        pytest.param('{"x": x}', "{key: x}", id="a key that is not known"),
        pytest.param('{"y": y}', '{"y": x}', id="an input as output"),
        pytest.param('{"x": x}', '{"x": z}', id="an input from elsewhere"),
        pytest.param("tf.Session()", "make_session()", id="a session from elsewhere"),
        pytest.param("        tf.saved", "        if out:\n            tf.saved", id="an export under a condition"),
        pytest.param('{"y": y})', '{"y": y}, legacy_init_op=init)', id="an init op"),
        pytest.param(
            "    return tf.matmul(x, w)", "    tf.add_loss(x)\n    return f(x, w)", id="a helper's helper unknown"
        ),
        pytest.param('"w", [3, 2]', '"w", [size(x.shape[1]).value, 2]', id="the value of what may be a Dimension"),
    ],
)
def test_must_not_become_a_module(old: str, new: str) -> None:
    source = TOP + BODY
    assert old in source
    assert outcome(source.replace(old, new)) is Outcome.SHIM


def test_dimensions_in_a_helper_are_mended() -> None:
    source = (TOP + BODY).replace('"w", [3, 2]', '"w", [x.get_shape()[1].value, 2]')
    assert outcome(source) is Outcome.NATIVE
    assert "[tf.compat.dimension_value(x.get_shape()[1]), 2]" in after(None, source)


def test_in_graph_mode_the_session_goes_to_the_shim() -> None:
    (site,) = drafts(SimpleSave, TOP + BODY, mode=Mode.GRAPH)
    assert site.outcome is Outcome.SHIM


def test_a_long_build_only_moves() -> None:
    steps = "".join(f"    y = tf.nn.relu(y * {number}.0)\n" for number in range(30))
    assert outcome((TOP + BODY).replace("    saver = ", steps + "    saver = ")) is Outcome.NATIVE

"""Functions that TensorFlow 1 and 2 have twice and that compute the same: compared on the installed TensorFlow."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from codemods.compat.call_meanings import SAME_VALUES, TF1_METHODS

# Calls of each name, as programs write them; `x` is a matrix, `s` a vector of strings, `image` a batch of images.
CALLS = {
    "Variable": ["tf.Variable(x, name='v', dtype=tf.float32) + 1", "tf.Variable([1.0, 2.0], trainable=False) * 2"],
    "case": ["tf.case([(x[0, 0] > 9, lambda: x)], default=lambda: 2 * x)"],
    "constant": ["tf.constant([1, 2, 3, 4], tf.float32, [2, 2])", "tf.constant(2, shape=[3])"],
    "convert_to_tensor": ["tf.convert_to_tensor([1, 2])", "tf.convert_to_tensor(x, tf.float32)"],
    "device": ["[tf.device('/cpu:0').__enter__(), x][1]"],
    "executing_eagerly": ["tf.constant(tf.executing_eagerly())"],
    "expand_dims": ["tf.expand_dims(x, 1)", "tf.expand_dims(x, axis=-1)"],
    "gradients": ["tf.gradients(x * x, x)[0]", "tf.gradients([x * x], [x], [2 * x])[0]"],
    "math.log_softmax": ["tf.math.log_softmax(x)", "tf.math.log_softmax(x, 0)"],
    "math.scalar_mul": ["tf.math.scalar_mul(2.0, x)"],
    "math.softmax": ["tf.math.softmax(x)", "tf.math.softmax(x, axis=0)"],
    "name_scope": ["[tf.name_scope('a').__enter__(), x][1]"],
    "nn.avg_pool": ["tf.nn.avg_pool(image, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')"],
    "nn.avg_pool2d": ["tf.nn.avg_pool2d(image, [1, 2, 2, 1], [1, 1, 1, 1], 'VALID')"],
    "nn.conv2d_transpose": [
        "tf.nn.conv2d_transpose(image, tf.ones([2, 2, 1, 2]), [1, 8, 8, 1], [1, 2, 2, 1], 'SAME')",
    ],
    "nn.log_softmax": ["tf.nn.log_softmax(x)"],
    "nn.max_pool": ["tf.nn.max_pool(image, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')"],
    "nn.softmax": ["tf.nn.softmax(x)", "tf.nn.softmax(x, axis=0, name='s')"],
    "ones_like": ["tf.ones_like(x)", "tf.ones_like(x, tf.int32)"],
    "scalar_mul": ["tf.scalar_mul(2.0, x)"],
    "shape": ["tf.shape(x)", "tf.shape(x, out_type=tf.int64)"],
    "size": ["tf.size(x)", "tf.size(x, out_type=tf.int64)"],
    "strings.length": ["tf.strings.length(s)"],
    "strings.to_hash_bucket": ["tf.strings.to_hash_bucket(s, 7)"],
    "strings.to_number": ["tf.strings.to_number(s)", "tf.strings.to_number(s, tf.int32)"],
    "zeros_like": ["tf.zeros_like(x)", "tf.zeros_like(x, dtype=tf.int64)"],
}
CODES = [code for calls in CALLS.values() for code in calls]

_RUN = """
import json, sys
import tensorflow
v1 = tensorflow.compat.v1

def run(tf, code):
    with v1.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder_with_default([[1.0, -2.0], [3.0, 0.5]], [None, 2])
        image = v1.reshape(v1.range(32.0), [1, 4, 4, 2])
        s = v1.constant(["1", "23"])
        result = v1.identity(eval(code, {"tf": tf, "x": x, "image": image, "s": s}))
        session.run(v1.global_variables_initializer())
        value = session.run(result)
        return [str(value.dtype), value.tolist()]

asked = json.load(sys.stdin)
json.dump({
    "values": [[run(tensorflow, code), run(v1, code)] for code in asked["codes"]],
    "methods": [[hasattr(tf.data.Dataset, name) for tf in (tensorflow, v1)] for name in asked["methods"]],
}, sys.stdout)
"""


def test_every_name_is_tried() -> None:
    assert set(CALLS) == SAME_VALUES


@pytest.fixture(scope="module")
def found() -> dict[str, list[list[object]]]:
    """What each call gives by `tensorflow` and by `tensorflow.compat.v1`, and which of their datasets has a method."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN],
        input=json.dumps({"codes": CODES, "methods": sorted(TF1_METHODS)}),
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, list[list[object]]] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("code", CODES)
def test_both_compute_the_same(found: dict[str, list[list[object]]], code: str) -> None:
    v2, v1 = found["values"][CODES.index(code)]
    assert v2 == v1


def test_datasets_of_tensorflow_1_have_methods_more(found: dict[str, list[list[object]]]) -> None:
    assert found["methods"] == [[False, True]] * len(TF1_METHODS)

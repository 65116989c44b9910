"""BatchNormWithGlobalNormalization of an old graph.

TensorFlow 1.15.5 has other bits in a few channels: its `Rsqrt` rounds in another way, wherever it is used.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from migrate.graph.stand_ins import with_stand_ins
from migrate.shim import load
from tests.golden import golden_model
from tests.graph.twin import node
from tests.rewrap.test_against_tensorflow_1 import assert_outputs, call_shim

v1 = tf.compat.v1


def test_it_gives_what_tensorflow_1_gave() -> None:
    golden = golden_model("old_batch_norm")
    signatures = load(golden.path).signatures
    for call in golden.meta_graphs[0].sequences[0].calls:
        assert call.outputs is not None
        assert_outputs(call_shim(signatures[call.signature], call), call.outputs)


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("epsilon", [0.001, 0.0, 1e-12])
def test_it_gives_the_bits_of_the_op(scale: bool, epsilon: float) -> None:
    """The kernel is still there, for graphs that say that they are old."""
    made = node("y", "BatchNormWithGlobalNormalization", "t", "m", "v", "b", "g", T=tf.float32)
    made.attr["variance_epsilon"].f = epsilon
    made.attr["scale_after_normalization"].b = scale
    inputs = [node(name, "Placeholder", dtype=tf.float32) for name in "tmvbg"]
    random = np.random.RandomState(5)
    values = [random.normal(size=shape).astype(np.float32) for shape in ((2, 3, 4, 19), *[(19,)] * 4)]
    values[2] = np.abs(values[2])
    feeds = dict(zip(("t:0", "m:0", "v:0", "b:0", "g:0"), values, strict=True))
    results = []
    for nodes, producer in (([made], 6), (with_stand_ins([made]), 2000)):
        graph_def = v1.GraphDef(node=[*inputs, *nodes])
        graph_def.versions.producer = producer
        with tf.Graph().as_default(), v1.Session() as session:
            tf.graph_util.import_graph_def(graph_def, name="")
            results.append(session.run("y:0", feeds))
    np.testing.assert_array_equal(results[0], results[1])


def test_it_may_be_saved(tmp_path: Path) -> None:
    load(golden_model("old_batch_norm").path).save(tmp_path / "new")
    assert tf.saved_model.load(str(tmp_path / "new")).signatures

"""The emitted class for imported graphs, run on TensorFlow."""

from __future__ import annotations

from typing import Any

import pytest

from codemods.graphs.graph_template import class_source


@pytest.mark.parametrize("has_state", [False, True], ids=["frozen", "with variables"])
def test_an_input_with_a_default_is_refused(has_state: bool) -> None:
    import tensorflow as tf

    names: dict[str, Any] = {"tf": tf}
    exec(class_source("tf", "ImportedGraph", "    ", has_state=has_state), names)
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None])
        keep = tf.compat.v1.placeholder_with_default(1.0, [])
        y = x * keep
    served = names["ImportedGraph"](graph, *([{}] if has_state else []))
    signature = served.signature({"x": x}, {"y": y})
    assert signature(tf.constant([3.0]))["y"].numpy().tolist() == [3.0]
    with pytest.raises(ValueError, match=r"the default of keep: export_session of tf1to2 keeps it"):
        served.signature({"x": x, "keep": keep}, {"y": y})

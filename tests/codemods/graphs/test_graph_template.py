"""The emitted function for imported graphs, run on TensorFlow."""

from __future__ import annotations

from typing import Any

import pytest

from codemods.graphs.graph_template import function_source


def test_an_input_with_a_default_is_refused() -> None:
    import tensorflow as tf

    names: dict[str, Any] = {"tf": tf}
    exec(function_source("tf", "imported_function", "    "), names)
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None])
        keep = tf.compat.v1.placeholder_with_default(1.0, [])
        y = x * keep
    serve = names["imported_function"](graph, {"x": x}, {"y": y})
    assert serve(tf.constant([3.0]))["y"].numpy().tolist() == [3.0]
    with pytest.raises(ValueError, match=r"the default of keep: export_session of tf1to2 keeps it"):
        names["imported_function"](graph, {"x": x, "keep": keep}, {"y": y})

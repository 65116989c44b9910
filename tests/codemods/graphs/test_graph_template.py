"""The emitted function for imported graphs, run on TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.function import Defun

from codemods.graphs.graph_template import function_source

v1 = tf.compat.v1


@pytest.fixture
def imported_function() -> Callable[..., Any]:
    names: dict[str, Any] = {"tf": tf}
    exec(function_source("tf", "imported_function", "    "), names)
    found: Callable[..., Any] = names["imported_function"]
    return found


def test_an_input_with_a_default_is_refused(imported_function: Callable[..., Any]) -> None:
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [None])
        keep = v1.placeholder_with_default(1.0, [])
        y = x * keep
    serve = imported_function(graph, {"x": x}, {"y": y})
    assert serve(tf.constant([3.0]))["y"].numpy().tolist() == [3.0]
    with pytest.raises(ValueError, match=r"lose the defaults of inputs \(\['x', 'keep'\]\): export_session keeps them"):
        imported_function(graph, {"x": x, "keep": keep}, {"y": y})


def test_shapes_that_only_the_graph_knows_stay(imported_function: Callable[..., Any]) -> None:
    with tf.Graph().as_default() as graph:
        x, shape = v1.placeholder(tf.float32, [None, 4]), v1.placeholder(tf.int32, [None])
        y = tf.reshape(x, shape)
        y.set_shape([None, 2])
    serve = imported_function(graph, {"x": x, "shape": shape}, {"y": y})
    assert serve.get_concrete_function().output_shapes["y"].as_list() == [None, 2]


def _frozen(factor: float) -> Any:
    """Make a graph with functions in functions, in branches, on a device, by names that are always the same."""
    with tf.Graph().as_default() as graph:

        @Defun(tf.float32, func_name="scaled")  # type: ignore[untyped-decorator]
        def scaled(x: Any) -> Any:
            with tf.device("/job:worker/gpu:3"):
                doubled = tf.custom_gradient(lambda x: (x * 2.0, lambda upstream: upstream))
                return tf.nn.swish(doubled(x)) * factor

        @Defun(tf.float32, func_name="negative")  # type: ignore[untyped-decorator]
        def negative(x: Any) -> Any:
            return -scaled(x)

        x = v1.placeholder(tf.float32, [], name="x")
        with tf.device("/gpu:0"):
            both = tf.raw_ops.If(
                cond=x > 0.0, input=[x], Tout=[tf.float32], then_branch=scaled, else_branch=negative, name="branches"
            )
        tf.add(tf.nn.swish(both[0]), scaled(x), name="y")
    return graph.as_graph_def()


def test_functions_of_graphs_that_share_their_names(imported_function: Callable[..., Any], tmp_path: Path) -> None:
    """With custom gradients, whose code is in no graph, and more than one signature of each graph."""
    for number, factor in enumerate((2.0, 5.0)):
        graph_def = _frozen(factor)
        assert sorted(f.signature.name for f in graph_def.library.function) == ["negative", "scaled"]
        with tf.Graph().as_default() as graph, v1.Session(config=v1.ConfigProto(allow_soft_placement=True)):
            tf.import_graph_def(graph_def, name="model")
            x, y = graph.get_tensor_by_name("model/x:0"), graph.get_tensor_by_name("model/y:0")
        signatures = {key: imported_function(graph, {"x": x}, {"y": y}) for key in ("one", "other")}
        tf.saved_model.save(tf.Module(), str(tmp_path / str(number)), signatures=signatures)
        loaded = tf.saved_model.load(str(tmp_path / str(number)))
        for value in (1.5, -0.5):
            scaled = tf.nn.swish(2.0 * value) * factor
            expected = tf.nn.swish(scaled if value > 0 else -scaled) + scaled
            for serve in (*signatures.values(), *loaded.signatures.values()):
                found = (
                    serve(x=tf.constant(value)) if serve in loaded.signatures.values() else serve(tf.constant(value))
                )
                np.testing.assert_allclose(found["y"], expected, rtol=1e-5)

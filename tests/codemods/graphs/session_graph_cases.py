"""Run by `test_session_graph_code`: exports graphs in graph mode with the emitted code, and prints what came of it.

    python -m tests.codemods.graphs.session_graph_cases FOLDER

Each case is written to FOLDER/<case>, with `case.npz` beside: its inputs (`in_<key>`) and what the session computed
(`out_<key>`). A line of output is the case's name and the error, if any.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from codemods.graphs.session_template import session_graph_source

os.environ["TF_USE_LEGACY_KERAS"] = "1"
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import function

Ends = tuple[dict[str, Any], dict[str, Any]]
ROWS = np.random.default_rng(0).random((4, 6), np.float32)


def rows() -> Any:
    return tf.placeholder(tf.float32, [None, 6], name="rows")


def ref_variables() -> Ends:
    x = rows()
    w = tf.get_variable("layer/w", [6, 3])
    return {"x": x}, {"y": tf.nn.relu(tf.matmul(x, w) + tf.Variable(tf.ones([3]))), "w": w.value()}


def resource_variables() -> Ends:
    x = rows()
    return {"x": x}, {"y": tf.matmul(x, tf.get_variable("w", [6, 3], use_resource=True))}


def partitioned() -> Ends:
    x = rows()
    w = tf.get_variable("w", [6, 4], partitioner=tf.fixed_size_partitioner(2))
    return {"x": x}, {"y": tf.matmul(x, tf.convert_to_tensor(w))}


def strings() -> Ends:
    x = tf.placeholder(tf.string, [None])
    return {"x": x}, {"y": tf.strings.join([x, tf.tile(tf.Variable(["a", "b"])[:1], tf.shape(x))])}


def condition_on_a_variable() -> Ends:
    x = rows()
    w = tf.get_variable("w", [6, 3])
    return {"x": x}, {"y": tf.matmul(x, tf.cond(tf.reduce_sum(x) > 0, lambda: w, lambda: w))}


def batch_norm_by_placeholder() -> Ends:
    x, training = rows(), tf.placeholder(tf.bool, [])
    return {"x": x, "training": training}, {"y": tf.layers.batch_normalization(x, training=training)}


def recurrent() -> Ends:
    x = rows()
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(4), tf.reshape(x, [-1, 3, 2]), dtype=tf.float32)
    return {"x": x}, {"y": outputs}


def keras_recurrent() -> Ends:
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [layers.Reshape((3, 2), input_shape=(6,)), layers.LSTM(4), layers.BatchNormalization(), layers.Dropout(0.5)]
    )
    return {"x": model.input}, {"y:0": model.output}


def nothing_to_restore() -> Ends:
    x = rows()
    return {"x": x}, {"same": x, "constant": tf.constant(3.0)}


def custom_gradient() -> Ends:
    x = rows()
    double = tf.custom_gradient(lambda tensor: (tensor * 2, lambda gradient: gradient * 100))
    return {"x": x}, {"y": double(tf.nn.swish(tf.matmul(x, tf.get_variable("w", [6, 3]))))}


def control_flow_v2() -> Ends:
    x = rows()
    w = tf.get_variable("w", [6, 3], use_resource=True)
    tf.enable_control_flow_v2()
    try:
        y = tf.cond(tf.reduce_sum(x) > 0, lambda: tf.matmul(x, w), lambda: -tf.matmul(x, w))
        return {"x": x}, {"y": tf.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, y * 2), [0, y])[1]}
    finally:
        tf.disable_control_flow_v2()


def function_of_a_variable() -> Ends:
    x = rows()
    w = tf.get_variable("w", [6, 3], use_resource=True)
    return {"x": x}, {"y": tf.function(lambda tensor: tf.matmul(tensor, w))(x)}


def _with_a_function(factor: float) -> Any:
    """A GraphDef that calls a function, always by the same name, as other programs freeze it."""
    with tf.Graph().as_default() as graph:
        x = rows()

        def multiplied(tensor: Any) -> Any:
            with tf.device("/gpu:0"):
                return tensor * factor

        tf.identity(function.Defun(tf.float32, func_name="multiplied")(multiplied)(x), name="y")
        return graph.as_graph_def()


def reimported_function() -> Ends:
    tf.import_graph_def(_with_a_function(2.0), name="")
    graph = tf.get_default_graph()
    return {"x": graph.get_tensor_by_name("rows:0")}, {"y": graph.get_tensor_by_name("y:0")}


def other_function_of_the_same_name() -> Ends:
    tf.import_graph_def(_with_a_function(3.0), name="")
    graph = tf.get_default_graph()
    return {"x": graph.get_tensor_by_name("rows:0")}, {"y": graph.get_tensor_by_name("y:0")}


def python_function_elsewhere() -> Ends:
    x = rows()

    def printed(tensor: Any) -> Any:
        return tf.py_func(np.sin, [tensor], tf.float32)

    tf.function(printed)(x)  # trains, say: not what is served
    return {"x": x}, {"y": tf.function(lambda tensor: tensor + 1)(x)}


def lookup_table() -> Ends:
    x = rows()
    keys = tf.lookup.KeyValueTensorInitializer([0, 1], [3, 4], tf.int64, tf.int64)
    return {"x": x}, {"y": tf.lookup.StaticHashTable(keys, -1).lookup(tf.cast(x, tf.int64))}


def local_variable() -> Ends:
    x = rows()
    return {"x": x}, {"y": x * tf.Variable(1.0, collections=["local_variables"])}


def counter() -> Ends:
    x = rows()
    return {"x": x}, {"y": x * tf.assign_add(tf.Variable(1.0), 1.0)}


def python_function() -> Ends:
    x = rows()
    return {"x": x}, {"y": tf.py_func(np.sin, [x], tf.float32)}


def refused_key() -> Ends:
    x = rows()
    return {"x:0": x}, {"y": x}


def variable_as_input() -> Ends:
    w = tf.get_variable("w", [4, 6])
    return {"w": w}, {"y": w * 2}


def variable_as_output() -> Ends:
    x = rows()
    return {"x": x}, {"y": x * 2, "w": tf.get_variable("w", [6, 3])}


def optional_input() -> Ends:
    x = tf.placeholder_with_default(ROWS, [None, 6])
    return {"x": x}, {"y": x * 2}


def scalar_string() -> Ends:
    x = rows()
    return {"x": x}, {"y": tf.identity(tf.Variable("label"))}


def closed_session_without_variables() -> Ends:
    x = rows()
    return {"x": x}, {"y": x * 2}


def key_with_a_slash() -> Ends:
    x = rows()
    return {"in/x": x}, {"y": x * 2}


SERVED = (
    ref_variables,
    resource_variables,
    partitioned,
    strings,
    condition_on_a_variable,
    batch_norm_by_placeholder,
    recurrent,
    keras_recurrent,
    nothing_to_restore,
    scalar_string,
    closed_session_without_variables,
    key_with_a_slash,
    custom_gradient,
    control_flow_v2,
    function_of_a_variable,
    reimported_function,
    other_function_of_the_same_name,
    python_function_elsewhere,
)
REFUSED = (
    lookup_table,
    local_variable,
    counter,
    python_function,
    refused_key,
    variable_as_input,
    variable_as_output,
    optional_input,
)


def export(build: Callable[[], Ends], folder: Path, save_graph: Callable[..., None]) -> None:
    """Build, compute and export one case."""
    with tf.Graph().as_default():
        inputs, outputs = build()
        is_keras = "keras" in build.__name__
        soft = tf.ConfigProto(allow_soft_placement=True)
        session = tf.keras.backend.get_session() if is_keras else tf.Session(config=soft)
        initial = [tf.global_variables_initializer(), tf.local_variables_initializer(), tf.tables_initializer()]
        session.run([] if is_keras else initial)
        given = {"x": np.array([b"q"], object) if build is strings else ROWS, "training": np.array(False)}
        feeds = {key: given.get(key, ROWS) for key in inputs}
        computed = session.run(outputs, {inputs[key]: value for key, value in feeds.items()})
        path = folder / build.__name__
        if build is closed_session_without_variables:
            session.close()
        save_graph(session, str(path).encode(), {"serving_default": (inputs, outputs), "again": (inputs, outputs)})
        values: dict[str, Any] = {f"in_{key.replace('/', '|')}": value for key, value in feeds.items()}
        values.update({f"out_{key}": np.asarray(value) for key, value in computed.items()})
        np.savez(path / "case.npz", **values)


def main() -> None:
    """Export every case."""
    tf.disable_v2_behavior()
    names: dict[str, Any] = {"tf": tf}
    exec(session_graph_source("tf", "ServedGraph", "save_graph", "    "), names)
    for build in (*SERVED, *REFUSED):
        try:
            export(build, Path(sys.argv[1]), names["save_graph"])
            print(f"{build.__name__}:")
        except (ValueError, tf.errors.OpError) as error:
            print(f"{build.__name__}: {str(error).splitlines()[0]}")


if __name__ == "__main__":
    main()

"""Exports of live sessions: the shim by default; with --self-contained a class in the file, where it keeps them."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from codemods.engine.file_plans import Surroundings, open_file
from codemods.graphs.session_template import session_graph_source
from codemods.rules.registry import all_rules
from codemods.site import Outcome
from codemods.source.mode import Mode
from tests.codemods.helpers import after, drafts

CODE = session_graph_source("tf", "ServedGraph", "save_graph", "    ") + "\n\n"
HEAD = "import tensorflow.compat.v1 as tf\n\ntf.disable_v2_behavior()\n"
GRAPH = """
x = tf.placeholder(tf.float32, [None, 3])
w = tf.get_variable("w", [3, 2])
y = tf.matmul(x, w)
"""
SIMPLE = 'tf.saved_model.simple_save(sess, "out", {"x": x}, {"y": y})\n'
KERAS = "from tensorflow.keras import backend as K\nsess = K.get_session()\n"
RUN = "with tf.Session() as sess:\n    sess.run(tf.global_variables_initializer())\n    "
SAVED = 'save_graph(sess, "out", {"serving_default": ({"x": x}, {"y": y})})\n'
BUILD = "b = tf.saved_model.builder.SavedModelBuilder(path)\n"
ADD = """with tf.Session() as sess:
    saver.restore(sess, "ckpt")
    # for the clients
    info = tf.saved_model.utils.build_tensor_info(x)
    signature = tf.saved_model.signature_def_utils.build_signature_def(
        {"x": info}, {"y": tf.saved_model.utils.build_tensor_info(y)}, METHOD)
    b.add_meta_graph_and_variables(sess, TAGS, {"predict": signature, "serving_default": signature}OPTIONS)
b.save()
"""
SIGNATURE = """signature = tf.saved_model.signature_def_utils.predict_signature_def({"x": x}, {"y": y})
"""
SAVER = 'saver = tf.train.Saver()\npath = "out"\n'


LEGACY_KERAS = {
    "import os",
    'os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # Keras 2, asked for before TensorFlow is imported',
}
SELF_CONTAINED: dict[str, Any] = {"mode": Mode.GRAPH, "self_contained": True}


def builder(method: str = '"tensorflow/serving/predict"', tags: str = '["serve"]', options: str = "") -> str:
    """The three calls of a builder, at two levels."""
    return BUILD + ADD.replace("METHOD", method).replace("TAGS", tags).replace("OPTIONS", options)


REWRITTEN = [
    pytest.param(HEAD + GRAPH + RUN + SIMPLE, HEAD + GRAPH + "\n\n" + CODE + RUN + SAVED, id="simple_save"),
    pytest.param(
        HEAD + GRAPH + SAVER + builder(),
        HEAD
        + GRAPH
        + SAVER
        + "\n\n"
        + CODE
        + 'with tf.Session() as sess:\n    saver.restore(sess, "ckpt")\n    # for the clients\n    info = x\n'
        + '    save_graph(\n        sess,\n        path,\n        {"predict": ({"x": info}, {"y": y}), '
        + '"serving_default": ({"x": info}, {"y": y})},\n    )\n',
        id="a builder at two levels, one signature under two keys",
    ),
    pytest.param(
        HEAD
        + GRAPH
        + builder(options=", legacy_init_op=tf.tables_initializer(), clear_devices=True").replace(
            'saver.restore(sess, "ckpt")', "sess.run(tf.global_variables_initializer())"
        ),
        None,
        id="an init op for tables has nothing to do",
    ),
    pytest.param(
        HEAD + "def export(path):\n    with tf.Graph().as_default(), tf.Session() as sess:\n"
        "        x = tf.placeholder(tf.float32, [None])\n"
        '        tf.saved_model.simple_save(sess, path, {"x": x}, {"y": x})\n',
        None,
        id="in a function, in a graph of its own",
    ),
    pytest.param(
        HEAD + '[out] = tf.import_graph_def(load(), return_elements=["y:0"])\ng = out.graph\n'
        'with tf.Session(graph=g) as sess:\n    x = g.get_tensor_by_name("x:0")\n'
        '    tf.saved_model.simple_save(sess, path, {"x": x}, {"y": out})\n',
        None,
        id="the graph of an imported tensor",
    ),
    pytest.param(
        HEAD + 'saver = tf.train.import_meta_graph("m.meta")\nsess = tf.Session()\nsaver.restore(sess, "m")\n'
        "tf.saved_model.simple_save(sess, path, {'x': x}, outputs)\n",
        None,
        id="a MetaGraph in the default graph, output keys as data",
    ),
    pytest.param(
        HEAD + 'saver = tf.train.import_meta_graph("m.meta")\nsess = tf.Session()\nsaver.restore(sess, "m")\n'
        "tf.saved_model.simple_save(sess, path, {n: t for n, t in inputs.items()}, outputs)\n",
        None,
        id="input keys of an import as data: TensorFlow refuses what it cannot keep",
    ),
    pytest.param(
        HEAD
        + GRAPH
        + SAVER
        + builder().replace(
            "    b.add", "    for key, tensor in more.items():\n        outputs[key] = tensor\n    b.add"
        ),
        None,
        id="a loop between constructor and state that only fills a dictionary",
    ),
    pytest.param(
        HEAD + GRAPH + '"""Unlike a builder with tf.GraphKeys.ASSET_FILEPATHS."""\n# no lookup tables\n' + RUN + SIMPLE,
        None,
        id="words of a comment and of a string that stands alone",
    ),
    pytest.param(
        HEAD
        + KERAS
        + "def batches():\n    return dataset.make_one_shot_iterator().get_next()\n"
        + SIMPLE.replace("x}", "model.input}").replace("y}", "model.output}"),
        None,
        id="an iterator that trains a Keras model",
    ),
]


@pytest.mark.parametrize(("before", "expected"), REWRITTEN)
def test_a_live_session_goes_to_the_shim(before: str, expected: str | None) -> None:
    del expected
    exports = [site for site in drafts(None, before, mode=Mode.GRAPH) if site.rule < "SM111"]
    assert [(site.outcome, site.rule in ("SM101", "SM102")) for site in exports] == [(Outcome.SHIM, True)]
    rewritten = after(None, before, mode=Mode.GRAPH)
    assert "from migrate.shim import " in rewritten
    assert len(set(rewritten.splitlines()) - set(before.splitlines()) - LEGACY_KERAS) <= 3


@pytest.mark.parametrize(("before", "expected"), REWRITTEN)
def test_self_contained_code_serves_what_the_session_holds(before: str, expected: str | None) -> None:
    (site,) = (site for site in drafts(None, before, **SELF_CONTAINED) if site.rule < "SM111")
    assert site.outcome is Outcome.SHIM
    assert site.reason.startswith("self-contained: ")
    assert "tf1to2" not in site.packages
    rewritten = after(None, before, **SELF_CONTAINED)
    assert "save_graph(" in rewritten
    assert "migrate.shim" not in rewritten
    if expected is not None:
        assert rewritten == expected


def test_a_module_that_was_planned_otherwise_is_planned_anew() -> None:
    opened = open_file("export.py", (HEAD + GRAPH + RUN + SIMPLE).encode())
    arounds = [
        Surroundings(Mode.EAGER, migrates=True, self_contained=True),
        Surroundings(Mode.GRAPH, self_contained=True),
        Surroundings(Mode.GRAPH),
    ]
    plans = [opened.plan(all_rules(), around).sites for around in arounds]
    found = [[(site.outcome, "tf1to2" in site.packages) for site in sites if site.rule == "SM101"] for sites in plans]
    assert found == [[(Outcome.MANUAL, False)], [(Outcome.SHIM, False)], [(Outcome.SHIM, True)]]


LEFT = {
    "a lookup table": GRAPH + "table = tf.lookup.StaticHashTable(init, 0)\n" + RUN + SIMPLE,
    "a table of contrib": GRAPH + "table = tf.contrib.lookup.index_table_from_tensor(t)\n" + RUN + SIMPLE,
    "a Python function": GRAPH.replace("tf.matmul(x, w)", "tf.py_func(f, [x], tf.float32)") + RUN + SIMPLE,
    "an iterator": GRAPH + "x = x + dataset.make_one_shot_iterator().get_next()\n" + RUN + SIMPLE,
    "a counter": GRAPH + "y = y + tf.assign_add(w, 1.0)\n" + RUN + SIMPLE,
    "an optional input": GRAPH.replace("tf.placeholder(", "tf.placeholder_with_default(") + RUN + SIMPLE,
    "a package that may build anything": "import tensorflow_hub as hub\n" + GRAPH + RUN + SIMPLE,
    "a module that is not of this run": "from . import network\n" + GRAPH + RUN + SIMPLE,
    "a function from nowhere": GRAPH + "y = network(x)\n" + RUN + SIMPLE,
    "an input key that is no argument": GRAPH + RUN + SIMPLE.replace('{"x"', '{"class"'),
    "an input key of a tensor's name": GRAPH + RUN + SIMPLE.replace('{"x"', "{x.name"),
    "an input key that is data": GRAPH + 'key = "x" * 2\n' + RUN + SIMPLE.replace('{"x"', "{key"),
    "a session from elsewhere": GRAPH + "def export(sess):\n    " + SIMPLE,
    "a MetaGraph with tables": 'tf.train.import_meta_graph("m.meta")\nx = y = 1\n'
    + RUN
    + "sess.run(tf.tables_initializer())\n    "
    + SIMPLE,
    "other tags": GRAPH + SAVER + builder(tags='["serve", "gpu"]'),
    "a classify signature": GRAPH + SAVER + builder(method='"tensorflow/serving/classify"'),
    "another saver": GRAPH + SAVER + builder(options=", saver=saver"),
    "assets": GRAPH + SAVER + builder(options=', assets_collection=tf.get_collection("asset_filepaths")'),
    "an init op that does more": GRAPH + SAVER + builder(options=", main_op=tf.group(tf.tables_initializer(), x.op)"),
    "a variable as an output": GRAPH + RUN + SIMPLE.replace('"y": y', '"y": y, "weights": w'),
    "one tensor as two inputs": GRAPH + RUN + SIMPLE.replace('"x": x', '"x": x, "again": x'),
    "a sparse output": GRAPH + "y, _ = tf.nn.ctc_greedy_decoder(y, n)\n" + RUN + SIMPLE,
    "a column with a vocabulary": GRAPH
    + 'y = tf.feature_column.categorical_column_with_vocabulary_list("x", ["a"])\n'
    + RUN
    + SIMPLE,
    "a function of TensorFlow": "@tf.function\ndef f(a):\n    return a\n" + GRAPH + RUN + SIMPLE,
    "keys of a MetaGraph that are tensors' names": 'tf.train.import_meta_graph("m.meta")\n'
    + RUN
    + SIMPLE.replace('{"x": x}', "{t.name: t}"),
    "keys of a MetaGraph by which its tensors are found": 'tf.train.import_meta_graph("m.meta")\ninputs = {}\n'
    + "for name in names:\n    inputs[name] = tf.get_default_graph().get_tensor_by_name(name)\n"
    + RUN
    + SIMPLE.replace('{"x": x}', "inputs"),
    "keys of a MetaGraph that a comprehension takes from tensors": 'tf.train.import_meta_graph("m.meta")\n'
    + RUN
    + SIMPLE.replace('{"x": x}', "{t.name: t for t in tensors}"),
    "the optional phase of Keras": KERAS
    + SIMPLE.replace('{"x": x}', '{"x": model.input, "phase": K.learning_phase()}'),
    "a table in a layer of Keras": KERAS
    + "layer = K.layers.Lambda(table.lookup)\n"
    + SIMPLE.replace('"x": x', '"x": m.input'),
    "an iterator as the input of Keras": KERAS
    + "m = make(data.get_next())\n"
    + SIMPLE.replace('"x": x', '"x": m.input'),
    "a training between constructor and state": GRAPH
    + SAVER
    + builder().replace("saver.restore", "for _ in range(9):\n        sess.run(step)\n    saver.restore"),
    "a file put into the folder": GRAPH
    + SAVER
    + builder().replace("saver.restore", "shutil.copy(labels, path)\n    saver.restore"),
    "a look into a tensor info": GRAPH
    + SAVER
    + builder().replace("    b.add", "    shape = info.tensor_shape\n    b.add"),
    "a tensor info that goes elsewhere": GRAPH
    + SAVER
    + builder().replace("    b.add", "    describe(info)\n    b.add"),
    "an output built under a device": GRAPH
    + SAVER
    + builder()
    .replace("    signature = ", "    with tf.device('/cpu:0'):\n        signature = ")
    .replace("build_tensor_info(y)", "build_tensor_info(tf.identity(y))"),
    "the value of save": GRAPH + SAVER + builder().replace("\nb.save()", "\nwritten = b.save()"),
}


@pytest.mark.parametrize("body", LEFT.values(), ids=LEFT.keys())
def test_what_only_the_shim_keeps_is_manual_without_it(body: str) -> None:
    found = {}
    for is_alone in (False, True):
        sites = drafts(None, HEAD + body, mode=Mode.GRAPH, self_contained=is_alone)
        found[is_alone] = [site.outcome for site in sites if site.rule in ("SM101", "SM102")]
    assert found == {False: [Outcome.SHIM], True: [Outcome.MANUAL]}
    assert "migrate" not in after(None, HEAD + body, **SELF_CONTAINED)


def test_the_class_is_defined_once_for_all_sites() -> None:
    rewritten = after(None, HEAD + GRAPH + RUN + SIMPLE + "    " + SIMPLE.replace("out", "again"), **SELF_CONTAINED)
    assert rewritten.count("class ServedGraph") == rewritten.count("def save_graph") == 1
    assert rewritten.count("    save_graph(sess, ") == 2
    assert "migrate" not in rewritten


def test_the_class_stands_before_what_is_removed_in_its_place() -> None:
    calls = SIGNATURE + BUILD + "b.add_meta_graph_and_variables(sess, ['serve'], {'k': signature})\nb.save()\n"
    saved = 'save_graph(sess, path, {"k": ({"x": x}, {"y": y})})\n'
    start = HEAD + GRAPH + SAVER + "sess = tf.Session()\n"
    assert after(None, start + calls, **SELF_CONTAINED) == start + "\n\n" + CODE + saved
    simple = start + SIMPLE + "\n\nprint(1)\n"
    assert after(None, simple, **SELF_CONTAINED) == start + "\n\n" + CODE + SAVED + "\n\nprint(1)\n"
    apart = calls.replace("b = ", "\nb = ").replace("b.add", "\n\nb.add")
    assert after(None, start + apart, **SELF_CONTAINED) == start + "\n\n" + CODE + saved


def test_no_blank_line_is_left_where_a_function_began() -> None:
    body = "def export(path):\n    # written by the shim\n    b = tf.saved_model.builder.SavedModelBuilder(path)\n\n\n"
    rest = (
        "    with tf.Graph().as_default(), tf.Session() as sess:\n        x = tf.placeholder(tf.float32, [None])\n"
        "        b.add_meta_graph_and_variables(\n            sess, ['serve'],"
        " {'k': tf.saved_model.predict_signature_def({'x': x}, {'y': x})})\n        b.save()\n"
    )
    rewritten = after(None, HEAD + body + rest, **SELF_CONTAINED)
    assert "def export(path):\n    # written by the shim\n    with tf.Graph()" in rewritten
    rewritten = after(None, HEAD + body.replace("    # written by the shim\n", "") + rest, **SELF_CONTAINED)
    assert "def export(path):\n    with tf.Graph()" in rewritten


def test_blank_lines_between_statements_that_go_are_taken_once() -> None:
    source = HEAD + (
        "def export(path):\n    b = tf.saved_model.builder.SavedModelBuilder(path)\n\n    sigs = {}\n\n"
        "    with tf.Session(graph=tf.Graph()) as sess:\n        tf.import_graph_def(g)\n"
        "        x = sess.graph.get_tensor_by_name('x:0')\n"
        "        sigs['k'] = tf.saved_model.predict_signature_def({'x': x}, {'y': x})\n\n"
        "        b.add_meta_graph_and_variables(sess, ['serve'], sigs)\n        b.save()\n"
    )
    assert "def export(path):\n    with tf.Session(" in after(None, source, **SELF_CONTAINED)
    eager = after(
        None, source.replace(".compat.v1 as", " as").replace("tf.disable_v2_behavior()\n", ""), mode=Mode.EAGER
    )
    assert "def export(path):\n    with tf.compat.v1.Session(" in eager


def test_a_class_cannot_stand_above_the_import_of_tensorflow() -> None:
    body = GRAPH + RUN + SIMPLE
    source = 'if __name__ == "__main__":\n    import tensorflow as tf\n' + textwrap.indent(body, "    ")
    assert "class ServedGraph" not in after(None, source, **SELF_CONTAINED)


def test_names_that_are_taken_are_left_to_their_owners() -> None:
    rewritten = after(None, HEAD + "save_graph = ServedGraph = None\n" + GRAPH + RUN + SIMPLE, **SELF_CONTAINED)
    assert "class ServedGraph(" not in rewritten
    assert "def save_graph(" not in rewritten


def test_in_a_file_for_tensorflow_2_the_v1_names_are_spelled_out() -> None:
    source = (
        "import tensorflow as tf\n\nwith tf.GradientTape() as tape:\n    pass\n"
        + GRAPH.replace("tf.", "tf.compat.v1.")
        + (RUN + SIMPLE).replace("tf.", "tf.compat.v1.")
    )
    rewritten = after(None, source, **SELF_CONTAINED)
    assert "class ServedGraph(tf.compat.v1.Module)" in rewritten
    assert "import tensorflow as tf" in rewritten

"""SM104: which exports of imported graphs are wrapped, and which must stay with the shim."""

from __future__ import annotations

import textwrap

import pytest

from codemods.graphs.graph_template import function_source
from codemods.rules.sm104_imported_graph import ImportedGraph
from codemods.site import Outcome
from codemods.source.mode import Mode
from tests.codemods.helpers import after, drafts

FROZEN = function_source("tf", "imported_function", "    ") + "\n\n"
HEAD = "import tensorflow as tf\n\n"
OPEN = 'with tf.Session(graph=tf.Graph()) as sess:\n    tf.import_graph_def(graph_def, name="")\n'
OPENED = OPEN.replace("tf.Session", "tf.compat.v1.Session")
TENSORS = '    x = sess.graph.get_tensor_by_name("x:0")\n    y = sess.graph.get_tensor_by_name("y:0")\n'
SAVE = 'tf.saved_model.simple_save(sess, path, {"x": x}, {"y": y})\n'
SAVED = """
serving_default = imported_function(sess.graph, inputs={"x": x}, outputs={"y": y})
tf.saved_model.save(tf.Module(), path, signatures={"serving_default": serving_default})
"""
META = """with tf.Session(graph=tf.Graph()) as sess:
    saver = tf.train.import_meta_graph(path + ".meta")
    saver.restore(sess, path)
"""
BUILDER = """    b = tf.saved_model.builder.SavedModelBuilder(path)
    b.add_meta_graph_and_variables(sess, ["serve"], {"predict": tf.saved_model.signature_def_utils.build_signature_def(
        {"x": tf.saved_model.utils.build_tensor_info(x)}, {"y": tf.saved_model.utils.build_tensor_info(y)},
        METHOD)}OPTIONS)
    b.save()
"""


def builder(method: str = "tf.saved_model.signature_constants.PREDICT_METHOD_NAME", options: str = "") -> str:
    """The three calls of a builder."""
    return BUILDER.replace("METHOD", method).replace("OPTIONS", options)


REWRITTEN = [
    pytest.param(
        HEAD + OPEN + TENSORS + "    " + SAVE, HEAD + "\n" + FROZEN + OPENED + TENSORS + SAVED, id="simple_save"
    ),
    pytest.param(
        HEAD + OPEN + TENSORS + builder(),
        HEAD + "\n" + FROZEN + OPENED + TENSORS + SAVED.replace("serving_default", "predict"),
        id="builder",
    ),
    pytest.param(
        HEAD + OPEN + TENSORS + "    # for the clients\n    " + SAVE[:-1] + "  # done\n    print('saved')\n",
        HEAD + "\n" + FROZEN + OPENED + TENSORS + "    # for the clients\n    # done\n    print('saved')\n" + SAVED,
        id="comments and prints stay",
    ),
    pytest.param(
        HEAD + OPEN + "    if path:\n        " + SAVE.replace("x}", "find(tf.get_default_graph())}"),
        HEAD
        + "\n"
        + FROZEN
        + OPENED
        + "    if path:\n        pass\n\nif path:\n"
        + '    serving_default = imported_function(sess.graph, inputs={"x": find(sess.graph)}, outputs={"y": y})\n'
        + '    tf.saved_model.save(tf.Module(), path, signatures={"serving_default": serving_default})\n',
        id="under a condition; the default graph is the session's",
    ),
    pytest.param(
        HEAD + "def convert(graph_def, path):\n\tsess = tf.Session(graph=tf.Graph())\n\twith sess as session:\n"
        '\t\ttf.import_graph_def(graph_def, name="")\n'
        "\t\ttf.saved_model.simple_save(session, path, inputs, outputs)\n",
        HEAD
        + "\n"
        + FROZEN.replace("    ", "\t")
        + "def convert(graph_def, path):\n\tsess = tf.compat.v1.Session(graph=tf.Graph())\n\twith sess as session:\n"
        '\t\ttf.import_graph_def(graph_def, name="")\n\n'
        "\tserving_default = imported_function(session.graph, inputs=inputs, outputs=outputs)\n"
        '\ttf.saved_model.save(tf.Module(), path, signatures={"serving_default": serving_default})\n',
        id="tabs; a session under another name",
    ),
]


@pytest.mark.parametrize(("before", "expected"), REWRITTEN)
def test_an_imported_graph_is_wrapped(before: str, expected: str) -> None:
    assert after(ImportedGraph, before) == expected


def test_the_documented_example_is_what_comes_out() -> None:
    (example,) = ImportedGraph.examples
    assert after(ImportedGraph, example.before) == example.after


def test_an_import_in_the_block_of_the_sessions_graph_counts() -> None:
    source = HEAD + (
        "graph = tf.Graph()\nwith graph.as_default():\n    tf.import_graph_def(graph_def)\n"
        "sess = tf.Session(graph=graph)\n"
    )
    (site,) = drafts(ImportedGraph, source + SAVE)
    assert site.outcome is Outcome.NATIVE
    assert "without variables" in site.reason


def test_two_exports_share_the_function() -> None:
    one = OPEN + TENSORS + "    " + SAVE
    rewritten = after(ImportedGraph, HEAD + one + one)
    assert rewritten.count("def imported_function") == 1
    assert rewritten.count("tf.saved_model.save(") == 2


def test_the_function_comes_before_an_export_that_no_block_holds() -> None:
    opened = (
        HEAD + "g = tf.Graph()\nwith g.as_default():\n    tf.import_graph_def(graph_def)\nsess = tf.Session(graph=g)\n"
    )
    simple = after(ImportedGraph, opened + SAVE)
    assert simple.index("def imported_function") < simple.index("imported_function(sess.graph")
    built = after(ImportedGraph, opened + textwrap.dedent(builder()))
    assert built.index("def imported_function") < built.index("imported_function(sess.graph")


def test_line_ends_of_the_file() -> None:
    rewritten = after(ImportedGraph, (HEAD + OPEN + TENSORS + "    " + SAVE).replace("\n", "\r\n"))
    assert rewritten.count("\n") == rewritten.count("\r\n") > 25


IN_BLOCK = HEAD + OPEN + TENSORS
KEPT = [
    pytest.param(IN_BLOCK + builder("'tensorflow/serving/classify'"), id="classify"),
    pytest.param(IN_BLOCK + builder("method"), id="unknown method"),
    pytest.param(IN_BLOCK + builder().replace('["serve"]', '["train", "serve"]'), id="tags"),
    pytest.param(IN_BLOCK + builder(options=", saver=saver"), id="saver"),
    pytest.param(IN_BLOCK + builder(options=", assets_collection=assets"), id="assets"),
    pytest.param(IN_BLOCK + builder(options=", main_op=init"), id="unknown init op"),
    pytest.param(
        HEAD + META + TENSORS + builder(options=", main_op=tf.tables_initializer()"), id="tables of a MetaGraph"
    ),
    pytest.param(
        HEAD + META + "    b = tf.saved_model.builder.SavedModelBuilder(path)\n"
        "    b.add_meta_graph_and_variables(sess, ['serve'])\n    b.save()\n",
        id="no signature",
    ),
    pytest.param(HEAD + META + TENSORS + "    " + SAVE, id="a MetaGraph has variables"),
    pytest.param(
        IN_BLOCK.replace("    x =", "    tf.get_variable('w', [2])\n    x =") + "    " + SAVE,
        id="variables upon the import",
    ),
    pytest.param(IN_BLOCK + "    " + SAVE + "    convert(path)\n", id="the export is used in the block"),
    pytest.param(
        HEAD
        + "def f(graph_def, path):\n"
        + "    ".join(["", *(OPEN + TENSORS + "    " + SAVE).splitlines(True)])
        + "        return path\n",
        id="a return behind it",
    ),
    pytest.param(IN_BLOCK + "    for path in paths:\n        " + SAVE, id="a loop inside the block"),
    pytest.param(IN_BLOCK + "    " + SAVE.replace('"x"', '"x:0"'), id="no argument name"),
    pytest.param(
        IN_BLOCK + "    " + SAVE.replace('{"x": x}', "{n: sess.graph.get_tensor_by_name(n) for n in names}"),
        id="names of tensors",
    ),
    pytest.param(IN_BLOCK + "    " + SAVE.replace('"y": y', '"y": tf.argmax(y)'), id="an op built for the export"),
    pytest.param(HEAD + "with tf.Session() as sess:\n    x = tf.placeholder(tf.float32)\n    " + SAVE, id="no import"),
    pytest.param(
        HEAD + "def export(sess):\n    tf.import_graph_def(graph_def)\n    " + SAVE, id="session from outside"
    ),
    pytest.param(
        HEAD + "tf.import_graph_def(graph_def)\nwith tf.Session() as sess:\n    " + SAVE, id="no graph entered"
    ),
    pytest.param(
        HEAD + "with other.as_default():\n    tf.import_graph_def(graph_def)\n"
        "with tf.Session(graph=graph) as sess:\n    " + SAVE,
        id="imported into another graph",
    ),
    pytest.param(HEAD + OPEN.replace("tf.import_graph_def", "own.import_graph_def") + "    " + SAVE, id="false friend"),
    pytest.param(
        IN_BLOCK + "    if ready:\n        " + SAVE + "    else:\n        print(0)\n", id="one of two branches"
    ),
]


@pytest.mark.parametrize("source", KEPT)
def test_what_cannot_be_shown_to_be_the_same_stays(source: str) -> None:
    assert after(ImportedGraph, source) == source


def test_in_graph_mode_the_session_goes_to_the_shim() -> None:
    source = HEAD + OPEN + TENSORS + "    " + SAVE
    assert after(ImportedGraph, source, mode=Mode.GRAPH) == source
    (site,) = (site for site in drafts(None, source, mode=Mode.GRAPH) if site.rule == "SM101")
    assert site.outcome is Outcome.SHIM


def test_self_contained_code_in_graph_mode_serves_the_sessions_graph() -> None:
    rewritten = after(ImportedGraph, HEAD + OPEN + TENSORS + "    " + SAVE, mode=Mode.GRAPH, self_contained=True)
    assert "save_graph(" in rewritten
    assert "imported_function" not in rewritten


def test_many_signatures_are_more_than_a_screen() -> None:
    """The function and eight signatures: 33 lines. The shim takes them in a line."""
    entries = ", ".join(f'"k{number}": signature' for number in range(8))
    made = '    signature = tf.saved_model.predict_signature_def({"x": x}, {"y": y})\n'
    built = (
        f'    b = tf.saved_model.Builder(path)\n    b.add_meta_graph_and_variables(sess, ["serve"], {{{entries}}})\n'
    )
    source = HEAD + OPEN + TENSORS + made + built + "    b.save()\n"
    (site,) = (site for site in drafts(None, source) if site.rule in ("SM102", "SM104"))
    assert (site.rule, site.outcome) == ("SM102", Outcome.SHIM)

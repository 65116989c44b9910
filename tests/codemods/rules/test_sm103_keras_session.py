"""SM103: which Keras exports become endpoints, and which must stay with the shim."""

from __future__ import annotations

import json

import pytest

from codemods.rules.sm103_keras_session import KerasSession
from codemods.site import Outcome
from codemods.source.mode import Mode
from tests.codemods.helpers import after, drafts

HEAD = """import tensorflow as tf
from tensorflow.keras import backend as K
from tensorflow.keras.models import load_model

"""


def endpoint(signature: str, name: str, arguments: str, body: str) -> str:
    """The endpoint's function with the blank lines around it."""
    return f"@tf.function(input_signature=[{signature}])\ndef {name}({arguments}):\n{body}\n"


def spec(key: str, index: int = 0, model: str = "model") -> str:
    """The spec of one input."""
    return f"tf.TensorSpec({model}.inputs[{index}].shape, {model}.inputs[{index}].dtype, name={key})"


ARCHIVE = """
archive = tf.keras.export.ExportArchive()
archive.track(model)
archive.add_endpoint("serving_default", serving_default)
archive.write_out(path)
"""
ONE = endpoint(spec('"image"'), "serving_default", "image", '    return {"scores": model(image, training=False)}')
SAVE = 'tf.saved_model.simple_save(sess, path, inputs={"image": model.input}, outputs={"scores": model.output})\n'
WITHOUT_K = HEAD.replace("from tensorflow.keras import backend as K\n", "")
BUILDER = """builder = tf.saved_model.builder.SavedModelBuilder(path)
signature = tf.saved_model.signature_def_utils.predict_signature_def(
    inputs={"image": model.input}, outputs={"scores": model.output})
with K.get_session() as sess:
    builder.add_meta_graph_and_variables(sess=sess, tags=TAGS, signature_def_map={
        tf.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY: signature}OPTIONS)
builder.save(SAVE)
"""


def builder(tags: str = "[tf.saved_model.tag_constants.SERVING]", options: str = "", save: str = "") -> str:
    """An export through the builder, with these arguments."""
    code = BUILDER.replace("TAGS", tags).replace("OPTIONS", options).replace("(SAVE)", f"({save})")
    return HEAD + "model = load_model(source)\n" + code


REWRITTEN = [
    pytest.param(
        HEAD + "model = load_model(source)\nsess = K.get_session()\n" + SAVE,
        WITHOUT_K + "model = load_model(source)\n\n\n" + ONE + "\n" + ARCHIVE,
        id="assigned session",
    ),
    pytest.param(
        HEAD
        + "K.set_learning_phase(0)  # test mode\nmodel = load_model(source)\nwith K.get_session() as sess:\n    "
        + SAVE,
        WITHOUT_K + "# test mode\nmodel = load_model(source)\n\n\n" + ONE + "\n" + ARCHIVE,
        id="with block and learning phase; the comment stays",
    ),
    pytest.param(
        HEAD + "model = load_model(source)\nwith K.get_session() as sess:\n    print('exporting')\n    " + SAVE,
        WITHOUT_K + "model = load_model(source)\nprint('exporting')\n\n\n" + ONE + "\n" + ARCHIVE,
        id="what else is in the block stays",
    ),
    pytest.param(
        builder(), WITHOUT_K + "model = load_model(source)\n\n\n" + ONE + "\n" + ARCHIVE, id="builder at three levels"
    ),
    pytest.param(
        builder('["serve"]', ", legacy_init_op=tf.group(tf.tables_initializer()), clear_devices=True", "as_text=False"),
        WITHOUT_K + "model = load_model(source)\n\n\n" + ONE + "\n" + ARCHIVE,
        id="options without meaning for a model",
    ),
    pytest.param(
        HEAD
        + "def export(net, path):\n  info = tf.saved_model.utils.build_tensor_info(net.input)\n"
        + "  tf.saved_model.simple_save(\n"
        + "    K.get_session(), path, {'x': info}, {'a': net.output[0], 'b': net.output[1]})\n",
        WITHOUT_K
        + "def export(net, path):\n"
        + f"  @tf.function(input_signature=[{spec(chr(39) + 'x' + chr(39), 0, 'net')}])\n  def serving_default(x):\n"
        + "    outputs = net(x, training=False)\n    return {'a': outputs[0], 'b': outputs[1]}\n\n"
        + "  archive = tf.keras.export.ExportArchive()\n  archive.track(net)\n"
        + "  archive.add_endpoint('serving_default', serving_default)\n  archive.write_out(path)\n",
        id="several outputs, in a function of two spaces",
    ),
    pytest.param(
        HEAD + "tf.saved_model.simple_save(K.get_session(), path,\n"
        '    {"b": model.inputs[1], "a": model.inputs[0]}, {"y": model.outputs[0]})\n',
        WITHOUT_K
        + "\n"
        + endpoint(
            f"\n    {spec(chr(34) + 'b' + chr(34), 1)},\n    {spec(chr(34) + 'a' + chr(34))},\n",
            "serving_default",
            "b, a",
            '    outputs = tf.nest.flatten(model([a, b], training=False))\n    return {"y": outputs[0]}',
        )
        + "\n"
        + ARCHIVE,
        id="several inputs go to the model in its order",
    ),
    pytest.param(
        HEAD + 'tf.saved_model.simple_save(K.get_session(), path, {"x": model.input},\n'
        '    {"y": model.output, "features": model.layers[-2].output})\n',
        WITHOUT_K
        + 'predictor = tf.keras.Model(model.inputs, {"y": model.output, "features": model.layers[-2].output})\n\n\n'
        + endpoint(spec('"x"'), "serving_default", "x", "    return predictor(x, training=False)")
        + "\n"
        + ARCHIVE,
        id="a layer inside the model",
    ),
]


@pytest.mark.parametrize(("before", "expected"), REWRITTEN)
def test_an_export_becomes_an_endpoint(before: str, expected: str) -> None:
    assert after(KerasSession, before) == expected


def test_the_documented_example_is_what_comes_out() -> None:
    (example,) = KerasSession.examples
    assert after(KerasSession, example.before) == example.after


def test_another_signature_key_adds_no_default_one() -> None:
    source = builder().replace("tf.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY", '"predict"')
    rewritten = after(KerasSession, source)
    assert "ExportArchive()" not in rewritten
    assert 'tf.saved_model.save(exported, path, signatures={"predict": predict})' in rewritten
    assert "exported.weights = model.weights" in rewritten


def test_keys_that_are_variables_stay_variables() -> None:
    source = HEAD + "tf.saved_model.simple_save(K.get_session(), path, {IN: model.input}, {keys.out: model.output})\n"
    rewritten = after(KerasSession, source)
    assert "name=IN)" in rewritten
    assert "return {keys.out: model(tensor, training=False)}" in rewritten


@pytest.mark.parametrize("key", ["'x:0'", "'a b'", "'class'", "'self'", "'_x'", "''"])
def test_input_keys_that_tensorflow_refuses_are_left_alone(key: str) -> None:
    source = (
        HEAD + f"tf.saved_model.simple_save(K.get_session(), path, {{{key}: model.input}}, {{'y': model.output}})\n"
    )
    assert after(KerasSession, source) == source
    assert after(KerasSession, source, mode=Mode.GRAPH) == source


def test_output_keys_from_tensor_names_are_checked_by_the_program() -> None:
    source = (
        HEAD
        + "model = load_model(source)\n"
        + SAVE.replace("sess", "K.get_session()").replace(
            '{"scores": model.output}', "{t.name: t for t in model.outputs}"
        )
    )
    rewritten = after(KerasSession, source)
    assert "if type(layer) not in (tf.keras.layers.Dense, tf.keras.layers.Activation)" in rewritten
    assert "return {tensor.name: output for tensor, output in zip(model.outputs, outputs)}" in rewritten


def test_legacy_keras_is_needed_and_said() -> None:
    (site,) = drafts(KerasSession, HEAD + "K.set_learning_phase(0)\nsess = K.get_session()\n" + SAVE)
    assert site.outcome is Outcome.NATIVE
    assert site.packages == {"tf-keras"}
    assert "training=False" in site.reason


def test_v1_names_in_what_moves_are_spelled_out() -> None:
    source = HEAD + "sess = K.get_session()\n" + SAVE.replace("path", "tf.flags.FLAGS.path")
    assert "archive.write_out(tf.compat.v1.flags.FLAGS.path)" in after(KerasSession, source)


def test_the_comment_of_a_header_that_goes_stays() -> None:
    source = HEAD + "with K.get_session() as sess:  # one session\n    count += 1\n    " + SAVE
    rewritten = after(KerasSession, source)
    assert "\ncount += 1\n" in rewritten
    assert "\n# one session\n@tf.function" in rewritten


def test_a_notebook_keeps_its_cells_apart() -> None:
    """What goes at the end of a cell takes no line break of the next one with it."""
    cells = [
        "import tensorflow as tf\nmodel = tf.keras.models.load_model(f)",
        "signature = tf.saved_model.signature_def_utils.predict_signature_def(\n"
        "    {'x': model.input}, {'y': model.output})\nsignature",
        "path = '1'\nb = tf.saved_model.builder.SavedModelBuilder(path)",
        "b.add_meta_graph_and_variables(tf.keras.backend.get_session(), ['serve'], {'p': signature})\nb.save()",
        "print(path)",
    ]
    assert codes(after(KerasSession, notebook(cells), path="export.ipynb")) == [
        cells[0],
        "",
        "path = '1'",
        "@tf.function(input_signature=[tf.TensorSpec(model.inputs[0].shape, model.inputs[0].dtype, name='x')])\n"
        "def p(x):\n    return {'y': model(x, training=False)}\n\n\n"
        "exported = tf.Module()  # not an ExportArchive: that would add a serving_default\n"
        "exported.weights = model.weights\n"
        "tf.saved_model.save(exported, path, signatures={'p': p})",
        cells[4],
    ]


def notebook(cells: list[str]) -> str:
    """A notebook of code cells."""
    content: list[dict[str, object]] = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": cell.splitlines(True)}
        for cell in cells
    ]
    return json.dumps({"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 2}, indent=1)


def codes(text: str) -> list[str]:
    """The code of a notebook's cells."""
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]


NAMED = "tf.saved_model.simple_save(K.get_session(), path, {'x': model.input}, {t.name: t for t in model.outputs})\n"
KEPT = [
    pytest.param(builder("[tf.saved_model.tag_constants.TRAINING, tf.saved_model.tag_constants.SERVING]"), id="tags"),
    pytest.param(builder("tags"), id="computed tags"),
    pytest.param(builder(save="as_text=True"), id="text format"),
    pytest.param(builder(options=", saver=saver"), id="subset of variables"),
    pytest.param(builder(options=", assets_collection=assets"), id="assets"),
    pytest.param(builder(options=", main_op=init"), id="unknown init op"),
    pytest.param(builder(options=", **options"), id="stars"),
    pytest.param(builder().replace("builder.save()", "folder = builder.save()"), id="value of save used"),
    pytest.param(builder().replace("builder.save()", "if ready:\n    builder.save()"), id="conditional save"),
    pytest.param(
        builder()
        .replace("predict_signature_def(", "classification_signature_def(")
        .replace('inputs={"image": model.input}, outputs={"scores": model.output}', "model.input, None, model.output"),
        id="classify",
    ),
    pytest.param(HEAD + "sess = tf.Session()\n" + SAVE, id="no Keras session"),
    pytest.param(
        HEAD.replace("backend as K", "layers") + "from own import K\nsess = K.get_session()\n" + SAVE, id="false friend"
    ),
    pytest.param(HEAD + "def export(sess):\n    " + SAVE, id="session from outside"),
    pytest.param(HEAD + "sess = K.get_session()\nsess.run(init)\n" + SAVE, id="variables initialised again"),
    pytest.param(HEAD + "with K.get_session() as sess:\n    saver.restore(sess, path)\n    " + SAVE, id="restored"),
    pytest.param(HEAD + "sess = K.get_session()\n" + SAVE + "sess.close()\n", id="session used later"),
    pytest.param(
        HEAD + "K.set_learning_phase(1)\nmodel = load_model(f)\nsess = K.get_session()\n" + SAVE, id="phase 1"
    ),
    pytest.param(HEAD + "K.set_learning_phase(phase)\nsess = K.get_session()\n" + SAVE, id="unknown phase"),
    pytest.param(HEAD + "K.set_learning_phase(0)\nmodel.fit(x, y)\nsess = K.get_session()\n" + SAVE, id="trained so"),
    pytest.param(HEAD + "sess = K.get_session()\n" + SAVE.replace("model.input", "image_bytes"), id="preprocessing"),
    pytest.param(
        HEAD + "sess = K.get_session()\n" + SAVE.replace("model.output", "tf.argmax(model.output)"), id="top-k"
    ),
    pytest.param(HEAD + "sess = K.get_session()\n" + SAVE.replace("model.output", "other.output"), id="two models"),
    pytest.param(HEAD + "sess = K.get_session()\n" + SAVE.replace("model.input", "model.input[0]"), id="a slice"),
    pytest.param(HEAD + "sess = K.get_session()\n" + SAVE.replace('"image"', '"image:0"'), id="no argument name"),
    pytest.param(HEAD + "sess = K.get_session()\n" + SAVE.replace('"image"', '"class"'), id="keyword"),
    pytest.param(
        HEAD
        + "signature = tf.saved_model.signature_def_utils.predict_signature_def(\n"
        + "    {'x': model.input}, {'y': model.output})\n"
        "check(signature)\n"
        "b = tf.saved_model.builder.SavedModelBuilder(path)\n"
        "b.add_meta_graph_and_variables(K.get_session(), ['serve'], {'serving_default': signature})\nb.save()\n",
        id="signature used elsewhere",
    ),
    pytest.param(HEAD + "model = load_model(a)\nother = load_model(b)\n" + NAMED, id="names in a shared graph"),
    pytest.param(HEAD + "def export(model):\n    " + NAMED, id="names of a model from outside"),
    pytest.param(HEAD.replace("tensorflow.keras", "keras") + "model = load_model(a)\n" + NAMED, id="standalone names"),
    pytest.param(
        HEAD.replace("import tensorflow as tf", "import tensorflow.compat.v1 as tf")
        + "sess = K.get_session()\n"
        + SAVE,
        id="tf is v1",
    ),
    pytest.param("archive = tf.keras.export.ExportArchive()\n# get_session\n", id="migrated"),
]


@pytest.mark.parametrize("source", KEPT)
def test_what_is_not_plain_stays(source: str) -> None:
    assert after(KerasSession, source) == source


@pytest.mark.parametrize("before", [param.values[0] for param in REWRITTEN])
def test_in_graph_mode_the_sessions_graph_is_served(before: str) -> None:
    rewritten = after(KerasSession, before, mode=Mode.GRAPH)
    assert rewritten == before or "\nsave_graph(" in rewritten.replace(" ", "")
    assert ".keras.export." not in rewritten

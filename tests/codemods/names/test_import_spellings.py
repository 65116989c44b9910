"""However a file imports TensorFlow, what is written into it spells every name of TensorFlow by what is there.

The programs are written with `tf.<name>`; each is put into every way of importing, mode and option.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codemods.engine.decoded_file import open_document
from codemods.engine.file_plans import Surroundings, plan_file
from codemods.names.target import NEWEST, Target
from codemods.rules.registry import all_rules
from codemods.source.mode import Mode
from codemods.source.undefined_names import facts_of

_NAME = re.compile(r"\btf\.(\w+)")

PROGRAMS = {
    "session": """
with tf.Session() as sess:
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.layers.dense(x, 2)
    sess.run(tf.global_variables_initializer())
    tf.saved_model.simple_save(sess, path, {"x": x}, {"y": y})
""",
    "builder": """
def export(sess, path, x, y):
    builder = tf.saved_model.builder.SavedModelBuilder(path)
    signature = tf.saved_model.signature_def_utils.build_signature_def(
        inputs={"x": tf.saved_model.utils.build_tensor_info(x)},
        outputs={"y": tf.saved_model.utils.build_tensor_info(y)},
        method_name=tf.saved_model.signature_constants.CLASSIFY_METHOD_NAME)
    builder.add_meta_graph_and_variables(sess, ["serve"], signature_def_map={"classes": signature})
    builder.save()
""",
    "restored": """
def export(checkpoint, path):
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None, 4], name="x")
        y = tf.nn.relu(tf.matmul(x, tf.get_variable("kernel", [4, 3])))
        saver = tf.train.Saver()
        saver.restore(sess, checkpoint)
        tf.saved_model.simple_save(sess, path, inputs={"x": x}, outputs={"y": y})
""",
    "imported graph": """
with tf.Session(graph=tf.Graph()) as sess:
    tf.import_graph_def(graph_def, name="")
    x = sess.graph.get_tensor_by_name("x:0")
    y = sess.graph.get_tensor_by_name("y:0")
    tf.saved_model.simple_save(sess, path, inputs={"x": x}, outputs={"y": y})
""",
    "Keras session": """
model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
model.compile("sgd", "mse")
sess = tf.keras.backend.get_session()
tf.saved_model.simple_save(sess, path, inputs={"x": model.input}, outputs={t.name: t for t in model.outputs})
""",
    "model_to_estimator": """
def fn():
    x = tf.placeholder(tf.float32, [None, 4])
    return tf.estimator.export.ServingInputReceiver({"x": x}, {"x": x})


model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(4,))])
made = tf.keras.estimator.model_to_estimator(keras_model=model)
made.export_saved_model("out", fn)
""",
    "Estimator": """
def model_fn(features, labels, mode):
    scores = tf.layers.dense(features["x"], 2)
    return tf.estimator.EstimatorSpec(mode, predictions={"scores": scores}, training_hooks=[
        tf.train.LoggingTensorHook({"s": scores}, 1)])


def receiver():
    x = tf.placeholder(tf.float32, [None, 3])
    return tf.estimator.export.ServingInputReceiver({"x": x}, {"x": x})


made = tf.estimator.Estimator(model_fn, "model", tf.estimator.RunConfig())
made.export_savedmodel("out", receiver)
""",
    "contrib": """
def export(sess, path, words):
    table = tf.contrib.lookup.index_table_from_tensor(read(words), num_oov_buckets=1)
    cell = tf.contrib.rnn.GRUCell(4, kernel_initializer=tf.contrib.layers.xavier_initializer())
    regularizer = tf.contrib.layers.l2_regularizer(1e-4)
    ids = table.lookup(tf.constant(words))
    tf.saved_model.simple_save(sess, path, {"ids": ids}, {"y": cell(ids.shape[0].value, None)})
""",
}


def _plain(line: str, tf: str) -> Callable[[str], str]:
    """Import the package, and spell a name by it."""
    return lambda program: line + "\n" + _NAME.sub(rf"{tf}.\1", program)


def _by_names(module: str, suffix: str = "") -> Callable[[str], str]:
    """Import each name by itself."""

    def write(program: str) -> str:
        names = dict.fromkeys(_NAME.findall(program))
        listed = ", ".join(f"{name} as {name}{suffix}" if suffix else name for name in names)
        return f"from {module} import {listed}\n" + _NAME.sub(rf"\1{suffix}", program)

    return write


def _in_functions(program: str) -> str:
    """Import where it is used."""
    body = "".join(f"    {line}\n" if line else "\n" for line in program.strip().split("\n"))
    return f"import os\n\n\ndef main(path, graph_def, read):\n    import tensorflow as tf\n{body}"


SPELLINGS: dict[str, Callable[[str], str]] = {
    "import as": _plain("import tensorflow as tf", "tf"),
    "import as another": _plain("import tensorflow as T", "T"),
    "import": _plain("import tensorflow", "tensorflow"),
    "compat.v1": _plain("import tensorflow.compat.v1 as tf", "tf"),
    "from compat": _plain("from tensorflow.compat import v1", "v1"),
    "names": _by_names("tensorflow"),
    "names under others": _by_names("tensorflow", "_"),
    "names of compat.v1": _by_names("tensorflow.compat.v1"),
    "star": lambda program: "from tensorflow import *\n" + _NAME.sub(r"\1", program),
    "in a function": _in_functions,
    "in a try": _plain(
        "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n    import tensorflow as tf", "tf"
    ),
    "behind another name": _plain("import tensorflow\n\ntf = tensorflow", "tf"),
    "hidden": _plain("import tensorflow as T\n\ntf = 1", "T"),
    "below": lambda program: f"path = graph_def = read = None\n{program}\nimport tensorflow as tf\n",
}


@settings(deadline=None, max_examples=150)
@given(
    program=st.sampled_from(sorted(PROGRAMS)),
    spelling=st.sampled_from(sorted(SPELLINGS)),
    mode=st.sampled_from(Mode),
    self_contained=st.booleans(),
    target=st.sampled_from([NEWEST, Target(2, 15)]),
)
def test_no_name_is_without_spelling(
    program: str, spelling: str, mode: Mode, self_contained: bool, target: Target
) -> None:
    source = SPELLINGS[spelling](PROGRAMS[program])
    before = facts_of(source)
    around = Surroundings(mode, include_tests=True, migrates=True, target=target, self_contained=self_contained)
    plan = plan_file("export.py", source.encode(), all_rules(), around)
    assert plan.failure is None, plan.failure
    written = open_document("export.py", source.encode()).apply(plan.sites).decode()
    assert "None." not in written
    assert ":=" not in written
    ast.parse(written)
    after = facts_of(written)
    assert before is not None
    assert after is not None
    assert after.undefined <= before.undefined
    # The engine would catch it; no rule is to count on that, but for what stands above the import.
    assert spelling == "below" or not any("would use" in site.reason for site in plan.sites)


@pytest.mark.parametrize("spelling", ["import as", "import", "names", "names under others", "in a function"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_is_rewritten_however_it_is_spelled(program: str, spelling: str) -> None:
    source = SPELLINGS[spelling](PROGRAMS[program])
    around = Surroundings(Mode.GRAPH, include_tests=True, migrates=True)
    plan = plan_file("export.py", source.encode(), all_rules(), around)
    assert any(site.changes for site in plan.sites)

"""What every rule promises, on programs put together at random and on the rules' own examples."""

from __future__ import annotations

import json
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codemods.edit.edits import apply_edits
from codemods.engine.decoded_file import Document, open_document
from codemods.engine.file_plans import Surroundings, plan_file
from codemods.engine.planning import with_needs
from codemods.engine.runnable import RunnableRule
from codemods.names.target import NEWEST
from codemods.rules.registry import all_rules
from codemods.rules.sm903_requirements import plan_requirements
from codemods.site import Site
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.program import Program
from tests.codemods.helpers import after

HEADS = (
    "import tensorflow as tf\n",
    "import tensorflow.compat.v1 as tf\n",
    "import tensorflow as tf\ntf = tf.compat.v1\n",
    "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n    import tensorflow as tf\n",
    '"""Doc."""\nfrom __future__ import print_function\nimport os, tensorflow as tf\n',
)
IMPORTS = (
    "from tensorflow.python.saved_model import builder as saved_model_builder, tag_constants, signature_constants\n",
    "from tensorflow.python.saved_model.simple_save import simple_save\n",
    "from keras import backend as K\n",
    "from tensorflow.contrib import slim\n",
    "from tensorflow.contrib.session_bundle import exporter\n",
    "import numpy as np\n",
)
BLOCKS = (
    "x = tf.placeholder(tf.float32, [None, 2], name='x')  # input\n",
    "y = tf.layers.dense(x, 2)\n",
    "with tf.Session() as sess:\n    sess.run(init)\n    tf.saved_model.simple_save(sess, d, {'x': x}, {'y': y})\n",
    "tf.saved_model.simple_save(sess,\n                           d, inputs={'x': x},\n"
    "                           outputs={'y': y})\n",
    "b = tf.saved_model.builder.SavedModelBuilder(d)\nb.add_meta_graph_and_variables(sess, ['serve'], m)\nb.save()\n",
    "def export(sess):\n\tb = saved_model_builder.SavedModelBuilder(d)\n\tb.add_meta_graph_and_variables(\n"
    "\t\tsess, [tag_constants.SERVING],\n\t\tsignature_def_map=m)\n\treturn b.save()\n",
    "with tf.Session(graph=tf.Graph()) as sess:\n    tf.import_graph_def(g, name='')\n"
    "    i = sess.graph.get_tensor_by_name('i:0')\n    o = sess.graph.get_tensor_by_name('o:0')\n"
    "    tf.saved_model.simple_save(sess, d, {'i': i}, {'o': o})\n",
    "simple_save(K.get_session(), d, {'x': model.input}, {'y': model.output})\n",
    "if tf.__version__ < '2':\n    tf.saved_model.simple_save(sess, d, i, o)\n",
    "est = tf.estimator.Estimator(model_fn)\nest.export_savedmodel(d, receiver)\n",
    "for i in range(3):\n  tf.saved_model.simple_save(sess, d % i, {'x': x}, {'y': y}) ; print(i)\n",
    "sess = tf.Session()\nsess.run(tf.global_variables_initializer())\n",
    "info = tf.saved_model.utils.build_tensor_info(x)\n\n"
    "sig = tf.saved_model.signature_def_utils.build_signature_def(\n"
    "    {'x': info}, {'y': tf.saved_model.utils.build_tensor_info(y)},  # ends\n"
    "    tf.saved_model.signature_constants.PREDICT_METHOD_NAME)\n",
    "d = './out'\n\nb = tf.saved_model.builder.SavedModelBuilder(d)\n"
    "b.add_meta_graph_and_variables(sess, ['serve'], {'serving_default': sig})\n\nb.save()  # written\n",
    "text = '''\ntf.saved_model.simple_save(sess)\n'''\n",
)


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A file of imports and blocks in some order, with one kind of newline, perhaps without the last."""
    head = draw(st.sampled_from(HEADS)) + "".join(draw(st.lists(st.sampled_from(IMPORTS), unique=True)))
    body = "".join(draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=6)))
    text = head + body
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@st.composite
def notebooks(draw: st.DrawFn) -> str:
    """The same files, cut into cells between their blocks."""
    cells = [draw(st.sampled_from(HEADS[:3])) + "".join(draw(st.lists(st.sampled_from(IMPORTS), unique=True)))]
    for block in draw(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=6)):
        if draw(st.booleans()):
            cells.append(block)
        else:
            cells[-1] += block
    texts = [cell if draw(st.booleans()) else cell.rstrip("\n") for cell in cells]
    sources: list[list[str] | str] = [text.splitlines(keepends=True) for text in texts]
    return json.dumps(
        {"cells": [{"cell_type": "code", "source": cell} for cell in sources], "nbformat": 4, "nbformat_minor": 2}
    )


def planned(source: str, around: Surroundings) -> tuple[tuple[Site, ...], Document]:
    """Return the sites of a source, and the source as a document."""
    plan = plan_file("a.py", source.encode(), all_rules(), around)
    assert plan.failure is None
    return plan.sites, open_document("a.py", source.encode())


MANY = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@MANY
@given(programs(), st.sampled_from(list(Mode)), st.data())
def test_any_subset_of_sites_gives_a_file_that_parses(source: str, mode: Mode, data: st.DataObject) -> None:
    sites, document = planned(source, Surroundings(mode, migrates=data.draw(st.booleans())))
    ids = [site.id for site in sites]
    assert len(ids) == len(set(ids))
    wanted = data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
    result = document.apply(with_needs(sites, wanted)).decode()
    Module(result)
    compile(result, "a.py", "exec")
    Module(document.apply([site for site in sites if site.id in wanted]).decode())


@MANY
@given(programs(), st.sampled_from(list(Mode)))
def test_a_second_run_changes_nothing(source: str, mode: Mode) -> None:
    sites, document = planned(source, Surroundings(mode))
    result = document.apply(sites)
    again, changed = planned(result.decode(), Surroundings(mode))
    assert changed.apply(again) == result


def code_lines(source: str, *, path: str) -> list[str]:
    """Return the lines of a notebook's cells, or of a file, that are not blank, in alphabetical order."""
    texts = ["".join(cell["source"]) for cell in json.loads(source)["cells"]] if path.endswith("ipynb") else [source]
    return sorted(line for text in texts for line in text.splitlines() if line.strip())


@MANY
@given(notebooks(), st.sampled_from(list(Mode)), st.data())
def test_a_notebook_becomes_what_its_code_would_as_a_file(source: str, mode: Mode, data: st.DataObject) -> None:
    around = Surroundings(mode, migrates=True)
    plan = plan_file("a.ipynb", source.encode(), all_rules(), around)
    assert plan.document is not None
    ids = [site.id for site in plan.sites]
    wanted = data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
    cells = [cell["source"] for cell in json.loads(plan.document.apply(with_needs(plan.sites, wanted)))["cells"]]
    assert len(cells) == len(json.loads(source)["cells"])
    for cell in cells:
        compile("".join(cell), "cell", "exec")
    result = plan.document.apply(plan.sites).decode()
    again = plan_file("a.ipynb", result.encode(), all_rules(), Surroundings(mode))
    assert again.document is None or again.document.apply(again.sites).decode() == result
    joined = "\n".join("".join(cell["source"]) for cell in json.loads(source)["cells"])
    sites, document = planned(joined, around)
    as_file = document.apply(sites).decode()
    assert code_lines(result, path="a.ipynb") == code_lines(as_file, path="a.py")


@MANY
@given(programs(), st.sampled_from(list(Mode)))
def test_lines_that_no_edit_touches_stay_and_newlines_too(source: str, mode: Mode) -> None:
    sites, document = planned(source, Surroundings(mode))
    result = document.apply(sites).decode()
    if "\r\n" in source:
        assert result.count("\n") == result.count("\r\n")
    else:
        assert "\r" not in result
    kept = "text = '''" in source
    assert not kept or "tf.saved_model.simple_save(sess)" in result
    comments = source.count("# input")
    assert result.count("# input") == comments


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_documentation(rule: RunnableRule, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `explain` and the README show is complete, and the examples are what the rule does."""
    # LibCST's runner has no options: there the installed release decides.
    for user in ("codemods.source.module", "codemods.engine.planning"):
        monkeypatch.setattr(f"{user}.Program", partial(Program, target=NEWEST))
    assert rule.id.startswith("SM")
    assert rule.name == rule.name.lower()
    assert rule.summary
    assert rule.why
    assert rule.link.startswith("https://")
    assert rule.documentation()
    assert rule.examples or rule.id in ("SM121", "SM905"), "one leaves the code as it is, one reads no Python 3"
    for example in rule.examples:
        if example.path == "requirements.txt":
            sites = plan_requirements(example.path, example.before, frozenset({"tf1to2"}))
            assert apply_edits(example.before, (edit for site in sites for edit in site.edits)) == example.after
        elif example.target is not None:
            assert after(type(rule), example.before, target=example.target) == example.after
        else:
            assert rule.transform_module(Module(example.before).tree).code == example.after


def test_rules_are_found_by_their_file_names() -> None:
    ids = [rule.id for rule in all_rules()]
    assert ids == sorted(set(ids))
    assert {"SM101", "SM102", "SM901"} <= set(ids)


def test_a_file_that_is_migrated_stays_byte_for_byte() -> None:
    source = "from migrate.shim import export_session\r\nexport_session(sess, d, i, o)  # simple_save\r\n"
    assert after(None, source) == source

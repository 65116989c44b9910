"""SM102: what becomes of `SavedModelBuilder`, and what must not."""

from __future__ import annotations

import pytest

from codemods.exports.builders import builder_uses
from codemods.rules.sm102_saved_model_builder import SavedModelBuilder
from codemods.site import Outcome
from codemods.source.mode import Mode
from codemods.source.module import Module
from tests.codemods.helpers import after, drafts

HEAD = "import tensorflow as tf\n"
SHIM = "from migrate.shim import SavedModelBuilder\n"
USE = "x = tf.zeros([1])\n"
REST = "b.add_meta_graph_and_variables(s, ['serve'], signature_def_map=m)\nb.save()\n"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            HEAD + USE + "b = tf.saved_model.builder.SavedModelBuilder(d)\n" + REST,
            HEAD + SHIM + USE + "b = SavedModelBuilder(d)\n" + REST,
            id="long spelling",
        ),
        pytest.param(
            HEAD + USE + "b = tf.compat.v1.saved_model.Builder(export_dir=d)\n" + REST,
            HEAD + SHIM + USE + "b = SavedModelBuilder(export_dir=d)\n" + REST,
            id="short spelling",
        ),
        pytest.param(
            "from tensorflow.python.saved_model import builder as sb, tag_constants\n"
            "b = sb.SavedModelBuilder(d)\nb.add_meta_graph_and_variables(s, [tag_constants.SERVING], m)\nb.save()\n",
            "from tensorflow.python.saved_model import tag_constants\n" + SHIM + "b = SavedModelBuilder(d)\n"
            "b.add_meta_graph_and_variables(s, [tag_constants.SERVING], m)\nb.save()\n",
            id="private module, freed",
        ),
        pytest.param(
            "from tensorflow.python.saved_model.builder import SavedModelBuilder\nb = SavedModelBuilder(d)\n" + REST,
            SHIM + "b = SavedModelBuilder(d)\n" + REST,
            id="bare class: the import is replaced",
        ),
        pytest.param(
            HEAD
            + USE
            + "class E:\n  def __init__(self, d):\n    self._b = tf.saved_model.builder.SavedModelBuilder(d)\n\n"
            "  def add(self, s):\n    self._b.add_meta_graph_and_variables(s, t, m)\n\n"
            "  def save(self):\n    return self._b.save(as_text=True)\n",
            HEAD + SHIM + USE + "class E:\n  def __init__(self, d):\n    self._b = SavedModelBuilder(d)\n\n"
            "  def add(self, s):\n    self._b.add_meta_graph_and_variables(s, t, m)\n\n"
            "  def save(self):\n    return self._b.save(as_text=True)\n",
            id="over methods",
        ),
        pytest.param(
            HEAD + USE + "b = tf.saved_model.builder.SavedModelBuilder(\n    # where\n    d\n)\n" + REST,
            HEAD + SHIM + USE + "b = SavedModelBuilder(\n    # where\n    d\n)\n" + REST,
            id="comment among the arguments",
        ),
        pytest.param(
            HEAD
            + USE
            + "b = tf.saved_model.builder.SavedModelBuilder(d)\nif a:\n    b.add_meta_graph_and_variables(s, t)\n"
            "else:\n    b.add_meta_graph_and_variables(s, t, m)\nb.save()\n",
            HEAD + SHIM + USE + "b = SavedModelBuilder(d)\nif a:\n    b.add_meta_graph_and_variables(s, t)\n"
            "else:\n    b.add_meta_graph_and_variables(s, t, m)\nb.save()\n",
            id="a signature in one branch only",
        ),
    ],
)
def test_becomes(before: str, expected: str) -> None:
    assert after(SavedModelBuilder, before, mode=Mode.GRAPH) == expected


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("class SavedModelBuilder:\n    pass\nb = SavedModelBuilder(d)\n", id="a class of its own"),
        pytest.param("from apache import builder\nb = builder.SavedModelBuilder(d)\n", id="another builder"),
        pytest.param(HEAD + "class Mine(tf.saved_model.builder.SavedModelBuilder):\n    pass\n", id="subclassed"),
        pytest.param(SHIM + "b = SavedModelBuilder(d)\n" + REST, id="already migrated"),
        pytest.param(HEAD + "def f(builder):\n    builder.SavedModelBuilder(d)\n", id="a parameter"),
    ],
)
def test_must_not_touch(source: str) -> None:
    assert after(SavedModelBuilder, source, mode=Mode.GRAPH) == source


@pytest.mark.parametrize(
    "add",
    [
        "b.add_meta_graph_and_variables(s, ['serve'])",
        "b.add_meta_graph_and_variables(s, ['serve'], None)",
        "b.add_meta_graph_and_variables(s, ['serve'], signature_def_map=None, strip_default_attrs=True)",
    ],
)
def test_no_signature_is_for_a_person(add: str) -> None:
    source = HEAD + f"b = tf.saved_model.builder.SavedModelBuilder(d)\n{add}\nb.save()\n"
    (site,) = drafts(SavedModelBuilder, source)
    assert site.outcome is Outcome.MANUAL
    assert "signature" in site.reason
    assert after(SavedModelBuilder, source) == source


@pytest.mark.parametrize(
    ("rest", "adds", "saves", "escapes"),
    [
        (REST, 1, 1, False),
        ("finish(b)\n", 0, 0, True),
        ("for _ in r:\n    b.add_meta_graph(t, m)\nprint(b.save())\n", 1, 1, False),
        ("b = other\nb.save()\n", 0, 0, False),
        ("def f():\n    b.save()\n", 0, 1, False),
    ],
)
def test_where_the_builder_goes(rest: str, adds: int, saves: int, escapes: bool) -> None:
    (use,) = builder_uses(Module(HEAD + "b = tf.saved_model.Builder(d)\n" + rest))
    assert (len(use.adds), len(use.saves), use.escapes) == (adds, saves, escapes)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(HEAD + "class B(tf.saved_model.builder.SavedModelBuilder):\n    pass\n", id="a subclass"),
        pytest.param(HEAD + "assert isinstance(b, tf.saved_model.Builder)\n", id="a check of the type"),
        pytest.param(HEAD + "make(tf.compat.v1.saved_model.Builder, d)\n", id="an argument"),
    ],
)
def test_the_class_as_a_value_is_reported_and_stays(source: str) -> None:
    (site,) = drafts(SavedModelBuilder, source)
    assert site.outcome is Outcome.MANUAL
    assert "handed on" in site.reason
    assert after(SavedModelBuilder, source) == source


@pytest.mark.parametrize(
    "source",
    [
        HEAD + "def f(b: tf.saved_model.Builder) -> None:\n    b.save()\n",
        HEAD + "def f(b: Optional[tf.saved_model.Builder] = None):\n    b.save()\n",
        "from tensorflow.python.saved_model.builder import SavedModelBuilder\n",
        HEAD + "Builder = tf.saved_model.Builder\n",
    ],
    ids=["an annotation", "within an annotation", "an import that nothing uses", "a name that nothing calls"],
)
def test_a_mention_of_the_class_is_no_site(source: str) -> None:
    assert drafts(SavedModelBuilder, source) == ()

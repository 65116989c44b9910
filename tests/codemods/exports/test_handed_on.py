"""Builders and `simple_save` that are kept as values: followed to their calls, or reported with the place."""

from __future__ import annotations

import pytest

from codemods.rules.sm101_simple_save import SimpleSave
from codemods.rules.sm102_saved_model_builder import SavedModelBuilder
from codemods.site import Outcome
from codemods.source.mode import Mode
from tests.codemods.helpers import after, drafts

HEAD = "import tensorflow as tf\n"
USE = "x = tf.zeros([1])\n"
SHIM = "from migrate.shim import SavedModelBuilder\n"
SIMPLE = "from migrate.shim import simple_save\n"
B = "tf.saved_model.builder.SavedModelBuilder"
RUN = "    b.add_meta_graph_and_variables(s, t, m)\n    b.save()\n"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            "class E:\n  kind = %s\n\n  def run(self, s):\n    b = self.kind(d)\n" + RUN, id="an attribute of a class"
        ),
        pytest.param(
            "class E:\n  kind: type = %s\n\n  def run(self, s):\n    b = self.kind(d)\n" + RUN, id="annotated"
        ),
        pytest.param(
            "class E:\n  def __init__(self):\n    self.kind = %s\n\n  def run(self, s):\n    b = self.kind(d)\n" + RUN,
            id="an attribute of an instance",
        ),
        pytest.param("def f(s, kind=%s):\n    b = kind(d)\n" + RUN, id="a default"),
        pytest.param("def f(s, *, kind=%s):\n    b = kind(d)\n" + RUN, id="a default by keyword"),
        pytest.param("def f(s, kind=None):\n    b = (kind or %s)(d)\n" + RUN, id="in place of None"),
        pytest.param(
            "def f(s, kind=None):\n    kind = kind or %s\n    b = kind(d)\n" + RUN, id="in place of None, named"
        ),
        pytest.param(
            "def f(s, kind=None):\n    if kind is None:\n        kind = %s\n    b = kind(d)\n" + RUN,
            id="under a condition",
        ),
        pytest.param("KINDS = {'tf': %s, 'none': None}\n\n\ndef f(s):\n    b = KINDS[k](d)\n" + RUN, id="a registry"),
        pytest.param("KINDS = {'tf': %s}\n\n\ndef f(s):\n    b = KINDS.get(k)(d)\n" + RUN, id="a registry's get"),
        pytest.param("KINDS = {}\nKINDS['tf'] = %s\n\n\ndef f(s):\n    b = KINDS['tf'](d)\n" + RUN, id="filled later"),
        pytest.param("KINDS = [Other, %s]\n\n\ndef f(s):\n    kind = KINDS[-1]\n    b = kind(d)\n" + RUN, id="a list"),
        pytest.param(
            "class E:\n  KINDS = {'tf': %s}\n\n  def run(self, s):\n    b = self.KINDS['tf'](d)\n" + RUN,
            id="a registry of a class",
        ),
        pytest.param(
            "import functools\nmake = functools.partial(%s, d)\n\n\ndef f(s):\n    b = make()\n" + RUN, id="partial"
        ),
        pytest.param("def kind():\n    return %s\n\n\ndef f(s):\n    b = kind()(d)\n" + RUN, id="returned"),
        pytest.param(
            "class E:\n  def kind(self):\n    return %s\n\n  def run(self, s):\n    b = self.kind()(d)\n" + RUN,
            id="returned by a method",
        ),
        pytest.param("def f(s, kind):\n    b = kind(d)\n" + RUN + "\n\nf(s, %s)\n", id="an argument"),
        pytest.param("def f(s, kind):\n    b = kind(d)\n" + RUN + "\n\nf(s, kind=%s)\n", id="an argument by keyword"),
        pytest.param(
            "class E:\n  def __init__(self, kind):\n    self.kind = kind\n\n  def run(self, s):\n    b = self.kind(d)\n"
            + RUN
            + "\n\nE(%s).run(s)\n",
            id="an argument of a constructor",
        ),
        pytest.param("kind = %s if new else Other\n\n\ndef f(s):\n    b = kind(d)\n" + RUN, id="one of two"),
    ],
)
def test_only_called(code: str) -> None:
    before = HEAD + USE + code % B
    assert after(SavedModelBuilder, before, mode=Mode.GRAPH) == HEAD + SHIM + USE + code % "SavedModelBuilder"
    (site,) = drafts(SavedModelBuilder, before, mode=Mode.GRAPH)
    assert site.outcome is Outcome.SHIM


@pytest.mark.parametrize(
    ("head", "spelled"),
    [
        ("from tensorflow.python.saved_model import builder as sb\n", "sb.SavedModelBuilder"),
        ("from tensorflow.compat.v1.saved_model import Builder as B\n", "B"),
        ("from tensorflow.saved_model.builder import SavedModelBuilder\n", "SavedModelBuilder"),
        ("from tensorflow import saved_model as sm\n", "sm.builder.SavedModelBuilder"),
        ("from tensorflow import saved_model as sm\n", "sm.Builder"),
        ("from tensorflow.compat.v1.saved_model import (\n    Builder,\n)\n", "Builder"),
    ],
)
def test_under_every_spelling(head: str, spelled: str) -> None:
    code = "class E:\n  kind = %s\n\n  def run(self, s):\n    b = self.kind(d)\n" + RUN
    assert after(SavedModelBuilder, head + code % spelled, mode=Mode.GRAPH) == SHIM + code % "SavedModelBuilder"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import functools\nsave = functools.partial(%s, s)\nsave(d, inputs=i, outputs=o)\n", id="partial"),
        pytest.param(
            "class E:\n  save = staticmethod(%s)\n\n  def run(self):\n    self.save(s, d, i, o)\n", id="static"
        ),
        pytest.param("def f(save=%s):\n  save(session=s, export_dir=d, inputs=i, outputs=o)\n", id="a default"),
        pytest.param("SAVERS = {'tf': %s}\nSAVERS['tf'](s, d, i, o)\n", id="a registry"),
    ],
)
def test_functions_too(code: str) -> None:
    before = HEAD + USE + code % "tf.saved_model.simple_save"
    assert after(SimpleSave, before, mode=Mode.GRAPH) == HEAD + SIMPLE + USE + code % "simple_save"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        pytest.param(f"class Mine({B}):\n  pass\n", "handed on or derived from", id="derived from"),
        pytest.param(f"@register({B})\ndef f():\n  pass\n", "handed on", id="passed to a decorator"),
        pytest.param(f"class E:\n  kind = {B}\n", "handed on", id="an attribute that nothing calls here"),
        pytest.param(
            f"class E:\n  kind = {B}\n\n  def run(self):\n    other(self.kind)\n", "line 6 does more", id="given away"
        ),
        pytest.param(
            f"def f(b, kind={B}):\n  return isinstance(b, kind)\n",
            "line 3 does more than call it (`kind`)",
            id="compared",
        ),
        pytest.param(
            f"class E:\n  kind = {B}\n\n  def run(self):\n    self.kind(d).save()\n    mock(getattr(self, 'kind'))\n",
            "line 7 does more",
            id="looked up by name",
        ),
        pytest.param(
            f"KINDS = {{'tf': {B}}}\nfor k, v in KINDS.items():\n  v(d)\n", "KINDS", id="a registry in a loop"
        ),
        pytest.param(f"KINDS = (({B}, 1),)\nKINDS[0](d)\n", "handed on", id="a registry of pairs"),
        pytest.param(f"make = lambda: {B}\nmake()(d)\n", "handed on", id="a lambda"),
        pytest.param(f"def f(kind={B}):\n  kind.save = None\n  kind(d)\n", "does more", id="its members"),
        pytest.param(f"assert isinstance(b, {B})\n", "handed on", id="a check of the type"),
        pytest.param("b = getattr(tf.saved_model, 'Builder')(d)\n", "by a string", id="by a string"),
        pytest.param(
            "class E:\n  sb = tf.saved_model.builder\n\n  def run(self):\n    self.sb.SavedModelBuilder(d)\n",
            "reached through a value",
            id="through its module",
        ),
        pytest.param(
            f"class E:\n  kind = {B}\n\n  def run(self):\n    b = self.kind(d)\n"
            "    b.add_meta_graph_and_variables(s, ['serve'])\n    b.save()\n",
            "no signature",
            id="without a signature",
        ),
    ],
)
def test_is_reported_with_the_place_and_stays(code: str, words: str) -> None:
    (site,) = drafts(SavedModelBuilder, HEAD + code, mode=Mode.GRAPH)
    assert site.outcome is Outcome.MANUAL
    assert words in site.reason
    assert after(SavedModelBuilder, HEAD + code, mode=Mode.GRAPH) == HEAD + code


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("class E:\n  kind = Other\n\n  def run(self):\n    self.kind(d)\n", id="another class"),
        pytest.param(f"Builder = {B}\n", id="a name that nothing calls"),
        pytest.param(f"def f(b: {B} = None):\n  b.save()\n", id="an annotation"),
        pytest.param("class E:\n  def simple_save(self):\n    pass\nE().simple_save()\n", id="a method of that name"),
        pytest.param(
            "class E:\n  c = tf.saved_model\nE.c.utils.build_tensor_info(x)\n", id="another member of the module"
        ),
        pytest.param("def f(tf):\n  return g(tf.saved_model.Builder)\n", id="another tf"),
    ],
)
def test_must_not_touch(code: str) -> None:
    assert drafts(SavedModelBuilder, HEAD + code, mode=Mode.GRAPH) == ()
    assert drafts(SimpleSave, HEAD + code, mode=Mode.GRAPH) == ()


def test_a_name_of_two_meanings_is_followed() -> None:
    before = HEAD + f"if tf1:\n  B = {B}\nelse:\n  B = Fake\nb = B(d)\nb.add_meta_graph(t, m)\nb.save()\n"
    (site,) = drafts(SavedModelBuilder, before, mode=Mode.GRAPH)
    assert site.outcome is Outcome.SHIM
    assert "  B = SavedModelBuilder\n" in after(SavedModelBuilder, before, mode=Mode.GRAPH)
    (site,) = drafts(SavedModelBuilder, before.replace("B(d)", "make(B)"), mode=Mode.GRAPH)
    assert site.outcome is Outcome.MANUAL


def test_what_a_caller_gives_is_kept() -> None:
    before = HEAD + f"def f(kind=None):\n  if kind is None:\n    kind = {B}\n  return kind(d)\n"
    assert "return kind(d)" in after(SavedModelBuilder, before, mode=Mode.GRAPH)


def test_a_default_is_evaluated_outside() -> None:
    before = (
        "from tensorflow.python.saved_model.builder import SavedModelBuilder\n\n\n"
        "def f(SavedModelBuilder=SavedModelBuilder):\n  b = SavedModelBuilder(d)\n"
    )
    (site,) = drafts(SavedModelBuilder, before + RUN.replace("    ", "  "), mode=Mode.GRAPH)
    assert (site.line, site.outcome) == (4, Outcome.SHIM)

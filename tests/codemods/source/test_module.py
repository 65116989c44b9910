"""Name resolution: every spelling of a TensorFlow symbol, and what only looks like one."""

from __future__ import annotations

import libcst as cst
import pytest

from codemods.errors import UnparsableSourceError
from codemods.source.module import Module

BUILDER = "tensorflow.saved_model.Builder"
SIMPLE = "tensorflow.saved_model.simple_save"


def last_call(source: str) -> str | None:
    module = Module(source)
    return module.resolve_call(module.calls[-1])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import tensorflow as tf\ntf.saved_model.simple_save()", SIMPLE),
        ("import tensorflow\ntensorflow.saved_model.simple_save()", SIMPLE),
        ("import tensorflow.compat.v1 as tf\ntf.saved_model.simple_save()", SIMPLE),
        ("import tensorflow as tf\ntf.compat.v1.saved_model.simple_save()", SIMPLE),
        ("import tensorflow as tf\ntf = tf.compat.v1\ntf.saved_model.simple_save()", SIMPLE),
        ("import tensorflow as tf\ntf1 = tf.compat.v1\ntf1.saved_model.simple_save()", SIMPLE),
        ("import tensorflow.compat.v2 as tf\ntf.compat.v1.saved_model.simple_save()", SIMPLE),
        ("import tensorflow.compat.v1 as tf\nv1 = tf.compat.v1\nv1.saved_model.simple_save()", SIMPLE),
        ("import tensorflow._api.v2.compat.v1 as tf\ntf.saved_model.simple_save()", SIMPLE),
        ("from tensorflow import saved_model as sm\nsm.simple_save()", SIMPLE),
        ("from tensorflow.python.saved_model.simple_save import simple_save as s\ns()", SIMPLE),
        ("from tensorflow.python.saved_model import simple_save as s\ns.simple_save()", SIMPLE),
        ("from tensorflow.python import saved_model\nsaved_model.simple_save()", SIMPLE),
        ("from tensorflow.python import saved_model\nsaved_model.builder.SavedModelBuilder()", BUILDER),
        ("from tensorflow.python.saved_model import builder as b\nb.SavedModelBuilder()", BUILDER),
        ("from tensorflow.python.saved_model import builder\nbuilder.SavedModelBuilder()", BUILDER),
        ("from tensorflow.python.saved_model.builder_impl import SavedModelBuilder\nSavedModelBuilder()", BUILDER),
        ("import tensorflow as tf\ntf.saved_model.Builder()", BUILDER),
        (
            "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n    import tensorflow as tf\n"
            "tf.saved_model.Builder()",
            BUILDER,
        ),
        ("try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = None\ntf.saved_model.Builder()", BUILDER),
        (
            "try:\n    tf = try_import_tf()\nexcept ImportError:\n    import tensorflow as tf\n"
            "tf.saved_model.Builder()",
            BUILDER,
        ),
        ("def f():\n    import tensorflow as tf\n    def g():\n        tf.saved_model.Builder()", BUILDER),
        ("import tensorflow as tf\nmake = tf.saved_model.Builder\nmake()", BUILDER),
        ("import importlib\ntf = importlib.import_module('tensorflow')\ntf.saved_model.Builder()", BUILDER),
        (
            "from tensorflow.python.saved_model import signature_def_utils_impl\n"
            "signature_def_utils_impl.predict_signature_def()",
            "tensorflow.saved_model.predict_signature_def",
        ),
        ("import tensorflow as tf\ntf.compat.v1.saved_model.load()", "tensorflow.saved_model.loader.load"),
        ("import tensorflow as tf\ntf.saved_model.load()", "tensorflow.saved_model.load"),
    ],
)
def test_resolves(source: str, expected: str) -> None:
    assert last_call(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "tf.saved_model.simple_save()",
        "from mine import tf\ntf.saved_model.simple_save()",
        "import tensorflow as tf\ntf = fake()\ntf.saved_model.simple_save()",
        "import tensorflow as tf\ndef f(tf):\n    tf.saved_model.simple_save()",
        "import tensorflow as tf\nfor tf in modules:\n    tf.saved_model.simple_save()",
        "import tensorflow as tf\n[tf.saved_model.simple_save() for tf in modules]",
        "import tensorflow as tf\nif x:\n    tf = other\ntf.saved_model.simple_save()",
        "from tensorflow.saved_model import simple_save\ndef simple_save(): pass\nsimple_save()",
        "class A:\n    import tensorflow as tf\n    def f(self):\n        tf.saved_model.simple_save()",
        "import tensorflow as tf\ndel tf\ntf.saved_model.simple_save()",
    ],
)
def test_is_not_tensorflow(source: str) -> None:
    name = last_call(source)
    assert name is None or not name.startswith("tensorflow.")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("print 'a'\n", "Python 2"),
        ("try:\n    f()\nexcept ValueError, e:\n    pass\n", "Python 2"),
        ("def f(:\n", "no valid Python 3"),
        ("  x = 1\n y = 2\n", "no valid Python 3"),
    ],
)
def test_says_why_it_cannot_parse(source: str, words: str) -> None:
    with pytest.raises(UnparsableSourceError, match=words):
        Module(source)


def test_positions_count_characters() -> None:
    text = "# déjà vu \U0001f600\r\ns = 'ü'; f((x))\r\n"
    module = Module(text)
    call = module.calls[0]
    assert module.code(call) == "f((x))"
    assert module.outer_span(call.args[0].value) == (text.index("(x)"), text.index("(x)") + 3)
    assert (module.line_of(module.start(call)), module.column_of(module.start(call))) == (2, 9)


@pytest.mark.parametrize("end", ["", "\n", "\n# the end\n"])
@pytest.mark.parametrize("wanted", [slice(None), slice(None, None, -1), slice(3, None, 4)])
def test_positions_are_the_same_in_whatever_order_they_are_asked_for(end: str, wanted: slice) -> None:
    text = (
        "# head\nimport os\n\n\nclass A:\n    def f(self):\n        return (1)\n\nwith open(x) as y: pass\nz = f((2))"
        + end
    )
    module, fresh = Module(text), Module(text)
    nodes = [node for node in module.nodes if isinstance(node, (cst.BaseExpression, cst.BaseStatement, cst.Module))]
    others = [node for node in fresh.nodes if isinstance(node, (cst.BaseExpression, cst.BaseStatement, cst.Module))]
    found = {number: fresh.code(others[number]) for number in range(len(nodes))[wanted]}
    assert found == {number: module.code(node) for number, node in enumerate(nodes) if number in found}
    assert module.code(module.tree) == text
    assert "z = f((2))" in module.code(nodes[0])


def test_a_node_of_another_tree_has_no_position() -> None:
    module = Module("x = 1\n")
    for _ in range(2):
        with pytest.raises(KeyError):
            module.start(Module("x = 1\n").tree.body[0])
    assert module.code(module.tree.body[0]) == "x = 1"

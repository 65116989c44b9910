"""SM901: a migrated file's TF1 symbols, its mode, and legacy Keras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from codemods.edit.edits import Edit
from codemods.engine.decoded_file import open_document
from codemods.engine.file_plans import Surroundings, plan_file
from codemods.names.target import OLDEST
from codemods.rule import Draft
from codemods.rules.registry import all_rules
from codemods.rules.sm101_simple_save import SimpleSave
from codemods.rules.sm901_compat_v1 import CompatV1
from codemods.site import Outcome
from codemods.source.generation import Generation
from codemods.source.mode import Mode
from codemods.source.module import Module

GRAPH = Surroundings(Mode.GRAPH, migrates=True, generation=Generation.V1)
EAGER = Surroundings(Mode.EAGER, migrates=True)
LIBRARY = Surroundings(Mode.GRAPH, migrates=True, is_entry=False, generation=Generation.V1)


def migrated(source: str, around: Surroundings = GRAPH) -> str:
    plan = plan_file("a.py", source.encode(), [CompatV1()], around)
    result = open_document("a.py", source.encode()).apply(plan.sites).decode()
    again = plan_file("a.py", result.encode(), [CompatV1()], around)
    assert open_document("a.py", result.encode()).apply(again.sites).decode() == result
    return result


def test_the_call_is_placed_beside_imports_that_stay() -> None:
    head = "import tensorflow as tf\nfrom tensorflow.contrib.session_bundle import exporter\n"
    call = 'tf.saved_model.simple_save(tf.Session(), "out", {"x": x}, {"y": x})\n'
    plan = plan_file("a.py", (head + call).encode(), all_rules(), GRAPH)
    assert {site.outcome for site in plan.sites} <= {Outcome.NATIVE, Outcome.SHIM}
    assert plan.document is not None
    result = plan.document.apply(plan.sites).decode()
    assert result.startswith(
        "import tensorflow.compat.v1 as tf\nfrom migrate.shim import export_session\n\ntf.disable_"
    )
    assert "exporter" not in result


def test_the_call_comes_after_the_import_of_its_name() -> None:
    source = (
        "import tensorflow as tf\ntf = tf.compat.v1\nfrom tensorflow.python.saved_model import tag_constants\n"
        "x = tf.placeholder(tf.float32)\n"
    )
    assert migrated(source) == (
        "import tensorflow as tf\nimport tensorflow.compat.v1 as tf1\n\ntf1.disable_v2_behavior()\n\n"
        "tf = tf.compat.v1\nfrom tensorflow.compat.v1.saved_model import tag_constants\n"
        "x = tf.placeholder(tf.float32)\n"
    )


class _TakesTheImport(SimpleSave):
    """Edits what SM901 must edit too."""

    def plan(self, module: Module) -> Iterator[Draft]:
        for draft in super().plan(module):
            yield replace(draft, edits=(*draft.edits, Edit(0, module.line_end(0), "import tensorflow as tf\n")))


def test_without_its_imports_and_its_mode_nothing_is_rewritten() -> None:
    source = b'import tensorflow as tf\ntf.saved_model.simple_save(tf.Session(), "out", {"x": x}, {"y": x})\n'
    plan = plan_file("a.py", source, [_TakesTheImport(), CompatV1()], GRAPH)
    assert [site.outcome for site in plan.sites] == [Outcome.MANUAL] * 2
    assert plan.document is not None
    assert plan.document.apply(plan.sites) == source


OPT_IN = 'os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # Keras 2, asked for before TensorFlow is imported\n'


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            "import tensorflow as tf\nimport numpy as np\nx = tf.placeholder(tf.int32)\n",
            "import tensorflow.compat.v1 as tf\nimport numpy as np\n\ntf.disable_v2_behavior()\n\n"
            "x = tf.placeholder(tf.int32)\n",
            id="the import, and v2 behaviour off after the imports",
        ),
        pytest.param(
            "import tensorflow\ntensorflow.Session()\n",
            "import tensorflow.compat.v1 as tensorflow\n\ntensorflow.disable_v2_behavior()\n\ntensorflow.Session()\n",
            id="without an alias",
        ),
        pytest.param(
            "from tensorflow.python.saved_model import signature_constants, signature_def_utils_impl as u\n",
            "from tensorflow.compat.v1.saved_model import signature_constants, signature_def_utils as u\n",
            id="private modules get their public home",
        ),
        pytest.param(
            "import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\nfrom keras.engine import Layer, InputSpec\n"
            "from keras.engine.topology import Network\nfrom keras.layers.core import Dense\n",
            "import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\n"
            "from tensorflow.compat.v1.keras.layers import Layer, InputSpec\n"
            "from keras.engine.topology import Network\nfrom tensorflow.compat.v1.keras.layers import Dense\n",
            id="modules that Keras moved; none is guessed",
        ),
        pytest.param(
            "import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\nfrom keras.utils import np_utils\n"
            "from keras.layers import core as c\nfrom keras.utils import (plot_model,\n    np_utils as u)  # two\n"
            "from keras.backend.tensorflow_backend import set_session\n",
            "import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\n"
            "from tensorflow.compat.v1.keras import utils as np_utils\n"
            "from tensorflow.compat.v1.keras import layers as c\n"
            "from tensorflow.compat.v1.keras.utils import (plot_model)\n"
            "from tensorflow.compat.v1.keras import utils as u  # two\n"
            "from tensorflow.compat.v1.keras.backend import set_session\n",
            id="modules that Keras moved, imported as names",
        ),
        pytest.param(
            "from tensorflow.python.saved_model import (signature_constants,\n"
            "                                           tag_constants)\n"
            "from tensorflow.python.saved_model import (\n    utils, main_op)\n",
            "from tensorflow.compat.v1.saved_model import (signature_constants,\n"
            "                                              tag_constants)\n"
            "from tensorflow.compat.v1.saved_model import (\n    utils, main_op)\n",
            id="names in line stay in line",
        ),
        pytest.param(
            "from tensorflow.saved_model import tag_constants\n",
            "from tensorflow.compat.v1.saved_model import tag_constants\n",
            id="public modules of v1",
        ),
        pytest.param(
            "import tensorflow as tf\ntf.compat.v1.Session()\n",
            "import tensorflow as tf\n\ntf.compat.v1.disable_v2_behavior()\n\ntf.compat.v1.Session()\n",
            id="compat.v1 spelled out, which ran on 1.15",
        ),
        pytest.param(
            "import sys\n\nfrom keras import backend as K\nK.get_session()\n",
            "import sys\n\nimport os\n\n" + OPT_IN + "\nfrom tensorflow.compat.v1.keras import backend as K\n"
            "import tensorflow.compat.v1 as tf\n\ntf.disable_v2_behavior()\n\nK.get_session()\n",
            id="standalone keras",
        ),
        pytest.param(
            "import os\nimport tensorflow as tf\nfrom tensorflow.python.keras.layers import Dense\ntf.keras.Model()\n",
            "import os\n\n"
            + OPT_IN
            + "\nimport tensorflow.compat.v1 as tf\nfrom tensorflow.compat.v1.keras.layers import Dense\n\n"
            "tf.disable_v2_behavior()\n\ntf.keras.Model()\n",
            id="private keras",
        ),
        pytest.param(
            "import os\n\ndef f():\n    return 1\n\nimport tensorflow as tf\nx = tf.placeholder(tf.int32)\n",
            "import os\n\ndef f():\n    return 1\n\nimport tensorflow.compat.v1 as tf\n\n"
            "tf.disable_v2_behavior()\n\nx = tf.placeholder(tf.int32)\n",
            id="TensorFlow imported below other code",
        ),
        pytest.param(
            "import os\n" + OPT_IN + "from keras import backend as K\nK.set_learning_phase(0)\n"
            "import tensorflow as tf\ntf.Session()\n",
            "import os\n" + OPT_IN + "from tensorflow.compat.v1.keras import backend as K\n"
            "import tensorflow.compat.v1 as tf\n\ntf.disable_v2_behavior()\n\nK.set_learning_phase(0)\n"
            "import tensorflow.compat.v1 as tf\ntf.Session()\n",
            id="Keras used before TensorFlow is imported",
        ),
        pytest.param(
            "#!/usr/bin/python3\n# A tool\n\n# Trains.\ndef f():\n    import tensorflow as tf\n    tf.Session()\n",
            "#!/usr/bin/python3\n# A tool\n\nimport tensorflow.compat.v1 as tf1\n\ntf1.disable_v2_behavior()\n\n\n"
            "# Trains.\ndef f():\n    import tensorflow.compat.v1 as tf\n    tf.Session()\n",
            id="imported in functions only: below the head of the file",
        ),
        pytest.param(
            '"""A tool."""\n\ndef f():\n    import tensorflow as tf\n    tf.layers.dense(x, 2)\n'
            '\nif __name__ == "__main__":\n    import keras\n    f()\n',
            '"""A tool."""\n\nimport os\n\n' + OPT_IN + "\nimport tensorflow.compat.v1 as tf1\n\n"
            "tf1.disable_v2_behavior()\n\ndef f():\n    import tensorflow.compat.v1 as tf\n"
            '    tf.layers.dense(x, 2)\n\nif __name__ == "__main__":\n'
            "    import tensorflow.compat.v1.keras as keras\n    f()\n",
            id="imported in functions only: legacy Keras is asked for before",
        ),
        pytest.param(
            "try:\n    import tensorflow as tf\nexcept ImportError:\n    raise\ntf.Session()\n",
            "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n    raise\n\n"
            "tf.disable_v2_behavior()\n\ntf.Session()\n",
            id="imported in a try",
        ),
        pytest.param(
            "import tensorflow as tf\ns = tf.placeholder(tf.string)\nf = tf.parse_example(s, spec)\n",
            "import tensorflow.compat.v1 as tf\n\ntf.disable_v2_behavior()\n\ns = tf.placeholder(tf.string)\n"
            "f = tf.parse_example(tf.ensure_shape(s, [None]), spec)\n",
            id="parse_example of a placeholder without a shape",
        ),
    ],
)
def test_graph_mode(before: str, expected: str) -> None:
    assert migrated(before) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("import tensorflow as tf\ng = tf.GraphDef()\n", "import tensorflow as tf\ng = tf.compat.v1.GraphDef()\n"),
        ("from tensorflow import gfile\ngfile.GFile(p)\n", "from tensorflow.compat.v1 import gfile\ngfile.GFile(p)\n"),
        (
            "import tensorflow as tf\ny = tf.layers.dense(x, 2)\n",
            "import os\n\n" + OPT_IN + "\nimport tensorflow as tf\ny = tf.compat.v1.layers.dense(x, 2)\n",
        ),
        (
            "import tensorflow as tf\nn = x.shape[1].value\n",
            "import tensorflow as tf\nn = tf.compat.dimension_value(x.shape[1])\n",
        ),
    ],
)
def test_eager_mode(before: str, expected: str) -> None:
    assert migrated(before, EAGER) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            "import tensorflow as tf\nx = tf.keras.layers.LSTM(4)\ny = tf.keras.layers.Dense(2)\ntf.gfile.Open(d)\n",
            "import tensorflow as tf\nx = tf.compat.v1.keras.layers.LSTM(4)\ny = tf.keras.layers.Dense(2)\n"
            "tf.compat.v1.gfile.Open(d)\n",
            id="attributes of TensorFlow",
        ),
        pytest.param(
            "from tensorflow.keras.layers import LSTM, Dense\nfrom tensorflow.keras.models import Model\n"
            "from tensorflow import gfile\nLSTM(4), Dense(2), Model(), gfile.Open(d)\n",
            "from tensorflow.compat.v1.keras.layers import LSTM, Dense\nfrom tensorflow.keras.models import Model\n"
            "from tensorflow.compat.v1 import gfile\nLSTM(4), Dense(2), Model(), gfile.Open(d)\n",
            id="the import that brings one; another stays",
        ),
        pytest.param(
            "import tensorflow.keras.layers as L\nfrom tensorflow import gfile\nL.GRU(3), gfile.Open(d)\n",
            "import tensorflow.compat.v1.keras.layers as L\nfrom tensorflow.compat.v1 import gfile\n"
            "L.GRU(3), gfile.Open(d)\n",
            id="a module by another name",
        ),
        pytest.param(
            "from tensorflow import keras, gfile, float32\nkeras.layers.GRU(3, dtype=float32), gfile.Open(d)\n",
            "from tensorflow.compat.v1 import keras, gfile\nfrom tensorflow import float32\n"
            "keras.layers.GRU(3, dtype=float32), gfile.Open(d)\n",
            id="keras among names of TensorFlow",
        ),
        pytest.param(
            "from tensorflow.keras.layers import *\nfrom tensorflow import gfile\nLSTM(3), gfile.Open(d)\n",
            "from tensorflow.compat.v1.keras.layers import *\nfrom tensorflow.compat.v1 import gfile\n"
            "LSTM(3), gfile.Open(d)\n",
            id="all names",
        ),
        pytest.param(
            "from keras.layers import Dense\nfrom keras.layers.recurrent import LSTM\nfrom tensorflow import gfile\n"
            "LSTM(3), Dense(2), gfile.Open(d)\n",
            "from tensorflow.keras.layers import Dense\nfrom tensorflow.compat.v1.keras.layers import LSTM\n"
            "from tensorflow.compat.v1 import gfile\nLSTM(3), Dense(2), gfile.Open(d)\n",
            id="standalone Keras",
        ),
        pytest.param(
            "from tensorflow import gfile\n\ndef f():\n    from tensorflow.python.keras.layers import LSTM\n"
            "    return LSTM(4), gfile.Open(d)\n",
            "from tensorflow.compat.v1 import gfile\n\ndef f():\n"
            "    from tensorflow.compat.v1.keras.layers import LSTM\n    return LSTM(4), gfile.Open(d)\n",
            id="private Keras, in a function",
        ),
    ],
)
def test_what_means_another_thing_in_eager_mode(before: str, expected: str) -> None:
    assert migrated(before, EAGER).partition(OPT_IN + "\n")[2] == expected


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("from tensorflow.keras.layers import LSTM\nLSTM(4)\n", id="nothing tells which TensorFlow"),
        pytest.param(
            "from tensorflow.keras.layers import LSTM\nimport tensorflow as tf\nLSTM(4)\n"
            "tf.random.normal([2]), tf.saved_model.save(m, d)\n",
            id="TensorFlow 2",
        ),
        pytest.param(
            "from tensorflow.keras.layers import LSTM\nimport tensorflow as tf\nLSTM(4)\n"
            "tf.summary.create_file_writer(d), tf.compat.v1.gfile.Open(d)\n",
            id="TensorFlow 2 with a name of compat.v1",
        ),
        pytest.param(
            "from tensorflow.keras.layers import *\nimport tensorflow as tf\nDense(3), tf.compat.v1.gfile.Open(d)\n",
            id="all names; one that means the same",
        ),
        pytest.param(
            "from tensorflow.compat.v1.keras.layers import LSTM\nfrom tensorflow.compat.v1 import gfile\n"
            "LSTM(4), gfile.Open(d)\n",
            id="done",
        ),
    ],
)
def test_what_means_the_same_or_is_not_known_stays_in_eager_mode(source: str) -> None:
    assert migrated(source, EAGER).endswith(source)  # below what asks for legacy Keras


@pytest.mark.parametrize(
    ("source", "around"),
    [
        pytest.param("import tensorflow as tf\ntf.Session()\n", Surroundings(Mode.GRAPH), id="not migrated"),
        pytest.param("import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()\ntf.Session()\n", GRAPH, id="done"),
        pytest.param("import tensorflow as tf\n@tf.function\ndef f(x):\n    return x\n", GRAPH, id="TensorFlow 2"),
        pytest.param("import tensorflow.compat.v1 as tf\ntf.Session()\n", LIBRARY, id="a library does not switch"),
        pytest.param(
            "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n    import tensorflow as tf\n",
            LIBRARY,
            id="a pair of imports that tries compat.v1",
        ),
        pytest.param("import numpy as np\nnp.zeros(1)\n", GRAPH, id="no TensorFlow"),
        pytest.param("import tensorflow as tf\ny = tf.nn.relu(x)\n", EAGER, id="names that both have"),
        pytest.param("import tensorflow as tf\nn = x.value\nm = y[0].value\n", EAGER, id="values of something else"),
        pytest.param("from tensorflow.contrib import slim\n", LIBRARY, id="contrib is for SM902"),
        pytest.param("from mine import keras\nkeras.Model()\n", GRAPH, id="another keras"),
    ],
)
def test_must_not_touch(source: str, around: Surroundings) -> None:
    assert migrated(source, around) == source


def test_nothing_inside_code_that_a_site_rewrites() -> None:
    source = "import tensorflow as tf\ntf.saved_model.simple_save(tf.get_default_session(), d, i, o)\n"
    plan = plan_file("a.py", source.encode(), [SimpleSave(), CompatV1()], GRAPH)
    site = next(site for site in plan.sites if site.rule == "SM101")
    follower = next(site for site in plan.sites if site.rule == "SM901")
    assert follower.id in site.needs


def test_a_value_of_the_user_stays() -> None:
    source = (
        'import os\nos.environ["TF_USE_LEGACY_KERAS"] = "0"\nimport tensorflow.compat.v1 as tf\ntf.layers.dense(x, 2)\n'
    )
    assert "setdefault" not in migrated(source, LIBRARY)


def test_a_check_that_ends_the_program_on_tensorflow_2_is_for_a_person() -> None:
    source = 'import tensorflow as tf\n\nassert tf.__version__[0] == "1"\nx = tf.placeholder(tf.float32)\n'
    sites = plan_file("a.py", source.encode(), [CompatV1()], GRAPH).sites
    assert [(site.line, site.outcome) for site in sites] == [(1, Outcome.NATIVE), (3, Outcome.MANUAL)]
    assert sites[1].reason.startswith("this check ends the program on TensorFlow 2.")
    assert 'assert tf.__version__[0] == "1"\n' in migrated(source)


@pytest.mark.parametrize(
    ("source", "around", "reason"),
    [
        ("import tensorflow as tf\ntf.Session()\n", LIBRARY, "TF1 names come from tensorflow.compat.v1"),
        ("from tensorflow import Session, Graph\nSession()\n", EAGER, "TF1 names come from tensorflow.compat.v1"),
        ("import tensorflow as tf\ntf.nn.relu(x)\n", LIBRARY, "its TensorFlow is compat.v1, as in the whole program"),
        (
            "import tensorflow as tf\nfrom tensorflow.python.keras.models import Model\n",
            replace(EAGER, target=OLDEST),
            "private modules have public homes",
        ),
        (
            "import tensorflow as tf\nfrom keras.models import Model\n"
            "from tensorflow.python.saved_model import tag_constants\nf(Model)\n",
            EAGER,
            "private modules have public homes",
        ),
        (
            "import tensorflow as tf\nfrom tensorflow.python.saved_model import tag_constants\nf(tag_constants)\n",
            EAGER,
            "TF1 names come from tensorflow.compat.v1",
        ),
        (
            "import tensorflow as tf\nn = x.shape[0].value\n",
            EAGER,
            "sizes of shapes are read by dimension_value, which numbers and Dimensions both suit",
        ),
    ],
)
def test_it_says_what_it_does_and_no_more(source: str, around: Surroundings, reason: str) -> None:
    (site,) = plan_file("a.py", source.encode(), [CompatV1()], around).sites
    assert site.reason.split("; ")[0] == reason

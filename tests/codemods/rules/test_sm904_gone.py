"""SM904: names that the target lacks move to their home or are reported; all else stays as it is."""

from __future__ import annotations

import json

import pytest

from codemods.engine.decoded_file import open_document
from codemods.engine.file_plans import Surroundings, plan_file
from codemods.names.target import NEWEST, OLDEST, Target
from codemods.rules.registry import all_rules
from codemods.rules.sm901_compat_v1 import CompatV1
from codemods.rules.sm904_gone import Gone
from codemods.site import Outcome, Site
from codemods.source.generation import Generation
from codemods.source.mode import Mode

HEAD = "import tensorflow as tf\n"
# Makes the file one that is rewritten.
EXPORT = "\nwith tf.Session() as sess:\n    tf.saved_model.simple_save(sess, 'out', {'x': x}, {'y': y})\n"


def sites_of(source: str, mode: Mode = Mode.GRAPH, target: Target = NEWEST, path: str = "model.py") -> list[Site]:
    """Return the sites of SM904 beside those of SM901 in a file of a migrated program."""
    around = Surroundings(mode, migrates=True, target=target)
    plan = plan_file(path, source.encode(), [CompatV1(), Gone()], around)
    assert plan.failure is None, plan.failure
    return [site for site in plan.sites if site.rule == "SM904"]


def after(source: str, mode: Mode = Mode.GRAPH) -> str:
    """Return the source after SM904 alone; a second run changes nothing."""
    sites = sites_of(source, mode)
    result = open_document("model.py", source.encode()).apply(sites).decode()
    again = [site for site in sites_of(result, mode) if site.changes]
    assert not again, again
    return result


def reported(source: str, mode: Mode = Mode.GRAPH, target: Target = NEWEST) -> list[str]:
    """Return the reasons of the sites that need a person."""
    return [site.reason for site in sites_of(source, mode, target) if site.outcome is Outcome.MANUAL]


V1 = "import tensorflow.compat.v1 as tf\n"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            V1 + "from tensorflow.python import pywrap_tensorflow\nr = pywrap_tensorflow.NewCheckpointReader(c)\n",
            V1 + "r = tf.train.NewCheckpointReader(c)\n",
            id="its only use, the import dropped",
        ),
        pytest.param(
            V1 + "from tensorflow.python import pywrap_tensorflow as p\n"
            "r = p.NewCheckpointReader(c)\np.TF_NewBuffer()\n",
            V1 + "from tensorflow.python import pywrap_tensorflow as p\n"
            "r = tf.train.NewCheckpointReader(c)\np.TF_NewBuffer()\n",
            id="another use keeps the import",
        ),
        pytest.param(
            V1 + "from tensorflow.python.pywrap_tensorflow import NewCheckpointReader\nr = NewCheckpointReader(c)\n",
            V1 + "from tensorflow.compat.v1.train import NewCheckpointReader\nr = NewCheckpointReader(c)\n",
            id="imported by name: the import moves",
        ),
        pytest.param(
            V1 + "from tensorflow.python.framework import graph_io, graph_util\n"
            "g = graph_util.convert_variables_to_constants(sess,\n"
            "                                              g, ['y'])\n"
            "g = graph_util.remove_training_nodes(g)\n",
            V1 + "from tensorflow.python.framework import graph_io, graph_util\n"
            "g = tf.graph_util.convert_variables_to_constants(sess,\n"
            "                                                 g, ['y'])\n"
            "g = graph_util.remove_training_nodes(g)\n",
            id="a name of a module that is still there",
        ),
        pytest.param(
            HEAD + "g = tf.python.framework.graph_util.convert_variables_to_constants(s, g, ['y'])\n",
            HEAD + "g = tf.compat.v1.graph_util.convert_variables_to_constants(s, g, ['y'])\n",
            id="through a package that tf no longer binds",
        ),
        pytest.param(
            "from tensorflow.python.framework.ops import (Tensor,  # of a graph\n"
            "                                             name_scope)\nassert isinstance(x, Tensor), name_scope\n",
            "from tensorflow.compat.v1 import Tensor\nfrom tensorflow.python.framework.ops import (name_scope)\n"
            "assert isinstance(x, Tensor), name_scope\n",
            id="one name of several",
        ),
        pytest.param(
            "def f():\n    from tensorflow.python.ops.variables import VariableV1 as V, Variable\n    return V\n",
            "def f():\n    from tensorflow.compat.v1 import Variable as V\n"
            "    from tensorflow.python.ops.variables import Variable\n    return V\n",
            id="in a function, under another name",
        ),
        pytest.param(
            V1 + "from tensorflow.examples.tutorials.mnist import input_data\nx = 1\n",
            V1 + "x = 1\n",
            id="an import that nothing uses",
        ),
        pytest.param(
            V1 + "from tensorflow.keras import backend as K\nr = K.control_flow_ops.while_loop(c, b, [0, m])\n",
            V1 + "r = tf.while_loop(c, b, [0, m])\n",
            id="a module that Keras bound in its backend",
        ),
        pytest.param(
            V1 + "import tensorflow.keras.backend as K\nr = K.tf.image.resize_bilinear(K.abs(x), K.tf.shape(x)[1:3])\n",
            V1 + "import tensorflow.keras.backend as K\nr = tf.image.resize_bilinear(K.abs(x), tf.shape(x)[1:3])\n",
            id="TensorFlow itself, bound there",
        ),
    ],
)
def test_moves_home(before: str, expected: str) -> None:
    assert after(before) == expected


@pytest.mark.parametrize("mode", Mode)
def test_the_name_of_tensorflow_is_what_the_import_becomes(mode: Mode) -> None:
    source = HEAD + "from tensorflow.python import pywrap_tensorflow as p\nr = p.NewCheckpointReader(c)\ntf.Session()\n"
    around = Surroundings(mode, migrates=True, target=NEWEST)
    plan = plan_file("model.py", source.encode(), all_rules(), around)
    result = plan.apply_all().decode()
    assert ("r = tf.train.NewCheckpointReader(c)" in result) is (mode is Mode.GRAPH)
    assert ("r = tf.compat.v1.train.NewCheckpointReader(c)" in result) is (mode is Mode.EAGER)


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("from tensorflow.examples.tutorials.mnist import input_data\nm = input_data.read_data_sets(d)\n", ["mnist"]),
        ("from tensorflow.tools.graph_transforms import TransformGraph\nTransformGraph(g)\n", ["graph_transforms"]),
        (
            HEAD + "class E(tf.estimator.Exporter):\n    pass\ntf.placeholder\n",
            ["no tf.estimator.Exporter:", "migrate.shim.estimator"],
        ),
        (
            HEAD + "s = tf.estimator.TrainSpec(f)\ntf.estimator.train_and_evaluate(e, s, tf.estimator.EvalSpec(f))\n",
            ["tf.estimator.TrainSpec, tf.estimator.train_and_evaluate, tf.estimator.EvalSpec:", "TensorFlow 2.15"],
        ),
        ("import tensorflow_hub as hub\nm = hub.Module(url)\n", ["no tensorflow_hub.Module:", "hub.KerasLayer"]),
        ("from tensorflow_hub import Module, load\nm = Module(url)\n", ["no tensorflow_hub.Module:"]),
        (HEAD + "m = tf.keras.utils.multi_gpu_model(m, 2)\n", ["multi_gpu_model", "MirroredStrategy"]),
        ("from tensorflow.keras.utils import multi_gpu_model\nmulti_gpu_model(m)\n", ["MirroredStrategy"]),
        ("from keras.utils import multi_gpu_model\nmulti_gpu_model(m)\n", ["MirroredStrategy"]),
        (HEAD + "tf.nn.rnn_cell.linear(x)\n", ["no tf.nn.rnn_cell.linear:", "no other name"]),
        (
            HEAD + "tf.python.client.device_lib\n",
            ["`from tensorflow.python.client import device_lib`"],
        ),
        ("import tensorflow.python.framework.ops\ntensorflow.python.framework.ops.Graph()\n", ["no tensorflow.python"]),
        (
            "from tensorflow.python.framework import common_shapes as c\nc.conv2d_shape\n",
            ["common_shapes.conv2d_shape"],
        ),
        ("from tensorflow.python.training.monitored_session import _HookedSession\nb = _HookedSession\n", []),
        ("from tensorflow.python import ops\ng = ops.Graph()\n", ["no tensorflow.python.ops.Graph:"]),
        ("from tensorflow.models.rnn import rnn_cell\nrnn_cell.x\n", ["no tensorflow.models.rnn", "tensorflow/models"]),
        ("import tensorflow_estimator\ntensorflow_estimator.x\n", ["no tensorflow_estimator"]),
        (
            "from tensorflow.keras import backend as K\nK.control_flow_ops.group(a)\n",
            ["`from tensorflow.python.ops.control_flow_ops import group`"],
        ),
        ("from tensorflow.keras import backend as K\nK.tf.contrib.crf.x(a)\n", ["tf.contrib"]),
        ("from tensorflow.keras import backend as K\nK.tf.batch_matmul(a, b)\n", ["it is tf.batch_matmul"]),
        ("from tensorflow.keras import backend as K\nK.nothing_ops.group(a)\n", ["no other name"]),
        ("from tensorflow.python.estimator.export import export as e\ne.x()\n", ["tensorflow.python.estimator"]),
    ],
)
def test_is_reported(source: str, parts: list[str]) -> None:
    found = reported(source)
    assert bool(parts) <= bool(found)
    assert len(found) <= 1, found
    assert [part for part in parts if part not in found[0]] == [], found


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("from tensorflow.python.framework import ops\nops.Graph()\n", id="private and still there"),
        pytest.param("from tensorflow.python import ops\nops.array_ops.zeros\nops.array_ops.gone\n", id="a package"),
        pytest.param("from tensorflow.python.lib.io import file_io\nfile_io.FileIO(p, 'r')\n", id="private IO"),
        pytest.param("from tensorflow.core.framework import graph_pb2\ngraph_pb2.GraphDef()\n", id="a proto"),
        pytest.param("from tensorflow.python.client import device_lib as d\nd.list_local_devices()\n", id="devices"),
        pytest.param(HEAD + "tf.Session()\ntf.logging.info(tf.python_io)\n", id="names of v1"),
        pytest.param(HEAD + "tf.app.flags.FLAGS.depth\ntf.flags.DEFINE_string\n", id="flags"),
        pytest.param(HEAD + "tf.app.flags.FLAGS.estimator.x\ntf.train.Saver.gone\n", id="members of objects"),
        pytest.param(HEAD + "tf.__version__\ntf.VERSION\ntf.test.mock.patch\n", id="what is no API"),
        pytest.param(HEAD + "tf.Session()\ntf.compat.as_bytes(s)\ntf.compat.v1.Session()\n", id="of tf.compat"),
        pytest.param(HEAD + "class tf2:\n    pass\ntf2.estimator.Exporter\n", id="a name of the program's"),
        pytest.param("def f(tf):\n    return tf.estimator.Exporter\n", id="a parameter"),
        pytest.param(HEAD + "tf = Fake()\ntf.estimator.Exporter\n", id="a name assigned anew"),
        pytest.param("import tensorflow_hub as hub\nhub.KerasLayer(u)\n", id="what tensorflow_hub has"),
        pytest.param("from .keras import backend as K\nK.tf.shape(x)\n", id="a backend of the program's"),
        pytest.param("from tensorflow.keras import backend as K\nK.ctc_decode(x)\n", id="what the backend has"),
        pytest.param("import tensorflow_transform as tft\ntft.Module\n", id="another package"),
        pytest.param(HEAD + "x = tf.contrib.layers.flatten(x)\n", id="contrib is another rule's"),
        pytest.param("import tensorflow.contrib.slim as slim\nslim.conv2d\n", id="an import of contrib"),
        pytest.param("from tensorflow.contrib import slim\nslim.conv2d\n", id="a name of contrib"),
        pytest.param(
            HEAD + "if hasattr(tf, 'estimator'):\n    tf.estimator.train_and_evaluate\n", id="asked for with hasattr"
        ),
        pytest.param(
            "try:\n    from tensorflow.python.x import f\nexcept ImportError:\n    f = None\nf and f()\n",
            id="its absence is caught",
        ),
        pytest.param(
            "try:\n    from tensorflow.python.ops import array_ops\nexcept ImportError:\n"
            "    from tensorflow.ops import array_ops\narray_ops.zeros\n",
            id="where another import fails, which does not",
        ),
        pytest.param(
            HEAD + "try:\n    b = tf.estimator.Exporter\nexcept AttributeError:\n    b = object\n", id="AttributeError"
        ),
        pytest.param(
            HEAD + "if tf.__version__.startswith('1'):\n    tf.estimator.train_and_evaluate()\n", id="for TensorFlow 1"
        ),
        pytest.param(HEAD + "getattr(tf, 'estimator', None)\n's: tf.estimator.Exporter'\n", id="text"),
        pytest.param(HEAD + "tf.keras.backend.get_session()\n", id="legacy Keras has it"),
        pytest.param(HEAD + "import tensorflow.keras as keras\nkeras.layers.CuDNNLSTM(3)\n", id="v1's Keras"),
        pytest.param("from keras.layers.normalization import BatchNormalization\nBatchNormalization()\n", id="moved"),
        pytest.param("from tensorflow.python.saved_model import builder as s\ns.SavedModelBuilder\n", id="SM901's"),
        pytest.param("from tensorflow.python.platform import gfile\ngfile.FastGFile(p)\n", id="SM901's gfile"),
        pytest.param("from .tensorflow import estimator\nestimator.Exporter\n", id="a module of the program's"),
    ],
)
def test_stays(source: str) -> None:
    assert sites_of(source) == []


def test_the_second_attempt_counts_where_the_first_fails() -> None:
    source = "try:\n    import tensorflow.nothing as a\nexcept ImportError:\n    import tensorflow.examples as a\na.x\n"
    assert len(reported(source)) == 1


def test_a_file_that_nothing_rewrites_is_none_of_its_business() -> None:
    source = HEAD + "tf.estimator.train_and_evaluate()\nfrom tensorflow.examples import x\n"
    plan = plan_file("train.py", source.encode(), all_rules(), Surroundings(target=NEWEST))
    assert plan.sites == ()


def test_a_target_with_estimators_has_their_names() -> None:
    source = HEAD + "tf.Session()\ntf.estimator.train_and_evaluate(e, a, b)\n"
    assert reported(source, target=OLDEST) == []
    assert len(reported(source)) == 1


def test_keras_3_lacks_sessions() -> None:
    source = HEAD + "def f():\n    return tf.keras.layers.experimental.preprocessing.Resizing(3, 3)\n"
    around = Surroundings(Mode.EAGER, migrates=True, generation=Generation.V2, target=NEWEST)
    plan = plan_file("model.py", source.encode(), [Gone()], around)
    (site,) = plan.sites
    assert "tf.keras.layers" in site.reason
    assert site.outcome is Outcome.MANUAL
    legacy = "import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\n" + source
    assert plan_file("model.py", legacy.encode(), [Gone()], around).sites == ()


def test_an_import_that_other_files_take_stays_and_is_reported() -> None:
    source = "from tensorflow.examples.tutorials.mnist import input_data\n"
    around = Surroundings(Mode.GRAPH, migrates=True, taken_names=frozenset({"input_data"}), target=NEWEST)
    (site,) = plan_file("data.py", source.encode(), [Gone()], around).sites
    assert site.outcome is Outcome.MANUAL


def test_what_another_rule_says_is_not_said_again() -> None:
    source = HEAD + EXPORT + "tf.estimator.export.ServingInputReceiver(f, f)\n"
    plan = plan_file("m.py", source.encode(), all_rules(), Surroundings(Mode.GRAPH, migrates=True, target=NEWEST))
    places = [site.anchor for site in plan.sites if site.outcome is Outcome.MANUAL]
    assert len(places) == len(set(places))


def _notebook(*cells: str) -> bytes:
    made = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    return json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 0, "metadata": {}}).encode()


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("%tensorflow_version 1.x", ["%tensorflow_version 1.x"]),
        ("!pip install tensorflow==1.15", ["`tensorflow==1.15`", "tensorflow>=2.21,<2.22"]),
        ("!pip install -q tensorflow-gpu==1.14 numpy matplotlib", ["`tensorflow-gpu==1.14`"]),
        ("!pip3 install keras==2.2.5 tensorflow==1.15.0", ["`keras==2.2.5`", "tf-keras", "`tensorflow==1.15.0`"]),
        ("%pip install 'tensorflow<2'", ["`tensorflow<2`"]),
        ("!{sys.executable} -m pip install tensorflow~=1.14", ["`tensorflow~=1.14`"]),
        ("!conda install -y tensorflow=1.15", ["`tensorflow=1.15`"]),
        ("!pip install https://x/tensorflow-1.15.0-cp36-cp36m-linux_x86_64.whl", ["tensorflow-1.15.0"]),
        ("!pip install tensorflow-gpu", ["ended with TensorFlow 2.11"]),
        ("!pip install tensorflow", []),
        ("!pip install -U 'tensorflow>=2.16'", []),
        ("!pip install keras tensorflow_hub==0.7.0", []),
        ("!pip uninstall -y tensorflow-gpu==1.15", []),
        ("!echo pip install tensorflow==1.15", []),
        ("%tensorflow_version 2.x", []),
        ("!pip install -r requirements.txt", []),
        ("print('!pip install tensorflow==1.15')", []),
    ],
)
def test_lines_of_notebooks_that_bring_tensorflow_1(line: str, parts: list[str]) -> None:
    data = _notebook("a = 1\n" + line, HEAD + "x = tf.placeholder(tf.float32)\ny = x" + EXPORT)
    plan = plan_file("n.ipynb", data, all_rules(), Surroundings(target=NEWEST))
    found = [site for site in plan.sites if site.rule == "SM904"]
    assert bool(found) is bool(parts)
    for site in found:
        assert (site.cell, site.line, site.outcome) == (0, 2, Outcome.MANUAL)
        assert [part for part in parts if part not in site.reason] == []
    changed = plan.apply_all()
    assert json.loads(changed)["cells"][0]["source"] == "a = 1\n" + line


def test_a_shell_cell_is_read_too() -> None:
    data = _notebook("%%bash\npip install tensorflow==1.15", HEAD + "x = tf.placeholder(tf.float32)\ny = x" + EXPORT)
    plan = plan_file("n.ipynb", data, all_rules(), Surroundings(target=NEWEST))
    assert ["tensorflow==1.15" in site.reason for site in plan.sites if site.rule == "SM904"] == [True]

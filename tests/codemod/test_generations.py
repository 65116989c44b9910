"""Programs of TensorFlow 2 keep its names, those of TensorFlow 1 get theirs, and what tells neither is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.names.target import NEWEST
from codemods.site import Outcome
from codemods.source.mode import Mode
from migrate.codemod.discover import discover
from migrate.codemod.options import RunOptions
from migrate.codemod.result import RunResult
from migrate.codemod.run import run_codemods

TF = "import tensorflow as tf\n"
OFF = "tf.compat.v1.disable_eager_execution()\n"
EXPORT = "tf.compat.v1.saved_model.simple_save(sess, 'out', {'x': x}, {'y': y})\n"
SHIM = "export_session(sess, 'out', {'x': x}, {'y': y})\n"
IMPORTS = TF + "from migrate.shim import export_session\n"
KERAS2 = (
    'import os\n\nos.environ.setdefault("TF_USE_LEGACY_KERAS", "1")'
    "  # Keras 2, asked for before TensorFlow is imported\n\n"
)


def migrated(folder: Path, **files: str) -> tuple[dict[str, str], RunResult]:
    for name, text in files.items():
        folder.joinpath(f"{name}.py").write_text(text)
    result = run_codemods(discover([folder]), RunOptions(target=NEWEST))
    changed = {Path(item.path).stem: item.new.decode() for item in result.changed}
    return {name: changed.get(name, text) for name, text in files.items()}, result


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(OFF + "y = tf.image.resize(x, [5, 5])\n", id="another sampling grid"),
        pytest.param(OFF + "y = tf.argmax(x, 1, tf.int32)\n", id="another order of arguments"),
        pytest.param(OFF + "y = tf.nn.dropout(x, 0.2)\n", id="the rate, not what is kept"),
        pytest.param(OFF + "y = tf.reduce_sum(x, 1, True) + tf.Variable(1.0)\n", id="names that hardly differ"),
        pytest.param("tf.compat.v1.disable_v2_behavior()\ny = tf.where(x > 0, x, 0.0)\n", id="where that broadcasts"),
        pytest.param("y = tf.math.confusion_matrix(x, x)\ntf.random.set_seed(1)\n", id="eager, but for its export"),
        pytest.param("@tf.function\ndef f(x):\n    return tf.gather(x, [0], None, 1)\n\n", id="functions"),
    ],
)
def test_a_program_of_tensorflow_2_keeps_its_names(code: str, tmp_path: Path) -> None:
    text, result = migrated(tmp_path, a=TF + "\n" + code + EXPORT)
    assert text["a"] == IMPORTS + "\n" + code + SHIM
    assert {site.outcome for item in result.files for site in item.sites} == {Outcome.SHIM}


@pytest.mark.parametrize(
    "code",
    [
        OFF + "y = tf.keras.layers.GRU(4)(x)\n",
        OFF + "y = tf.keras.layers.BatchNormalization()(x)\nsess = tf.compat.v1.keras.backend.get_session()\n",
        OFF + "y = tf.losses.MeanSquaredError()(x, x)\n",
        "y = tf.initializers.Constant(0.5)((2, 1))\nz = tf.compat.v1.layers.dense(x, 2)\n",
    ],
)
def test_keras_in_graphs_is_keras_2(code: str, tmp_path: Path) -> None:
    text, _ = migrated(tmp_path, a=TF + "\n" + code + EXPORT)
    assert text["a"] == KERAS2 + IMPORTS + "\n" + code + SHIM


def test_keras_of_an_eager_program_may_be_keras_3(tmp_path: Path) -> None:
    code = "y = tf.keras.layers.LSTM(4)(x)\nz = tf.keras.ops.relu(y)\n"
    text, _ = migrated(tmp_path, a=TF + "\n" + code + EXPORT)
    assert text["a"] == IMPORTS + "\n" + code + SHIM


def test_legacy_keras_is_asked_for_where_the_program_starts(tmp_path: Path) -> None:
    nets = TF + "\ntf.random.set_seed(1)\n\n\ndef net(x):\n    return tf.compat.v1.layers.dense(x, 2)\n"
    main = TF + "from nets import net\n\nwith tf.compat.v1.Session() as sess:\n    y = net(x)\n    " + EXPORT
    text, _ = migrated(tmp_path, main=main, nets=nets)
    assert text["main"].startswith(KERAS2 + TF)


def test_imports_by_name_stay_too(tmp_path: Path) -> None:
    head = "from tensorflow.keras.layers import LSTM\nfrom tensorflow.image import resize\n"
    text, _ = migrated(tmp_path, a=TF + head + "\n" + OFF + "y = LSTM(4)(resize(x, [2, 2]))\n" + EXPORT)
    assert head in text["a"]
    assert "compat.v1 as" not in text["a"]


def test_files_that_do_not_tell_are_what_their_program_is(tmp_path: Path) -> None:
    shapes = TF + "\ndef enlarged(x):\n    return tf.image.resize(x, [3, 3])\n"
    main = TF + "from shapes import enlarged\nSTART\ny = enlarged(x)\n" + EXPORT
    (tmp_path / "two").mkdir()
    text, result = migrated(tmp_path / "two", main=main.replace("START", OFF), shapes=shapes)
    assert text["shapes"] == shapes
    assert {item.mode for item in result.files if item.sites} == {Mode.GRAPH}
    (tmp_path / "one").mkdir()
    text, _ = migrated(tmp_path / "one", main=main.replace("START", "x = tf.placeholder('float')"), shapes=shapes)
    assert text["shapes"] == shapes.replace("import tensorflow as tf", "import tensorflow.compat.v1 as tf")


def test_a_program_of_tensorflow_1_that_says_what_2_needs_is_one_of_1(tmp_path: Path) -> None:
    code = "x = tf.placeholder(tf.float32)\ny = tf.image.resize(x, [5, 5])\n"
    text, _ = migrated(tmp_path, a=TF + OFF + code + EXPORT)
    assert "import tensorflow.compat.v1 as tf\n" in text["a"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("y = tf.image.resize(x, [5, 5])\n", ["tensorflow.image.resize"]),
        ("y = tf.keras.layers.GRU(4)(x)\nz = tf.keras.layers.GRU(4)(y)\n", ["tensorflow.keras.layers.GRU"]),
        ("y = tf.nn.dropout(x, 0.2)\n", ["tensorflow.nn.dropout"]),
        ("y = tf.nn.softmax(tf.reduce_sum(x, axis=1))\n", []),
        ("y = tf.keras.layers.Dense(2)(x)\n", []),
    ],
)
def test_what_nothing_tells_is_told(code: str, told: list[str], tmp_path: Path) -> None:
    head = "g = tf.Graph()\nwith g.as_default():\n    x = tf.compat.v1.placeholder(tf.float32)\n"
    text, result = migrated(tmp_path, a=TF + "\n" + head + code + EXPORT)
    assert text["a"].count("import tensorflow as tf\n") == 1
    assert code in text["a"]
    manual = [site for item in result.files for site in item.sites if site.outcome is Outcome.MANUAL]
    assert [site.symbol for site in manual] == told
    assert all("write tf.compat.v1." in site.reason for site in manual)


def test_a_file_with_names_of_both_keeps_its_import(tmp_path: Path) -> None:
    code = "x = tf.placeholder(tf.float32)\nopt = tf.optimizers.Adam()\ny = tf.image.resize(x, [2, 2])\n"
    text, result = migrated(tmp_path, a=TF + "\n" + code + EXPORT)
    assert "x = tf.compat.v1.placeholder(tf.float32)\nopt = tf.optimizers.Adam()\ny = tf.image.resize" in text["a"]
    manual = [site for item in result.files for site in item.sites if site.outcome is Outcome.MANUAL]
    assert [site.symbol for site in manual] == ["tensorflow.image.resize"]

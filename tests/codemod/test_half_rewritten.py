"""Programs of which an earlier run wrote some files and not others: killed, or kept from one of them.

Whichever files are written, the next run writes the rest as a run without an end in between would have done. What a
person ported by hand is no such half: it stays as it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from codemods.names.target import Target
from codemods.rules.registry import all_rules
from codemods.source.mode import Mode
from migrate.codemod.discover import discover
from migrate.codemod.halves import half_rewritten, left_behind
from migrate.codemod.options import RunOptions
from migrate.codemod.result import RunResult
from migrate.codemod.run import run_codemods
from migrate.review.agenda import agenda_of
from migrate.review.decision import Decision, Verdict
from migrate.review.files import review_files
from migrate.review.record import stored_review
from migrate.review.session import Review
from migrate.review.stored import StoredReview, as_text
from tests.faults.running import tf1to2
from tests.programs import programs, source_files

Files = Mapping[str, str]

_HOOK = {
    "hook.py": """\
import tensorflow as tf


class ExportHook(tf.train.SessionRunHook):
    def __init__(self, path, tensors):
        self.path, self.tensors = path, tensors

    def end(self, session):
        inputs, outputs = self.tensors()
        tf.saved_model.simple_save(session, self.path, inputs, outputs)
""",
    "net.py": """\
import tensorflow as tf


def net(x):
    return tf.matmul(x, tf.get_variable("w", [int(x.shape[1]), 2]))
""",
    "main.py": """\
import tensorflow as tf

from hook import ExportHook
from net import net

x = tf.placeholder(tf.float32, [None, 4])
y = net(x)
with tf.train.MonitoredTrainingSession(hooks=[ExportHook("out", lambda: ({"x": x}, {"y": y}))]) as session:
    session.run(y, {x: [[1, 2, 3, 4]]})
""",
    "requirements.txt": "numpy\ntensorflow==1.15.5\n",
}
_TWO_STARTS = {
    "a.py": """\
import tensorflow as tf

from net import net

x = tf.placeholder(tf.float32, [None, 4])
with tf.Session() as session:
    tf.saved_model.simple_save(session, "a", {"x": x}, {"y": net(x)})
""",
    "b.py": """\
import tensorflow as tf

from net import net
from util import save

x = tf.placeholder(tf.float32, [None, 4])
save(tf.Session(), x, net(x))
""",
    "util.py": """\
import tensorflow as tf


def save(session, x, y):
    tf.saved_model.simple_save(session, "b", {"x": x}, {"y": y})
""",
    "net.py": _HOOK["net.py"],
}
_PACKAGE = {
    "run.py": "from trainer import task\n\ntask.main()\n",
    "trainer/__init__.py": "",
    "trainer/task.py": """\
from trainer.common import *
from trainer import model


def main():
    x, y = model.build()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        model.save(session, x, y)
""",
    "trainer/common.py": "import tensorflow as tf\n",
    "trainer/model.py": """\
from .common import tf


def build():
    x = tf.placeholder(tf.float32, [None, 4])
    return x, tf.layers.dense(x, 2)


def save(session, x, y):
    builder = tf.saved_model.builder.SavedModelBuilder("out")
    signature = tf.saved_model.signature_def_utils.predict_signature_def({"x": x}, {"y": y})
    builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
    builder.save()
""",
}
_ESTIMATOR = {
    "main.py": """\
import tensorflow as tf

from data import input_fn
from model import model_fn, receiver

estimator = tf.estimator.Estimator(model_fn, model_dir="model")
estimator.export_savedmodel("out", receiver)
""",
    "model.py": """\
import tensorflow as tf


def model_fn(features, labels, mode, params):
    y = tf.layers.dense(features["x"], 1)
    return tf.estimator.EstimatorSpec(mode, predictions={"y": y})


def receiver():
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    return tf.estimator.export.ServingInputReceiver({"x": x}, {"x": x})
""",
    "data.py": """\
import tensorflow as tf


def input_fn():
    x = tf.random_uniform([8, 2])
    return tf.data.Dataset.from_tensors(({"x": x}, tf.reduce_sum(x, 1, keep_dims=True)))
""",
    "requirements.txt": "tensorflow==1.15\n",
}
# What only imports the model of a program that exports is none of its files: it is not drawn in later either.
_ESTIMATOR_BESIDE = {
    "export.py": """\
import tensorflow as tf

from main import model_fn


def receiver():
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    return tf.estimator.export.ServingInputReceiver({"x": x}, {"x": x})


tf.estimator.Estimator(model_fn, model_dir="model").export_savedmodel("out", receiver)
""",
    "main.py": """\
import tensorflow as tf


def model_fn(features, labels, mode, params):
    y = tf.layers.dense(features["x"], 1)
    return tf.estimator.EstimatorSpec(mode, predictions={"y": y})
""",
    "interact.py": """\
import tensorflow as tf

from main import model_fn

estimator = tf.estimator.Estimator(model_fn, model_dir="model")
print(list(estimator.predict(lambda: {"x": tf.random_uniform([1, 2])})))
""",
}
_KERAS = {
    "main.py": """\
import tensorflow as tf

from export import export
from nets import build

model = build(3)
model.compile("sgd", loss="mse")
export(model, "out")
""",
    "nets.py": """\
import tensorflow as tf

from losses import softplus


def build(units):
    return tf.keras.Sequential([tf.keras.layers.Dense(units, activation=softplus, input_shape=(4,))])
""",
    "losses.py": "import tensorflow as tf\n\n\ndef softplus(x):\n    return tf.log(1.0 + tf.exp(x))\n",
    "export.py": """\
import tensorflow as tf


def export(model, path):
    session = tf.keras.backend.get_session()
    tf.saved_model.simple_save(session, path, {"x": model.input}, {"y": model.output})
""",
    "requirements.txt": "tensorflow==1.15.0\nnumpy\n",
}
_FROZEN = {
    "load.py": """\
import tensorflow as tf


def load(path):
    graph_def = tf.GraphDef()
    with tf.gfile.GFile(path, "rb") as file:
        graph_def.ParseFromString(file.read())
    return graph_def
""",
    "main.py": """\
import tensorflow as tf

from load import load

graph_def = load("frozen.pb")
with tf.Session(graph=tf.Graph()) as session:
    tf.import_graph_def(graph_def, name="")
    x = session.graph.get_tensor_by_name("x:0")
    y = session.graph.get_tensor_by_name("y:0")
    tf.saved_model.simple_save(session, "out", {"x": x}, {"y": y})
""",
}
_RESTORED = {
    "export.py": """\
import tensorflow as tf

import network


def main():
    x = tf.placeholder(tf.float32, [None, 6], name="x")
    y = tf.nn.softmax(network.inference(x))
    with tf.Session() as session:
        tf.train.Saver().restore(session, "checkpoint/model")
        tf.saved_model.simple_save(session, "out", {"x": x}, {"y": y})


main()
""",
    "network.py": """\
import tensorflow as tf

from layers import dense


def inference(x):
    with tf.variable_scope("net"):
        return dense(x, 3, "a")
""",
    "layers.py": """\
import tensorflow as tf


def dense(x, units, name):
    with tf.variable_scope(name):
        return tf.matmul(x, tf.get_variable("w", [x.shape[1].value, units]))
""",
}
PROGRAMS: dict[str, tuple[Mode, Files]] = {
    "hook": (Mode.GRAPH, _HOOK),
    "two_starts": (Mode.GRAPH, _TWO_STARTS),
    "package": (Mode.GRAPH, _PACKAGE),
    "estimator": (Mode.GRAPH, _ESTIMATOR),
    "estimator_beside": (Mode.GRAPH, _ESTIMATOR_BESIDE),
    "keras": (Mode.EAGER, _KERAS),
    "frozen": (Mode.EAGER, _FROZEN),
    "restored": (Mode.EAGER, _RESTORED),
}


def run(folder: Path, files: Files, **options: Any) -> RunResult:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return run_codemods(discover([folder]), RunOptions(jobs=1, **options))


def rewritten(folder: Path, files: Files, **options: Any) -> dict[str, str]:
    """The files after a run over them."""
    result = run(folder, files, **options)
    return {**files, **{item.path: item.new.decode() for item in result.changed}}


def halves(files: Files, whole: Files) -> Iterator[dict[str, str]]:
    """Every tree that a run may have left: some of the changed files are written, not all."""
    changed = [name for name in files if files[name] != whole[name]]
    assert len(changed) > 1, "no program of several changed files"
    for count in range(1, len(changed)):
        for written in itertools.combinations(changed, count):
            yield {name: (whole if name in written else files)[name] for name in files}


@pytest.mark.parametrize("name", PROGRAMS)
def test_whatever_was_written_the_next_run_writes_the_rest(name: str, tmp_path: Path) -> None:
    mode, files = PROGRAMS[name]
    assert {item.mode for item in run(tmp_path, files).changed} == {mode}
    whole = rewritten(tmp_path, files)
    assert rewritten(tmp_path, whole) == whole
    for half in halves(files, whole):
        assert rewritten(tmp_path, half) == whole, [path for path in files if half[path] != files[path]]


_SELF_CONTAINED = {
    "main.py": """\
import tensorflow as tf

from net import net

x = tf.placeholder(tf.float32, [None, 4])
y = net(x)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    tf.saved_model.simple_save(session, "out", {"x": x}, {"y": y})
""",
    "net.py": _HOOK["net.py"],
}


@pytest.mark.parametrize(
    ("files", "options"),
    [
        (_SELF_CONTAINED, {"self_contained": True}),
        (_KERAS, {"self_contained": True}),
        (_KERAS, {"mode": Mode.GRAPH}),
        (_RESTORED, {"mode": Mode.GRAPH}),
        (_ESTIMATOR, {"keras": True, "mode": Mode.EAGER}),
        (_ESTIMATOR, {"target": Target(2, 15)}),
    ],
)
def test_so_does_a_run_with_other_options(files: Files, options: dict[str, Any], tmp_path: Path) -> None:
    whole = rewritten(tmp_path, files, **options)
    for half in halves(files, whole):
        assert rewritten(tmp_path, half, **options) == whole, [path for path in files if half[path] != files[path]]


SEVERAL = [program for program in programs() if program.changes and len(list(source_files(program.before))) > 1]


@pytest.mark.parametrize("program", SEVERAL, ids=lambda program: str(program.name))
def test_programs_of_tensorflow_1_are_finished(program: Any, tmp_path: Path) -> None:
    files = {name: (program.before / name).read_text() for name in source_files(program.before)}
    whole = rewritten(tmp_path, files)
    if sum(files[name] != whole[name] for name in files) < 2:
        pytest.skip("one file changes")
    for half in halves(files, whole):
        assert rewritten(tmp_path, half) == whole


_OLD_NET = "import tensorflow as tf\n\n\ndef net(x):\n    return tf.matmul(x, tf.get_variable('w', [4, 2]))\n"
_OLD_MAIN = "import tensorflow as tf\nfrom net import net\n\nnet(tf.placeholder(tf.float32, [None, 4]))\n"
_GRAPH_MAIN = (
    "import tensorflow.compat.v1 as tf\nfrom migrate.shim import export_session\nfrom net import net\n\n"
    "tf.disable_v2_behavior()\nx = tf.placeholder(tf.float32, [None, 4])\n"
    "export_session(tf.Session(), 'out', inputs={'x': x}, outputs={'y': net(x)})\n"
)
LEFT_ALONE: dict[str, Files] = {
    # The other file still needs TensorFlow 1, but nothing here was written by this project.
    "ported as tf_upgrade_v2 ports": {
        "main.py": "import tensorflow.compat.v1 as tf\nfrom net import net\n\ntf.disable_v2_behavior()\n"
        "net(tf.placeholder(tf.float32, [None, 4]))\n",
        "net.py": _OLD_NET,
    },
    "a net ported first": {"main.py": _OLD_MAIN, "net.py": _OLD_NET.replace("tf.get_v", "tf.compat.v1.get_v")},
    "an export ported by hand": {
        "main.py": _OLD_MAIN.replace("net(tf", "y = net(tf"),
        "net.py": _OLD_NET,
        "export.py": "import tensorflow as tf\nimport net\n\n\ndef export(model, path):\n"
        "    archive = tf.keras.export.ExportArchive()\n    archive.track(model)\n"
        "    archive.add_endpoint('serve', model.call, [tf.TensorSpec(model.inputs[0].shape, tf.float32)])\n"
        "    archive.write_out(path)\n",
    },
    "a wrapped graph, by hand": {
        "net.py": _OLD_NET,
        "export.py": "import tensorflow as tf\nfrom net import net\n\n"
        "f = tf.compat.v1.wrap_function(net, [tf.TensorSpec([None, 4])])\n"
        "tf.saved_model.save(tf.Module(), 'out', signatures=f)\n",
    },
    # This project wrote one file, and nothing of the other fails on TensorFlow 2.
    "a finished program that a person goes on with": {
        "main.py": _GRAPH_MAIN,
        "net.py": "import tensorflow as tf\n\n\ndef net(x):\n    return tf.image.resize(x, [4, 4])\n",
    },
    "a finished program, with a new one of TensorFlow 2 beside it": {
        "main.py": _GRAPH_MAIN,
        "net.py": "import tensorflow.compat.v1 as tf\n\n\ndef net(x):\n    return tf.get_variable('w', [4]) * x\n",
        "new.py": "import tensorflow as tf, net\n\n\n@tf.function\ndef f(x):\n    return tf.image.resize(x, [2])\n",
    },
    "a program of TensorFlow 2 that exports through the shim": {
        "main.py": "import tensorflow as tf\nfrom migrate.shim import export_session\nfrom net import net\n\n"
        "with tf.Graph().as_default(), tf.compat.v1.Session() as session:\n    x = tf.compat.v1.placeholder('float')\n"
        "    export_session(session, 'out', inputs={'x': x}, outputs={'y': net(x)})\n",
        "net.py": "import tensorflow as tf\n\n\n@tf.function\ndef net(x):\n    return tf.nn.relu(x)\n",
    },
    "v2 behaviour is switched off elsewhere": {
        "main.py": _GRAPH_MAIN.replace("tf.disable_v2_behavior()\n", ""),
        "net.py": "import switch\nimport tensorflow as tf\n\n\ndef net(x):\n    return tf.nn.relu(x)\n",
        "switch.py": "import tensorflow as tf\n\ntf.compat.v1.disable_v2_behavior()\n",
    },
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_what_a_person_ported_is_left_alone(name: str, tmp_path: Path) -> None:
    assert rewritten(tmp_path, LEFT_ALONE[name]) == LEFT_ALONE[name]


def test_the_requirements_of_a_single_file_are_finished(tmp_path: Path) -> None:
    files = {
        "main.py": "import tensorflow as tf\n\n\ndef export(s, x, y):\n    tf.saved_model.simple_save(s, 'd', x, y)\n",
        "requirements.txt": "tensorflow==1.15.5\n",
    }
    whole = rewritten(tmp_path, files)
    assert "tf1to2" in whole["requirements.txt"]
    for half in halves(files, whole):
        assert rewritten(tmp_path, half) == whole


def test_the_report_names_what_keeps_a_program_half_rewritten(tmp_path: Path) -> None:
    files = {**_HOOK, "main.py": _HOOK["main.py"] + "print 'no Python 3'\n", "alone.py": "print 'import tensorflow'\n"}
    result = run(tmp_path, files)
    done = {item.path for item in result.changed}
    lines = list(half_rewritten(result.files, done, left_behind(result.files)))
    assert done == {"hook.py", "net.py", "requirements.txt"}
    assert len(lines) == 1 and lines[0].startswith("main.py: not rewritten as planned, while hook.py, net.py of the")


def test_a_review_tells_of_a_program_that_it_leaves_half_rewritten(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    agenda = agenda_of(review_files(run(repo, _HOOK)))
    verdicts = {
        key: Verdict.REJECTED if item.file.path == "main.py" else Verdict.ACCEPTED for key, item in agenda.items.items()
    }
    review = Review(agenda, {key: Decision(verdict, 1) for key, verdict in verdicts.items()})
    decisions = tmp_path / "decisions.json"
    decisions.write_text(as_text(stored_review(review, StoredReview(), {}), "tests"))
    ended = tf1to2("review", repo, "--replay", decisions)
    assert "main.py: not rewritten as planned, while hook.py, net.py of the same program are" in ended.stderr
    assert (repo / "main.py").read_text() == _HOOK["main.py"]


def test_a_whole_program_and_one_left_whole_are_not_called_half(tmp_path: Path) -> None:
    result = run(tmp_path, _HOOK)
    paths = {item.path for item in result.changed}
    assert not list(half_rewritten(result.files, paths, set()))
    assert not list(half_rewritten(result.files, set(), paths))


@pytest.mark.parametrize("rule", [rule for rule in all_rules() if rule.traces], ids=lambda rule: str(rule.id))
def test_the_traces_of_a_rule_are_what_it_writes(rule: Any) -> None:
    for example in rule.examples if rule.id != "SM901" else ():
        assert any(trace.is_in(example.after.encode()) for trace in rule.traces)
        assert not any(trace.is_in(example.before.encode()) for trace in rule.traces)

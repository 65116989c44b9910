"""Each entry of the table is shown by what TensorFlow 1.15.5 recorded; what is not in the table is the same."""

from __future__ import annotations

import base64
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from migrate.preflight.other_numbers import TABLE, Where, in_words, other_numbers

ROOT = Path(__file__).parents[2]
PROBES: Mapping[str, Any] = json.loads((ROOT / "fixtures" / "kernels" / "golden.json").read_text(encoding="utf-8"))
v1 = tf.compat.v1
ONEDNN = (Where.NAN_ONEDNN, Where.HALFWAY_ONEDNN)
# Half precision rounds within what a proof calls the same for its dtype, not for others.
ROUNDED = {"Softplus float16"}


def decoded(value: Any) -> Any:
    if value["dtype"] == "string":
        array = np.empty(len(value["texts"]), object)
        array[:] = [base64.b64decode(text) for text in value["texts"]]
    else:
        array = np.frombuffer(base64.b64decode(value["bytes"]), value["dtype"])
    return array.reshape(value["shape"])


def is_the_same(name: str) -> bool:
    """Run a probe here and compare within the tolerance of a proof."""
    probe = PROBES[name]
    graph_def = v1.GraphDef.FromString(base64.b64decode(probe["graph"]))
    with tf.Graph().as_default(), v1.Session() as session:
        tf.graph_util.import_graph_def(graph_def, name="")
        feeds = {tensor: decoded(value) for tensor, value in probe["inputs"].items()}
        found, wanted = np.asarray(session.run(probe["fetch"], feeds)), decoded(probe["output"])
    if found.dtype.names:
        found = found[found.dtype.names[0]]
    if wanted.dtype.kind != "f":
        return bool(np.array_equal(found, wanted))
    return bool(np.allclose(found, wanted, rtol=1e-5, atol=1e-6, equal_nan=True))


def different(names: Any) -> list[str]:
    return [name for name in names if not is_the_same(name)]


def with_onednn(names: list[str]) -> list[str]:
    """Return which probes differ in a process with oneDNN on."""
    code = f"from tests.preflight.test_other_numbers import different; print(different({names!r}))"
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment, cwd=ROOT
    )
    found: list[str] = json.loads(done.stdout.strip().splitlines()[-1].replace("'", '"'))
    return found


ENTRIES = [entry for entry in TABLE if entry.where not in ONEDNN]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.op}-{entry.where.name}")
def test_what_tensorflow_1_recorded_differs_from_todays_kernel(entry: Any) -> None:
    assert different(name for name, probe in PROBES.items() if probe["op"] == entry.op)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="TensorFlow has oneDNN for x86 alone")
def test_what_differs_under_onednn() -> None:
    for entry in TABLE:
        if entry.where in ONEDNN:
            names = [n for n, probe in PROBES.items() if probe["op"] == entry.op and not n.endswith("of NaN")]
            assert with_onednn(names), entry


def test_what_is_not_in_the_table_is_the_same() -> None:
    listed = {entry.op for entry in TABLE}
    assert different(n for n, probe in PROBES.items() if probe["op"] not in listed and n not in ROUNDED) == []


def meta_graph(*ops: tuple[str, Any]) -> Any:
    """Return a MetaGraphDef whose only signature fetches nodes of these ops and dtypes, one more lies beside them."""
    made = v1.MetaGraphDef()
    signature = made.signature_def["serving_default"]
    for number, (op, dtype) in enumerate(ops):
        node = made.graph_def.node.add(name=f"n{number}", op=op)
        node.attr["SrcT" if op == "Cast" else "T"].type = dtype.as_datatype_enum
        if op == "Cast":
            node.attr["DstT"].type = tf.uint8.as_datatype_enum
        signature.outputs[f"y{number}"].name = f"n{number}:0"
    made.graph_def.node.add(name="unused", op="Sign").attr["T"].type = 1
    return made


@pytest.mark.parametrize(
    ("ops", "named"),
    [
        ([("Max", tf.float32), ("Sqrt", tf.float64)], ["Max", "Sqrt"]),
        ([("Cast", tf.float32)], ["Cast"]),
        ([("QuantizeV2", tf.quint8)], ["QuantizeV2", "QuantizeV2"]),
        ([("Max", tf.int32), ("Cast", tf.int32), ("Add", tf.float32)], []),
        ([("TruncateDiv", tf.int64)], []),
    ],
)
def test_the_ops_that_a_model_executes_are_named(ops: Any, named: list[str]) -> None:
    assert [entry.op for entry in other_numbers(meta_graph(*ops))] == named


def test_the_words() -> None:
    (sentence,) = in_words(other_numbers(meta_graph(("Max", tf.float32), ("Sign", tf.float32))))
    assert sentence == (
        "TensorFlow 1.15.5 gives other numbers than today's kernels where an input holds NaN: Max (leaves it out; now: "
        "NaN), Sign (0; now: NaN)."
    )

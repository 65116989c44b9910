"""The code that graph-mode programs get: what it writes computes what the session did, however it is loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PROJECT = Path(__file__).parents[3]
SERVED = {
    "ref_variables": {"layer/w", "Variable"},
    "resource_variables": {"w"},
    "partitioned": {"w/part_0", "w/part_1"},
    "strings": {"Variable"},
    "condition_on_a_variable": {"w"},
    "batch_norm_by_placeholder": {
        f"batch_normalization/{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")
    },
    "recurrent": {"rnn/lstm_cell/kernel", "rnn/lstm_cell/bias"},
    "keras_recurrent": None,
    "nothing_to_restore": set(),
    "scalar_string": {"Variable"},
    "closed_session_without_variables": set(),
    "key_with_a_slash": set(),
    "custom_gradient": {"w"},
    "control_flow_v2": {"w"},
    "function_of_a_variable": {"w"},
    "reimported_function": set(),
    "other_function_of_the_same_name": set(),
    "python_function_elsewhere": set(),
}
REFUSED = {
    "lookup_table": "(LookupTableFindV2) holds or changes what is no weight",
    "local_variable": "(VariableV2) holds or changes what is no weight",
    "counter": "(AssignAdd) holds or changes what is no weight",
    "python_function": "(PyFunc) holds or changes what is no weight",
    "variable_as_input": "w is a variable: export the tf.identity of it",
    "variable_as_output": "w is a variable: export the tf.identity of it",
    "optional_input": "TF2 functions lose the default of x",
    "refused_key": "Got non-flat/non-unique argument names",
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, str]]:
    folder = tmp_path_factory.mktemp("session_graphs")
    command = [sys.executable, "-W", "ignore", "-m", "tests.codemods.graphs.session_graph_cases", str(folder)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = (line.partition(":") for line in done.stdout.splitlines())
    return folder, {name: error.strip() for name, _, error in said}


def close(computed: Any, expected: Any) -> bool:
    """Whether two results are equal, numbers within rounding."""
    if expected.dtype.kind in "OS":
        return bool(np.array_equal(computed, expected))
    return bool(np.allclose(computed, expected, rtol=1e-5, atol=1e-6))


@pytest.mark.parametrize("name", SERVED)
def test_a_served_graph_computes_what_the_session_did(name: str, exported: tuple[Path, Mapping[str, str]]) -> None:
    import tensorflow as tf

    folder, said = exported
    assert said[name] == ""
    values = dict(np.load(folder / name / "case.npz", allow_pickle=True))
    feeds = {key[3:].replace("|", "/"): value for key, value in values.items() if key.startswith("in_")}
    expected = {key[4:]: value for key, value in values.items() if key.startswith("out_")}
    loaded = tf.saved_model.load(str(folder / name))
    weights = SERVED[name]
    assert weights is None or set(loaded.weights) == weights
    for key in ("serving_default", "again"):
        computed = loaded.signatures[key](
            **{name.replace("/", "_"): tf.constant(value) for name, value in feeds.items()}
        )
        assert {name: close(computed[name].numpy(), value) for name, value in expected.items()} == dict.fromkeys(
            computed, True
        )
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        meta_graph = tf.compat.v1.saved_model.load(session, ["serve"], str(folder / name))
        signature = meta_graph.signature_def["serving_default"]
        names = {key: info.name for key, info in signature.outputs.items()}
        results = session.run(names, {signature.inputs[key].name: value for key, value in feeds.items()})
        assert all(close(results[key], value) for key, value in expected.items())
    tf.saved_model.save(loaded, str(folder / f"{name}_again"), signatures=dict(loaded.signatures))


def test_a_custom_gradient_that_no_model_holds_fails_loudly(exported: tuple[Path, Mapping[str, str]]) -> None:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(exported[0] / "custom_gradient"))
    x = tf.constant(np.ones([1, 6], np.float32))
    with pytest.raises(LookupError, match="No gradient defined for operation"), tf.GradientTape() as tape:
        tape.watch(x)
        tape.gradient(loaded.signatures["serving_default"](x=x)["y"], x)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_weight_is_refused(name: str, exported: tuple[Path, Mapping[str, str]]) -> None:
    folder, said = exported
    assert REFUSED[name] in said[name]
    assert not (folder / name).exists()

"""Every name that a rule may put into code exists where it is imported from."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from codemods.compat.keras_homes import KERAS_MOVED
from codemods.compat.v1_imports import PRIVATE_MODULES, PRIVATE_NAMES, PUBLIC_MODULES, SAVED_MODEL_MODULES
from codemods.edit.shim_names import SHIM, SHIM_NAMES
from codemods.names.tf1 import GRAPH_ONLY, V1_DIFFERS, V1_ONLY, V2_ONLY

_LOOK = """
import importlib, json, sys
import tensorflow as tf

def has(root, name):
    for part in name.split("."):
        if not hasattr(root, part):
            return False
        root = getattr(root, part)
    return True

def imports(name):
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True

asked = json.load(sys.stdin)
json.dump({
    "v1": [name for name in asked["names"] if has(tf.compat.v1, name)],
    "v2": [name for name in asked["names"] if has(tf, name)],
    "modules": [name for name in asked["modules"] if imports(name)],
    "version": tf.__version__,
}, sys.stdout)
"""


@pytest.fixture(scope="module")
def installed() -> dict[str, Any]:
    """What the installed TensorFlow has, looked up in a process with legacy Keras."""
    names = sorted({*V1_ONLY, *V1_DIFFERS, *V2_ONLY, *GRAPH_ONLY, "ensure_shape", "disable_v2_behavior", "Module"})
    names += [
        "compat.dimension_value",
        "wrap_function",
        "function",
        "TensorSpec",
        "train.load_checkpoint",
        "saved_model.save",
    ]
    modules = [f"tensorflow.compat.v1.saved_model.{name}" for name in set(SAVED_MODEL_MODULES.values())]
    modules += [f"tensorflow.compat.v1.{name}" for name in PUBLIC_MODULES]
    modules += [f"tensorflow.compat.v1.keras.{name}" for name in set(KERAS_MOVED.values())]
    modules += [*PRIVATE_MODULES.values(), *PRIVATE_NAMES.values()]
    done = subprocess.run(
        [sys.executable, "-c", _LOOK],
        input=json.dumps({"names": names, "modules": modules}),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        timeout=200,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"asked": names, "asked_modules": modules}


def test_modules_can_be_imported(installed: dict[str, Any]) -> None:
    assert sorted(set(installed["asked_modules"]) - set(installed["modules"])) == []


def test_v1_has_what_the_tables_say(installed: dict[str, Any]) -> None:
    if not installed["version"].startswith("2.21."):
        pytest.skip("the tables are those of TensorFlow 2.21")
    v1, v2 = set(installed["v1"]), set(installed["v2"])
    assert sorted(V1_ONLY - v1) == []
    assert sorted(V1_ONLY & v2) == []
    assert sorted(V1_DIFFERS - (v1 & v2)) == []
    assert sorted(V2_ONLY - v2) == []
    assert sorted(V2_ONLY & v1) == []
    assert sorted(name for name in GRAPH_ONLY if name not in v1) == []


@pytest.mark.parametrize("name", SHIM_NAMES)
def test_the_shim_has_its_names(name: str) -> None:
    assert name in importlib.import_module(SHIM).__all__


@pytest.mark.parametrize(
    "name",
    [
        "ensure_shape",
        "disable_v2_behavior",
        "compat.dimension_value",
        "wrap_function",
        "function",
        "TensorSpec",
        "Module",
    ],
)
def test_v1_has_what_new_code_uses(installed: dict[str, Any], name: str) -> None:
    assert name in installed["v1"]

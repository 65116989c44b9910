"""What private modules lost: the rows are those of the releases, and a home is the same object's public name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import codemods.names
from codemods.names.lost_names import is_legacy_only, is_lost, lost_home, lost_names, lost_rows
from codemods.names.release_names import release_names
from codemods.names.release_table import rows_of
from codemods.names.target import NEWEST, OLDEST, Target, installed_target

FOLDER = Path(codemods.names.__file__).parent / "lost"


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("tensorflow.python.pywrap_tensorflow.NewCheckpointReader", "train.NewCheckpointReader"),
        (
            "tensorflow.python.framework.graph_util.convert_variables_to_constants",
            "graph_util.convert_variables_to_constants",
        ),
        ("tensorflow.python.ops.control_flow_ops.cond", "cond"),
        ("tensorflow.python.framework.ops.Tensor", "Tensor"),
        ("tensorflow.python.ops.variables.VariableV1", "Variable"),
        ("tensorflow.python.layers.normalization.BatchNormalization", "layers.BatchNormalization"),
        ("tensorflow.python.framework.common_shapes.conv2d_shape", None),
    ],
)
def test_lost_names_and_their_homes(name: str, home: str | None) -> None:
    assert is_lost(NEWEST, name)
    assert lost_home(NEWEST, name) == home


@pytest.mark.parametrize(
    "name",
    [
        "tensorflow.python.framework.ops.Graph",
        "tensorflow.python.framework.graph_util.remove_training_nodes",
        "tensorflow.python.training.saver.Saver",
        "tensorflow.python.nothing",
    ],
)
def test_what_is_there_or_never_was_is_not_lost(name: str) -> None:
    assert not is_lost(NEWEST, name)
    assert lost_home(NEWEST, name) is None


def test_names_of_legacy_keras() -> None:
    assert is_legacy_only(NEWEST, "tensorflow.compat.v1.keras.backend.get_session")
    assert not is_legacy_only(NEWEST, "tensorflow.keras.layers.Dense")
    assert not is_legacy_only(OLDEST, "tensorflow.compat.v1.keras.backend.get_session")


@pytest.mark.parametrize("release", lost_rows(), ids=str)
def test_every_home_is_a_name_of_the_v1_api(release: Target) -> None:
    row = release_names(release)
    homes = {f"tensorflow.compat.v1.{home}" for home in lost_names(release).homes.values() if home}
    assert len(homes) > 100
    assert sorted(homes - row.names - row.modules) == []


def test_the_row_of_the_installed_release(tmp_path: Path) -> None:
    if installed_target() not in lost_rows():
        pytest.skip(f"there is no row of TensorFlow {installed_target()}; make.py adds one")
    subprocess.run([sys.executable, FOLDER / "read.py", tmp_path], check=True, capture_output=True)
    now = (tmp_path / f"lost-{installed_target()}.txt").read_text().splitlines()
    assert set(now) == set(rows_of("lost", installed_target()))

"""The tables of names and meanings: the rows of the installed TensorFlow say what that TensorFlow has."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

import codemods.names
from codemods.names.release_names import lacks, release_names, releases
from codemods.names.release_table import rows_of
from codemods.names.target import NEWEST, OLDEST, Target, installed_target

FOLDER = Path(codemods.names.__file__).parent / "releases"


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what `read.py` says of the installed TensorFlow."""
    if installed_target() not in releases():
        pytest.skip(f"there is no row of TensorFlow {installed_target()}; {FOLDER / 'make.py'} adds one")
    folder = tmp_path_factory.mktemp("read")
    subprocess.run([sys.executable, FOLDER / "read.py", folder], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("table", ["names", "meanings"])
def test_the_row_of_the_installed_release(read: Path, table: str) -> None:
    now = (read / f"{table}-{installed_target()}.txt").read_text().splitlines()
    assert _of_any_python(now) == _of_any_python(rows_of(table, installed_target()))


def _of_any_python(lines: Iterable[str]) -> set[str]:
    """Return rows without that of an enum, whose parameters are those of the Python that reads them."""
    return {line for line in lines if not line.startswith("VariableAggregation\tclass\t")}


def test_there_is_a_row_of_every_target() -> None:
    targets = {Target(2, minor) for minor in range(OLDEST.minor, NEWEST.minor + 1)}
    assert targets | {Target(1, 15)} <= set(releases())


@pytest.mark.parametrize(
    ("module", "name", "first_without"),
    [
        ("tensorflow.estimator", "Estimator", Target(2, 16)),
        ("tensorflow", "placeholder", Target(2, 15)),
        ("tensorflow.compat.v1", "placeholder", None),
        ("tensorflow.keras.layers", "GRU", None),
        ("tensorflow.python.framework", "graph_util", None),
    ],
)
def test_since_when_a_name_is_gone(module: str, name: str, first_without: Target | None) -> None:
    found = [target for target in releases() if target >= OLDEST and lacks(target, module, name)]
    assert found[:1] == ([] if first_without is None else [first_without])


def test_a_release_that_has_no_row_has_what_its_neighbours_have() -> None:
    beyond = Target(NEWEST.major, NEWEST.minor + 1)
    assert not lacks(beyond, "tensorflow", "function")
    assert lacks(beyond, "tensorflow.contrib")


def test_rows_are_whole() -> None:
    for release in releases():
        row = release_names(release)
        assert {"tensorflow.matmul", "tensorflow.compat.v1.matmul"} <= row.names
        assert "tensorflow.python.framework.ops" in row.modules

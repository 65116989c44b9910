"""The tables of names: the row of the installed TensorFlow says what that TensorFlow has."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

import codemods.names
from codemods.names.release_names import releases
from codemods.names.target import installed_target

FOLDER = Path(codemods.names.__file__).parent / "releases"


def test_the_row_of_the_installed_release(tmp_path: Path) -> None:
    if installed_target() not in releases():
        pytest.skip(f"there is no row of TensorFlow {installed_target()}; {FOLDER / 'read.py'} writes one")
    subprocess.run([sys.executable, FOLDER / "read.py", tmp_path], check=True, capture_output=True)
    (made,) = tmp_path.iterdir()
    with gzip.open(made, "rt") as now, gzip.open(FOLDER / made.name, "rt") as shipped:
        assert set(now) == set(shipped)

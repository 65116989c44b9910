"""Readers are found by themselves, and a new kind of model needs its module alone."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from migrate.errors import UnreadableModelError
from migrate.legacy import detect as detect_module
from migrate.legacy import find, kinds, read
from migrate.legacy import readers as module
from migrate.legacy.asked import Asked
from migrate.legacy.kind import Detection, ModelKind
from migrate.legacy.model import LegacyModel
from migrate.legacy.reader import Reader
from migrate.legacy.readers import reader_of, readers

SHEET = ModelKind("sheet", "a sheet of numbers")


def test_every_module_has_a_reader_and_no_kind_has_two() -> None:
    modules = [file for folder in kinds.__path__ for file in Path(folder).glob("[!_]*.py")]
    assert len(readers()) == len(modules)
    assert Counter(kind for reader in readers() for kind in reader.kinds).most_common(1)[0][1] == 1


def test_finding_them_does_not_import_tensorflow() -> None:
    code = "import sys; from migrate.legacy.readers import readers; readers(); sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("kind", [ModelKind.KERAS_V3, ModelKind.SAVED_MODEL_V2])
def test_a_kind_without_a_module_has_none(kind: ModelKind) -> None:
    assert reader_of(kind) is None


@pytest.fixture
def sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one kind more."""

    def recognise(path: Path) -> Detection | None:
        file = path / "sheet.csv" if path.is_dir() else path
        return Detection(SHEET, file, is_text=True) if file.is_file() and file.suffix == ".csv" else None

    def model_of(detection: Detection, asked: Asked) -> tuple[LegacyModel, ...]:
        return (LegacyModel(detection.main_file, None, detection.main_file.with_suffix(".ckpt")),)

    found = (*readers(), Reader(frozenset({SHEET}), model_of, recognise, ("sheet.csv",)))
    for user in (module, detect_module):
        monkeypatch.setattr(user, "readers", lambda: found)


@pytest.mark.usefixtures("sheets")
def test_a_new_kind_is_recognised_found_in_a_tree_and_read(tmp_path: Path) -> None:
    (tmp_path / "tree" / "model").mkdir(parents=True)
    sheet = tmp_path / "tree" / "model" / "sheet.csv"
    sheet.write_text("1;2\n")
    assert find.find_models(tmp_path / "tree") == [sheet.parent]
    assert read.readable(sheet).kind == read.readable(sheet.parent).kind == SHEET
    (model,) = read.read_models(sheet.parent)
    assert model.checkpoint == sheet.with_suffix(".ckpt")


@pytest.mark.usefixtures("sheets")
def test_what_no_reader_recognises_is_told_as_before(tmp_path: Path) -> None:
    (tmp_path / "weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(UnreadableModelError, match="is damaged or cut off"):
        read.read_models(tmp_path / "weights.h5")

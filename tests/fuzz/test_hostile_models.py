"""A slice of `tests.fuzz.hostile_models`."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.hostile_models import findings, recipes


def test_nothing_runs_of_hostile_models(tmp_path: Path) -> None:
    assert findings(recipes(40, seed=5), tmp_path) == []

"""A slice of the fuzz of source files; the whole is run by hand (`python -m tests.fuzz.hostile_sources`)."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.hostile_sources import check, valid_sources
from tests.fuzz.source_damage import damaged


def test_hostile_files_cost_themselves_only(tmp_path: Path) -> None:
    findings, _ = check(damaged(7, 60, *valid_sources()), tmp_path)
    assert findings == []


def test_the_same_seed_makes_the_same_files() -> None:
    assert damaged(3, 30, *valid_sources()) == damaged(3, 30, *valid_sources())

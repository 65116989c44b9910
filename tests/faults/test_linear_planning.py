"""A tree of many models costs what its models cost: planning compares none with all others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from migrate.rewrap_tree.plan import plan

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 12\n"


def calls_to_plan(root: Path, count: int) -> int:
    """Return how many functions are called to plan a tree of models: work, not time."""
    for number in range(count):
        (root / "models" / str(number)).mkdir(parents=True)
        (root / "models" / str(number) / "saved_model.pb").write_text(POINTER)
    calls = 0

    def called(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        jobs = plan([root / "models"], root / "out", replace=False)
    finally:
        sys.setprofile(before)
    assert len(jobs) == count
    return calls


def test_twice_the_models_are_twice_the_work(tmp_path: Path) -> None:
    calls_to_plan(tmp_path / "warm", 10)  # what is imported late
    few, many = calls_to_plan(tmp_path / "few", 100), calls_to_plan(tmp_path / "many", 400)
    assert many < 5 * few

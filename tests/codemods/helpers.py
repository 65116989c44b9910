"""Runs one rule, or all, on a piece of source, and holds what every rule promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from codemods.engine.decoded_file import open_document
from codemods.engine.file_plans import Surroundings, plan_file
from codemods.names.target import NEWEST, Target
from codemods.rule import Rule
from codemods.rules.registry import all_rules
from codemods.site import Site
from codemods.source.mode import Mode


def _rules(rule: type[Rule] | None) -> Sequence[Rule]:
    return all_rules() if rule is None else [rule()]


def drafts(
    rule: type[Rule] | None,
    source: str,
    *,
    mode: Mode = Mode.EAGER,
    path: str = "export.py",
    include_tests: bool = True,
    target: Target = NEWEST,
    self_contained: bool = False,
) -> tuple[Site, ...]:
    """Return the sites the rule (all rules for None) finds in the source."""
    around = Surroundings(mode, include_tests, target=target, self_contained=self_contained)
    plan = plan_file(path, source.encode(), _rules(rule), around)
    assert plan.failure is None, plan.failure
    return plan.sites


def after(
    rule: type[Rule] | None,
    source: str,
    *,
    mode: Mode = Mode.EAGER,
    path: str = "export.py",
    include_tests: bool = True,
    target: Target = NEWEST,
    self_contained: bool = False,
) -> str:
    """Return the source with every site applied; the result must parse, and a second run must change nothing."""
    around: dict[str, Any] = {
        "mode": mode,
        "path": path,
        "include_tests": include_tests,
        "target": target,
        "self_contained": self_contained,
    }
    sites = drafts(rule, source, **around)
    result = open_document(path, source.encode()).apply(sites).decode()
    again = drafts(rule, result, **around)
    assert open_document(path, result.encode()).apply(again).decode() == result, "a second run changes the file"
    return result

"""What a rule declares of itself is all that the engine goes by: no rule is known by its id."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import codemods
import migrate
from codemods.edit.edits import Edit
from codemods.engine.planning import graph_reason, plan_module
from codemods.engine.rewriting import rewrite
from codemods.engine.runnable import RunnableRule
from codemods.rule import Draft, Rule
from codemods.site import Outcome, Site
from codemods.source.module import Module

SOURCE = "one()\ntwo()\n"


class _Calls(RunnableRule):
    """Rewrites `one()`, as a shim would."""

    id = "T1"

    def plan(self, module: Module) -> Iterator[Draft]:
        """Yield the call."""
        call = module.calls[0]
        yield Draft(call, "one", Outcome.SHIM, "", (Edit(module.start(call), module.end(call), "first()"),))


class _WithoutSession(_Calls):
    """The same with a shim that takes no session."""

    keeps_session = False


class _Follows(RunnableRule):
    """Adds a line at the head for what the others changed, and tells how many it saw."""

    id = "T0"
    follows_last = True

    def follow(self, module: Module, sites: Sequence[Site]) -> Iterator[Draft]:
        """Yield the line."""
        yield Draft(module.calls[1], "two", Outcome.NATIVE, "", (Edit(0, 0, f"seen = {len(sites)}\n"),))


class _InTheWay(_Follows):
    """Wants the very characters that `_Calls` rewrites."""

    def follow(self, module: Module, sites: Sequence[Site]) -> Iterator[Draft]:
        """Yield the clash."""
        yield Draft(module.calls[1], "two", Outcome.NATIVE, "", (Edit(1, 6, "x"),))


class _Foundation(_InTheWay):
    """The same, and the others count on it."""

    is_foundation = True


def result(*rules: Rule) -> str:
    return rewrite(SOURCE, plan_module(Module(SOURCE), rules))


def test_a_rule_that_follows_last_sees_what_the_others_follow_with() -> None:
    class Between(_Follows):
        id = "T2"
        follows_last = False

        def follow(self, module: Module, sites: Sequence[Site]) -> Iterator[Draft]:
            yield Draft(module.calls[0], "one", Outcome.NATIVE, "", (Edit(len(SOURCE), len(SOURCE), "last()\n"),))

    assert result(_Follows(), _Calls(), Between()) == "seen = 2\nfirst()\ntwo()\nlast()\n"


def test_what_cannot_follow_leaves_the_others_as_they_are() -> None:
    assert result(_Calls(), _InTheWay()) == "first()\ntwo()\n"


def test_without_its_foundation_no_change_is_made() -> None:
    assert result(_Calls(), _Foundation()) == SOURCE


@pytest.mark.parametrize(("rule", "is_graph"), [(_Calls(), True), (_WithoutSession(), False)])
def test_a_shim_that_takes_a_session_needs_graph_mode(rule: Rule, is_graph: bool) -> None:
    module = Module(SOURCE)
    assert (graph_reason(module, plan_module(module, [rule])) is not None) == is_graph


def test_no_rule_is_known_by_its_id_outside_of_its_module() -> None:
    found = []
    for package in (codemods, migrate):
        root = Path(next(iter(package.__path__)))
        for path in root.rglob("*.py"):
            if path.parent.name == "rules":
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found += [str(path)] if re.fullmatch(r"SM\d+", node.value) else []
    assert not found

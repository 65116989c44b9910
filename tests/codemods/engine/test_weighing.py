"""How much a draft may write into the user's file, and what it may import: in one place for all rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from codemods.edit.edits import Edit, added_lines
from codemods.engine.planning import plan_module
from codemods.engine.runnable import RunnableRule
from codemods.engine.weighing import NATIVE_LINES
from codemods.rule import Draft
from codemods.site import Outcome
from codemods.source.module import Module
from codemods.source.program import Program

SOURCE = "one()\ntwo()\n"


class _Native(RunnableRule):
    """Rewrites the file's first call to `lines` lines."""

    id = "T1"
    lines = 1
    outcome = Outcome.NATIVE
    packages: frozenset[str] = frozenset()

    def plan(self, module: Module) -> Iterator[Draft]:
        """Yield the call."""
        call = module.calls[0]
        text = "".join(f"line{number}()\n" for number in range(self.lines))
        edit = Edit(module.start(call), module.end(call) + 1, text)
        yield Draft(call, "one", self.outcome, "as it is", (edit,), packages=self.packages)


class _Shim(_Native):
    """The same as a shim would."""

    id = "T2"
    outcome = Outcome.SHIM
    packages = frozenset({"tf1to2"})


def planned(lines: int, *rules: type[_Native], self_contained: bool = False) -> tuple[str, Outcome, str]:
    """Return rule, outcome and reason of the one site."""
    module = Module(SOURCE, "a.py", Program(migrates=True, self_contained=self_contained))
    made = [rule() for rule in rules]
    made[0].lines = lines
    (site,) = plan_module(module, made)
    assert site.changes is (site.outcome is not Outcome.MANUAL)
    return site.rule, site.outcome, site.reason


@pytest.mark.parametrize(
    ("lines", "rules", "expected"),
    [
        pytest.param(NATIVE_LINES, [_Native, _Shim], ("T1", Outcome.NATIVE), id="a screen of native code"),
        pytest.param(NATIVE_LINES + 1, [_Native, _Shim], ("T2", Outcome.SHIM), id="more is the shim's job"),
        pytest.param(NATIVE_LINES + 1, [_Native], ("T1", Outcome.MANUAL), id="or a person's where there is no shim"),
        pytest.param(NATIVE_LINES * 9, [_Shim], ("T2", Outcome.SHIM), id="the shim itself is not weighed"),
    ],
)
def test_native_code_fits_on_a_screen(lines: int, rules: list[type[_Native]], expected: tuple[str, Outcome]) -> None:
    assert planned(lines, *rules)[:2] == expected


@pytest.mark.parametrize(
    ("lines", "rules", "expected", "words"),
    [
        pytest.param(1, [_Native, _Shim], ("T1", Outcome.NATIVE), "as it is", id="native code imports nothing of it"),
        pytest.param(1, [_Shim], ("T2", Outcome.MANUAL), "--self-contained", id="the shim is ruled out"),
        pytest.param(99, [_Native, _Shim], ("T1", Outcome.SHIM), "self-contained: as it is", id="long code is not"),
    ],
)
def test_self_contained_code_imports_nothing_of_this_project(
    lines: int, rules: list[type[_Native]], expected: tuple[str, Outcome], words: str
) -> None:
    *found, reason = planned(lines, *rules, self_contained=True)
    assert tuple(found) == expected
    assert words in reason


@pytest.mark.parametrize(
    ("edits", "added"),
    [
        pytest.param([], 0, id="nothing"),
        pytest.param([Edit(0, 3, "three")], 1, id="a line that changes"),
        pytest.param([Edit(0, 6, ""), Edit(12, 12, "if x:\n    one()\n")], 1, id="a line that moves into a block"),
        pytest.param([Edit(6, 6, "\n\n\n")], 0, id="blank lines"),
        pytest.param([Edit(6, 6, "call(\n    x,\n)\n")], 2, id="a call over three lines"),
        pytest.param([Edit(6, 6, "one()\n")], 1, id="a line as there is one already"),
    ],
)
def test_what_counts_as_an_added_line(edits: list[Edit], added: int) -> None:
    assert added_lines(SOURCE, edits) == added

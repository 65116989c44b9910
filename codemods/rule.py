"""What every rule is: a documented class that finds sites in a module and drafts what becomes of them.

The words of rules and planner: a rule *drafts* what would become of a call. The draft *claims* the other calls of the
same site (of a builder, its adds and its `save`); a call that one chosen draft reports or claims is *taken*, and no
other draft gets it. A draft whose edits meet those of a better one is *refused*: it turns manual. What its edits leave
without use is *freed* (an import of it may go); what must be applied together with it is what it *needs*; what the
engine keeps from being touched at all (tests, branches for TensorFlow 1) is *guarded*. An export's own words (the state
is *taken* at one call and *written* at another, statements are *spent*) are those of
`codemods.exports.session_exports.SessionExport`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import libcst as cst

from codemods.edit.edits import Edit, Import, added_lines
from codemods.edit.traces import Trace
from codemods.names.target import Target
from codemods.site import Guidance, Outcome, Site
from codemods.source.module import Module


@dataclass(frozen=True, slots=True)
class Example:
    """A rewrite in the documentation; the test of the rules' documentation runs it through the rule.

    `target` is the TensorFlow it is for, None where it is the same for every one; `path` the file it stands in.
    """

    before: str
    after: str
    target: Target | None = None
    path: str = "example.py"


@dataclass(frozen=True, slots=True)
class Draft:
    """A site as a rule sees it, before the engine gives it an id and weighs it against other rules.

    Args:
        node: The site's first call: where the report points.
        symbol: Canonical name of the TensorFlow symbol.
        outcome: What becomes of it.
        reason: One sentence in words for the user: why this outcome, and what a person must decide.
        edits: Non-overlapping edits; empty for `manual` and `skip`.
        imports: What the new code needs imported.
        freed: Imported names that the edits stop using; dropped if nothing else in the file uses them.
        packages: Distributions the new code needs (`tf1to2`, `tf-keras`).
        claims: Calls that belong to this site (a builder's adds and save): no other rule reports them.
        needs: First calls of other sites that must be applied together with this one.
        guidance: How closely to look; the rule's own where None.
        wants_v1: The new code is written for `tensorflow.compat.v1`: SM901 switches the file's import.
        wants_v2: The new code means TensorFlow 2 by the file's import, which SM901 therefore leaves.
    """

    node: cst.CSTNode
    symbol: str
    outcome: Outcome
    reason: str
    edits: tuple[Edit, ...] = ()
    imports: tuple[Import, ...] = ()
    freed: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    claims: tuple[cst.CSTNode, ...] = ()
    needs: tuple[cst.CSTNode, ...] = ()
    guidance: Guidance | None = None
    wants_v1: bool = False
    wants_v2: bool = False

    def added_lines(self, text: str) -> int:
        """Return how many lines of code it adds to the module's text, imports aside."""
        return added_lines(text, self.edits)


class Rule:
    """What every rule says of itself; all that the engine must know of one is declared here or by its drafts.

    A rule is a subclass of `codemods.engine.runnable.RunnableRule` in a module `codemods/rules/smNNN_<name>.py`, where
    the registry finds it.
    """

    id: ClassVar[str] = ""
    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    why: ClassVar[str] = ""
    link: ClassVar[str] = ""
    guidance: ClassVar[Guidance] = Guidance.REVIEW
    examples: ClassVar[tuple[Example, ...]] = ()
    limits: ClassVar[tuple[str, ...]] = ()
    tokens: ClassVar[tuple[bytes, ...]] = ()
    """A file in which none of these occurs is never parsed for this rule: keep them rare and exact."""
    precedence: ClassVar[int] = 0
    """Between drafts of one outcome for one call the higher rule wins (native beats shim beats manual before that)."""
    follows_last: ClassVar[bool] = False
    """It follows after all other rules: it spells what they leave."""
    is_foundation: ClassVar[bool] = False
    """What the other rules write counts on what this one adds: where that is in their way, none of it is made."""
    is_conversion: ClassVar[bool] = False
    """Its site is the text that all others are planned on: they need it."""
    keeps_session: ClassVar[bool] = True
    """Its shims take a live session, so a program with one of them stays in graph mode."""
    keeps_estimators: ClassVar[bool] = False
    """What it writes goes on using `tf.estimator` where the target has it."""
    traces: ClassVar[tuple[Trace, ...]] = ()
    """By what a file shows that this rule rewrote it; nothing for rewrites that read as anybody's code."""

    def plan(self, module: Module) -> Iterator[Draft]:
        """Yield a draft for every site of this rule, in the program's mode; never raise for code that puzzles."""
        yield from ()

    def follow(self, module: Module, sites: Sequence[Site]) -> Iterator[Draft]:
        """Yield what the module needs once its `sites` are known: imports, symbols. Edits must keep off theirs."""
        yield from ()

    def plan_requirements(self, path: str, text: str, packages: frozenset[str], supported: str) -> tuple[Site, ...]:
        """Return the sites of a requirement file: it must list `packages`, and TensorFlow in the `supported` range."""
        return ()

    @classmethod
    def documentation(cls) -> str:
        """Return the rule's module docstring."""
        return inspect.cleandoc(inspect.getmodule(cls).__doc__ or "")

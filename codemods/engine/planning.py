"""Turns the drafts of all rules into the sites of a module: one site a call, no edits in each other's way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import libcst as cst

from codemods.compat.graph_mode import graph_only_use
from codemods.edit.edits import Edit
from codemods.engine.guards import is_generated, is_test_path
from codemods.engine.soundness import given_up
from codemods.engine.weighing import weighed
from codemods.rule import Draft, Rule
from codemods.site import Outcome, Site, site_id
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.program import Program
from codemods.source.version_checks import in_tf1_branch

_IN_THE_WAY = "the rewrite would touch code that another site rewrites; apply that one first, then run again"
# A change that counts on the file's imports and mode is none where those cannot be had.
_NO_IMPORTS = "the file's imports, which it needs, could not be rewritten with it; rewrite those by hand first"
_RANK = {Outcome.SKIP: 3, Outcome.NATIVE: 2, Outcome.SHIM: 1, Outcome.MANUAL: 0}


@dataclass(frozen=True, slots=True)
class _Candidate:
    rule: Rule
    draft: Draft

    @property
    def rank(self) -> tuple[int, int]:
        return (_RANK[self.draft.outcome], self.rule.precedence)

    @property
    def calls(self) -> tuple[cst.CSTNode, ...]:
        return (self.draft.node, *self.draft.claims)


def plan_module(
    module: Module, rules: Iterable[Rule], *, part: int = 0, include_tests: bool = True
) -> tuple[Site, ...]:
    """Return the sites of a module in source order.

    A call is reported once: where several rules draft it, `skip` beats `native` beats `shim` beats `manual`. Then the
    rules that follow the others (`Rule.follow`) add what the changed code needs; the changed sites need theirs.
    """
    rules = tuple(rules)
    untouchable = _untouchable(module, include_tests)
    candidates = [
        _Candidate(rule, _guarded(module, weighed(module, draft), untouchable))
        for rule in rules
        for draft in rule.plan(module)
    ]
    chosen = _choose(candidates, [])
    sites = _sites(module, chosen, part)
    if untouchable is not None:
        return sites
    edits = [edit for candidate in chosen for edit in candidate.draft.edits]
    following: list[Site] = []
    foundation: list[Site] = []
    has_foundation = True
    for rule in sorted(rules, key=lambda rule: (rule.follows_last, rule.id)):
        followers = [
            _Candidate(rule, _guarded(module, draft, None)) for draft in rule.follow(module, (*sites, *following))
        ]
        accepted = _choose(followers, edits)
        edits.extend(edit for candidate in accepted for edit in candidate.draft.edits)
        added = _sites(module, accepted, part)
        following.extend(added)
        foundation.extend(site for site in added if rule.is_foundation and site.changes)
        if rule.is_foundation and any(candidate.draft.reason == _IN_THE_WAY for candidate in accepted):
            has_foundation = False
    if not has_foundation:
        return _sorted(given_up(site, _NO_IMPORTS) if site.changes else site for site in (*sites, *following))
    switch = frozenset(site.id for site in foundation)
    following = [replace(site, needs=site.needs | switch) if site.wants_v1 else site for site in following]
    wanted = frozenset(site.id for site in following if site.changes)
    sites = tuple(replace(site, needs=site.needs | wanted) if site.changes else site for site in sites)
    return _sorted((*sites, *following))


def _sorted(sites: Iterable[Site]) -> tuple[Site, ...]:
    return tuple(sorted(sites, key=lambda site: (site.anchor, site.rule)))


def graph_reason(module: Module, sites: Iterable[Site]) -> str | None:
    """Return why the module needs graph mode once the sites are applied, None where it runs in eager mode."""
    sites = tuple(sites)
    for site in sites:
        if site.outcome is Outcome.SHIM and site.changes and site.keeps_session:
            return f"line {site.line}: the export through the shim keeps the TF1 session"
    if module.program.migrates or any(site.changes for site in sites):
        use = graph_only_use(module, sites)
        if use is not None:
            return f"line {module.line_of(module.start(use.node))}: {module.code(use.node)} needs a TF1 graph"
    return None


def plan_alone(text: str, path: str, rules: Iterable[Rule]) -> tuple[Site, ...]:
    """Return the sites of a module that is a program of its own, in the mode that it needs."""
    rules = tuple(rules)
    sites: tuple[Site, ...] = ()
    for mode in Mode:
        module = Module(text, path, Program(mode, migrates=True))
        sites = plan_module(module, rules)
        if graph_reason(module, sites) is None:
            break
    return sites


def _choose(candidates: list[_Candidate], edits: list[Edit]) -> list[_Candidate]:
    """Return one candidate a call, the best; one whose edits would clash with a better one's becomes manual."""
    edits = list(edits)
    taken: set[cst.CSTNode] = set()
    chosen: list[_Candidate] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.rank, reverse=True):
        if taken & set(candidate.calls):
            continue
        taken.update(candidate.calls)
        if any(_conflict(edit, other) for edit in candidate.draft.edits for other in edits):
            candidate = replace(candidate, draft=_refused(candidate.draft))
        edits.extend(candidate.draft.edits)
        chosen.append(candidate)
    return _with_what_they_need(chosen)


def _with_what_they_need(chosen: list[_Candidate]) -> list[_Candidate]:
    """A change that needs another call's change is given up where that one is."""
    while True:
        changing = {candidate.draft.node for candidate in chosen if candidate.draft.edits}
        left = {candidate.draft.node for candidate in chosen} - changing
        kept = [
            replace(candidate, draft=_refused(candidate.draft))
            if candidate.draft.edits and left & set(candidate.draft.needs)
            else candidate
            for candidate in chosen
        ]
        if kept == chosen:
            return chosen
        chosen = kept


def _untouchable(module: Module, include_tests: bool) -> str | None:
    if ".ipynb_checkpoints/" in module.path:
        return "a copy of a notebook that Jupyter saved by itself"
    if not include_tests and is_test_path(module.path):
        return "a test: it may exist to write the TF1 format; --include-tests rewrites it too"
    if is_generated(module.text):
        return "generated code: change the program that writes it"
    return None


def _guarded(module: Module, draft: Draft, untouchable: str | None) -> Draft:
    reason = untouchable
    if reason is None and in_tf1_branch(module, draft.node):
        reason = "this branch runs on TensorFlow 1 only: a version check guards it"
    if reason is None:
        return draft
    return replace(draft, outcome=Outcome.SKIP, reason=reason, edits=(), imports=(), freed=frozenset(), needs=())


def _refused(draft: Draft) -> Draft:
    return replace(draft, outcome=Outcome.MANUAL, reason=_IN_THE_WAY, edits=(), imports=(), freed=frozenset())


def _conflict(first: Edit, second: Edit) -> bool:
    if first == second:
        return False  # a shared edit, made once
    if first.start == first.end or second.start == second.end:
        return first.start < second.end and second.start < first.end
    return max(first.start, second.start) < min(first.end, second.end)


def _sites(module: Module, chosen: list[_Candidate], part: int) -> tuple[Site, ...]:
    chosen = sorted(chosen, key=lambda candidate: module.start(candidate.draft.node))
    seen: Counter[tuple[str, str]] = Counter()
    ids: dict[cst.CSTNode, str] = {}
    for candidate in chosen:
        code = _identity(module, candidate.draft.node)
        key = (candidate.rule.id, code)
        ids[candidate.draft.node] = site_id(candidate.rule.id, module.path, code, seen[key])
        seen[key] += 1
    sites = []
    for candidate in chosen:
        draft, offset = candidate.draft, module.start(candidate.draft.node)
        sites.append(
            Site(
                id=ids[draft.node],
                rule=candidate.rule.id,
                symbol=draft.symbol,
                line=module.line_of(offset),
                col=module.column_of(offset),
                cell=None,
                outcome=draft.outcome,
                reason=draft.reason,
                guidance=draft.guidance or candidate.rule.guidance,
                anchor=offset,
                part=part,
                edits=draft.edits,
                imports=tuple(draft.imports),
                freed=draft.freed - module.program.taken_names
                if "*" not in module.program.taken_names
                else frozenset(),
                needs=frozenset(ids[node] for node in draft.needs if node in ids),
                packages=draft.packages,
                wants_v1=draft.wants_v1,
                wants_v2=draft.wants_v2,
                keeps_session=candidate.rule.keeps_session,
                keeps_estimators=candidate.rule.keeps_estimators,
            )
        )
    return tuple(sites)


def _identity(module: Module, node: cst.CSTNode) -> str:
    statement = module.statement(node)
    code = module.code(node if not isinstance(statement, cst.SimpleStatementLine) else statement)
    return " ".join(code.split())


def with_needs(sites: Iterable[Site], wanted: Iterable[str]) -> tuple[Site, ...]:
    """Return the wanted sites together with all that they need, in source order."""
    by_id = {site.id: site for site in sites}
    accepted: set[str] = set()
    queue = [identity for identity in wanted if identity in by_id]
    while queue:
        identity = queue.pop()
        if identity not in accepted:
            accepted.add(identity)
            queue.extend(need for need in by_id[identity].needs if need in by_id)
    return tuple(site for site in by_id.values() if site.id in accepted)

"""Takes decisions up again: those stored earlier that still hold for the changes planned now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from codemods.edit.edits import Edit
from codemods.errors import CodemodError
from migrate.review.agenda import Agenda, Item
from migrate.review.decision import Decision, Verdict, change_digest, content_digest
from migrate.review.session import Review, following, start
from migrate.review.stored import StoredDecision


class Standing(Enum):
    """What a stored decision means for this run."""

    HOLDS = "holds"
    DONE = "made by an earlier review, or its code changed"
    STALE = "no such change is proposed any more"
    OUTSIDE = "this run does not look there"
    CHANGED = "the change proposed now is another"
    UNSUPPORTED = "a change it needs is not accepted"


@dataclass(frozen=True, slots=True)
class Resumed:
    """A review with the stored decisions that hold. `kept` are those that do not, each with its standing."""

    review: Review
    kept: tuple[tuple[StoredDecision, Standing], ...]


def resume(agenda: Agenda, stored: Iterable[StoredDecision], in_run: Callable[[StoredDecision], bool]) -> Resumed:
    """Return the review as the stored decisions left it; undo goes back through them. `in_run` tells which of them are
    about a file and a rule of this run.

    A decision holds for the very change it was made about. Accepted changes whose needs are not accepted are asked
    about again; undecided ones that need a rejected one are rejected with it.
    """
    by_key = {entry.site: entry for entry in stored}
    looked_at = {key: entry for key, entry in by_key.items() if key in agenda.items or in_run(entry)}
    standings = dict.fromkeys(by_key.keys() - looked_at.keys(), Standing.OUTSIDE)
    missing = [entry for key, entry in looked_at.items() if key not in agenda.items]
    for key, entry in looked_at.items():
        item = agenda.items.get(key)
        standings[key] = _missing(entry) if item is None else _standing(entry, item, missing)
    decisions = {
        key: Decision(by_key[key].verdict, by_key[key].step, _edits(by_key[key], agenda.items[key]))
        for key, standing in standings.items()
        if standing is Standing.HOLDS
    }
    for key in _unsupported(agenda, decisions):
        del decisions[key]
        standings[key] = Standing.UNSUPPORTED
    _reject_dependants(agenda, decisions)
    kept = tuple((by_key[key], standing) for key, standing in standings.items() if standing is not Standing.HOLDS)
    return Resumed(_history(agenda, decisions), kept)


def _missing(entry: StoredDecision) -> Standing:
    return Standing.DONE if entry.is_written else Standing.STALE


def _standing(entry: StoredDecision, item: Item, missing: Iterable[StoredDecision]) -> Standing:
    # In a file that has the change already, an equal statement further down carries the site's id now. Then the last of
    # the equal ones is missing; in another checkout, where nothing was written yet, none is.
    may_be_twin = any(other.path == entry.path and other.rule == entry.rule for other in missing)
    if entry.is_written and entry.content != content_digest(item.file.old) and may_be_twin:
        return Standing.CHANGED
    if entry.change != change_digest(item.site, item.file.text(item.site.part)):
        return Standing.CHANGED
    if entry.edits is not None and _edits(entry, item) is None:
        return Standing.CHANGED
    return Standing.HOLDS


def _edits(entry: StoredDecision, item: Item) -> tuple[Edit, ...] | None:
    """Return the person's edits as they stand in the file now; None where there are none, or their place changed."""
    if entry.edits is None:
        return None
    text = item.file.text(item.site.part)
    placed: list[Edit] = []
    for edit in entry.edits:
        start_at = item.site.anchor + edit.at
        if start_at < 0 or text[start_at : start_at + len(edit.old)] != edit.old:
            return None
        placed.append(Edit(start_at, start_at + len(edit.old), edit.new))
    return tuple(placed)


def _unsupported(agenda: Agenda, decisions: Mapping[str, Decision]) -> list[str]:
    accepted = {key for key, decision in decisions.items() if decision.is_accepted}
    found = [key for key in accepted if not agenda.needs[key] <= accepted]
    for file in agenda.files:  # what a defect or a hand-written edit makes impossible is asked about again
        mine = {item.key: decisions[item.key] for item in agenda.of_file(file.path) if item.key in decisions}
        kept = {key: decision for key, decision in mine.items() if key not in found}
        try:
            Review(agenda, kept).content(file.path)
        except CodemodError:
            found.extend(key for key in kept if key in accepted)
    return found


def _reject_dependants(agenda: Agenda, decisions: dict[str, Decision]) -> None:
    for key in [key for key, decision in decisions.items() if not decision.is_accepted]:
        for other in agenda.needed_by[key]:
            decisions.setdefault(other, Decision(Verdict.REJECTED, decisions[key].step))


def _history(agenda: Agenda, decisions: Mapping[str, Decision]) -> Review:
    review = start(agenda)
    for step in sorted({decision.step for decision in decisions.values()}):
        made = {key: decision for key, decision in decisions.items() if decision.step <= step}
        review = Review(agenda, made, following(Review(agenda, made), review.at), review)
    return review

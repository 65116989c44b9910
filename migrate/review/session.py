"""The course of a review as a state machine: a state and an answer give the next state. No input, no output.

Two things hold in every state: what an accepted change needs is accepted, and what needs a rejected change is rejected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from codemods.edit.edits import Edit
from codemods.errors import CodemodError
from codemods.site import Site
from migrate.review.agenda import Agenda, Item
from migrate.review.decision import Decision, Verdict, decided_site


class Answer(Enum):
    """What a person may say to a question."""

    ACCEPT = "accept"
    REJECT = "reject"
    ACCEPT_REST = "accept the rest of the file"
    REJECT_REST = "reject the rest of the file"
    ACCEPT_RULE = "accept every change of the rule"
    REJECT_RULE = "reject every change of the rule"
    UNDO = "undo"
    NEXT = "next"
    PREVIOUS = "previous"


@dataclass(frozen=True, slots=True)
class AcceptEdited:
    """The answer that accepts the change with other edits in place of the site's own."""

    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """A review under way. `at` is the key of the change in question, None when all are decided.

    `before` is the state that undo returns to.
    """

    agenda: Agenda
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    at: str | None = None
    before: Review | None = None

    @property
    def undecided(self) -> tuple[str, ...]:
        """Keys of the changes nobody decided on, in the order of the questions."""
        return tuple(key for key in self.agenda.items if key not in self.decisions)

    @property
    def step(self) -> int:
        """Number of the answer that decided last; 0 before the first."""
        return max((decision.step for decision in self.decisions.values()), default=0)

    def accepted(self, path: str) -> frozenset[Site]:
        """Return the accepted sites of a file, as they were accepted."""
        return self._sites(path, self.decisions)

    def content(self, path: str) -> bytes:
        """Return what a file becomes: its accepted changes made, and nothing else."""
        return self._file_with(path, self.decisions)

    def is_complete(self, path: str) -> bool:
        """Whether every change of the file is decided."""
        return all(item.key in self.decisions for item in self.agenda.of_file(path))

    def _sites(self, path: str, decisions: Mapping[str, Decision]) -> frozenset[Site]:
        return frozenset(
            decided_site(item.site, decisions[item.key], item.file.text(item.site.part))
            for item in self.agenda.of_file(path)
            if item.key in decisions and decisions[item.key].is_accepted
        )

    def _file_with(self, path: str, decisions: Mapping[str, Decision]) -> bytes:
        file = next(file for file in self.agenda.files if file.path == path)
        return file.apply(self._sites(path, decisions))


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked: shall this change be made?

    `old` and `new` are the file's bytes without and with all that accepting does. `brings` are the undecided changes it
    needs, accepted with it; `takes` the undecided ones that need it, rejected with it. `number` counts from 1.
    `problem` says why the change cannot be accepted: a defect of its rule, then `new` is `old`.
    """

    item: Item
    number: int
    total: int
    undecided: int
    old: bytes
    new: bytes
    brings: tuple[Item, ...]
    takes: tuple[Item, ...]
    problem: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """The state after an answer: what was decided by it, what came along with that, or what was undone.

    `notice` says why nothing changed.
    """

    review: Review
    decided: tuple[Item, ...] = ()
    along: tuple[Item, ...] = ()
    undone: tuple[Item, ...] = ()
    notice: str | None = None


def start(agenda: Agenda) -> Review:
    """Return the state in which nothing is decided yet."""
    return Review(agenda, {}, next(iter(agenda.items), None))


def question(review: Review) -> Question | None:
    """Return the question of a state, None when all is decided."""
    if review.at is None:
        return None
    item = review.agenda.items[review.at]
    brings = _undecided_of(review, review.agenda.needs[item.key])
    takes = _undecided_of(review, review.agenda.needed_by[item.key])
    with_it = _decided(review, (item.key, *(other.key for other in brings)), Verdict.ACCEPTED)
    old = review.content(item.file.path)
    try:
        new, problem = review._file_with(item.file.path, with_it), None
    except CodemodError as error:
        new, problem = old, str(error)
    return Question(
        item=item,
        number=list(review.agenda.items).index(item.key) + 1,
        total=len(review.agenda.items),
        undecided=len(review.undecided),
        old=old,
        new=new,
        brings=brings,
        takes=takes,
        problem=problem,
    )


def answered(review: Review, answer: Answer | AcceptEdited) -> Step:
    """Return the state after an answer. An answer that is not possible changes nothing and says why."""
    if answer is Answer.UNDO:
        if review.before is None:
            return Step(review, notice="There is nothing to undo.")
        return Step(review.before, undone=_lost(review, review.before))
    if review.at is None:
        return Step(review, notice="Every change is decided.")
    if answer is Answer.NEXT or answer is Answer.PREVIOUS:
        return _moved(review, answer)
    item = review.agenda.items[review.at]
    if isinstance(answer, AcceptEdited):
        return _decide(review, (item,), Verdict.ACCEPTED, answer.edits)
    verdict = Verdict.ACCEPTED if answer in _ACCEPTING else Verdict.REJECTED
    return _decide(review, _reach(review, item, answer), verdict)


_ACCEPTING = (Answer.ACCEPT, Answer.ACCEPT_REST, Answer.ACCEPT_RULE)


def _reach(review: Review, item: Item, answer: Answer) -> tuple[Item, ...]:
    """Return the undecided changes that an answer is about."""
    if answer in (Answer.ACCEPT, Answer.REJECT):
        return (item,)
    keys = list(review.agenda.items)
    open_items = [review.agenda.items[key] for key in review.undecided]
    if answer in (Answer.ACCEPT_RULE, Answer.REJECT_RULE):
        return tuple(other for other in open_items if other.site.rule == item.site.rule)
    here = keys.index(item.key)
    return tuple(other for other in open_items if other.file is item.file and keys.index(other.key) >= here)


def _decide(review: Review, items: tuple[Item, ...], verdict: Verdict, edits: tuple[Edit, ...] | None = None) -> Step:
    linked = review.agenda.needs if verdict is Verdict.ACCEPTED else review.agenda.needed_by
    reached = frozenset[str]().union(*(linked[item.key] for item in items)) - {item.key for item in items}
    along = _undecided_of(review, reached)
    decisions = _decided(review, (other.key for other in (*items, *along)), verdict, edits)
    if verdict is Verdict.ACCEPTED:
        for path in dict.fromkeys(item.file.path for item in (*items, *along)):
            try:
                review._file_with(path, decisions)
            except CodemodError as error:
                return Step(review, notice=f"{path}: this cannot be accepted: {error}.")
    after = Review(review.agenda, decisions, None, review)
    return Step(replace(after, at=following(after, review.at)), items, along)


def _decided(
    review: Review, keys: Iterable[str], verdict: Verdict, edits: tuple[Edit, ...] | None = None
) -> dict[str, Decision]:
    step = review.step + 1
    given = {key: Decision(verdict, step, edits if key == review.at else None) for key in keys}
    return {**review.decisions, **given}


def following(review: Review, at: str | None) -> str | None:
    """Return the first undecided change after `at`, or from the beginning again where none follows."""
    keys = list(review.agenda.items)
    here = keys.index(at) if at is not None else 0
    return next((key for key in keys[here:] + keys[:here] if key not in review.decisions), None)


def _moved(review: Review, answer: Answer) -> Step:
    undecided = review.undecided
    if len(undecided) < 2:
        return Step(review, notice="No other change is undecided.")
    here = undecided.index(review.at) if review.at is not None else 0
    place = here + (1 if answer is Answer.NEXT else -1)
    return Step(replace(review, at=undecided[place % len(undecided)]))


def _lost(review: Review, before: Review) -> tuple[Item, ...]:
    return tuple(review.agenda.items[key] for key in review.decisions if key not in before.decisions)


def _undecided_of(review: Review, keys: frozenset[str]) -> tuple[Item, ...]:
    return tuple(item for key, item in review.agenda.items.items() if key in keys and key not in review.decisions)

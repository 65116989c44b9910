"""Which stored decisions still hold, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from codemods.edit.edits import Edit
from migrate.review.agenda import Agenda
from migrate.review.decision import Verdict
from migrate.review.record import stored_review
from migrate.review.resume import Standing, resume
from migrate.review.session import AcceptEdited, Answer, Review, answered, start
from migrate.review.stored import StoredDecision, StoredReview
from tests.review.files import numbered_agenda

Change = Callable[[StoredDecision], StoredDecision]


def agenda() -> Agenda:
    return numbered_agenda(one={"a": "", "b": "a", "c": ""})


def stored(review: Review, *, is_written: bool = False) -> dict[str, StoredDecision]:
    written = {"one.py": b"x"} if is_written else {}
    return {entry.site[-1]: entry for entry in stored_review(review, StoredReview(), written).decisions}


def all_accepted() -> Review:
    return answered(start(agenda()), Answer.ACCEPT_REST).review


def test_decisions_about_the_same_changes_hold() -> None:
    resumed = resume(agenda(), stored(all_accepted()).values(), lambda _: True)
    assert not resumed.kept
    assert resumed.review.content("one.py") == b"a = 1\nb = 1\nc = 1\n"
    assert resumed.review.at is None


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        (lambda entry: replace(entry, change="another"), Standing.CHANGED),
        (lambda entry: replace(entry, site="SM101:gone"), Standing.STALE),
        (lambda entry: replace(entry, site="SM101:gone", is_written=True), Standing.DONE),
        (lambda entry: replace(entry, is_written=True, content="another"), Standing.HOLDS),
        (lambda entry: replace(entry, edits=()), Standing.HOLDS),
    ],
)
def test_decisions_about_other_changes_do_not(change: Change, standing: Standing) -> None:
    entries = stored(all_accepted())
    entries["c"] = change(entries["c"])
    resumed = resume(agenda(), entries.values(), lambda _: True)
    assert [kept for _, kept in resumed.kept] == ([] if standing is Standing.HOLDS else [standing])
    assert ("one.py:c" in resumed.review.decisions) == (standing is Standing.HOLDS)
    assert resumed.review.content("one.py").startswith(b"a = 1\nb = 1\n")


def test_the_twin_of_a_change_that_was_made_is_asked_about() -> None:
    """Of two equal statements the first was rewritten: the second carries its id now."""
    entries = stored(all_accepted())
    made = replace(entries["a"], is_written=True, content="of the file before")
    second = replace(entries["a"], site="one.py:a2", verdict=Verdict.REJECTED)
    resumed = resume(agenda(), [made, second], lambda _: True)
    assert [standing for _, standing in resumed.kept] == [Standing.CHANGED, Standing.STALE]
    assert not resumed.review.decisions


def test_an_edit_elsewhere_in_the_file_costs_no_decision() -> None:
    entries = stored(all_accepted())
    entries["c"] = replace(entries["c"], content="of the file before the edit")
    assert not resume(agenda(), entries.values(), lambda _: True).kept


def test_what_is_not_looked_at_is_not_called_stale() -> None:
    entries = stored(all_accepted())
    gone = replace(entries["c"], site="SM101:gone")
    assert resume(agenda(), [gone], lambda _: False).kept == ((gone, Standing.OUTSIDE),)


def test_a_change_whose_need_is_gone_is_asked_about_again() -> None:
    entries = stored(all_accepted())
    resumed = resume(agenda(), [entries["b"], entries["c"]], lambda _: True)
    assert [(entry.site[-1], standing) for entry, standing in resumed.kept] == [("b", Standing.UNSUPPORTED)]
    assert resumed.review.undecided == ("one.py:a", "one.py:b")


def test_a_contradiction_keeps_the_rejection() -> None:
    entries = stored(all_accepted())
    entries["a"] = replace(entries["a"], verdict=Verdict.REJECTED)
    resumed = resume(agenda(), entries.values(), lambda _: True)
    assert resumed.review.content("one.py") == b"a = 0\nb = 0\nc = 1\n"


def test_what_needs_a_rejected_change_is_rejected_with_it() -> None:
    entries = stored(all_accepted())
    rejected = replace(entries["a"], verdict=Verdict.REJECTED)
    review = resume(agenda(), [rejected], lambda _: True).review
    assert review.decisions["one.py:b"].verdict is Verdict.REJECTED
    assert review.undecided == ("one.py:c",)


def test_edited_code_is_taken_up_where_it_still_fits() -> None:
    review = answered(start(agenda()), AcceptEdited((Edit(4, 5, "7"),))).review
    entries = stored(review)
    assert resume(agenda(), entries.values(), lambda _: True).review.content("one.py") == b"a = 7\nb = 0\nc = 0\n"


def test_edited_code_whose_place_changed_is_asked_about_again() -> None:
    review = answered(start(agenda()), AcceptEdited((Edit(0, 1, "z"),))).review
    entries = stored(review)
    other = numbered_agenda(one={"x": "", "a": "", "b": "a", "c": ""})
    assert not resume(other, entries.values(), lambda _: True).kept  # two lines further down: it moved with the site
    edits = entries["a"].edits
    assert edits is not None
    entries["a"] = replace(entries["a"], edits=(replace(edits[0], old="q"),))
    resumed = resume(other, entries.values(), lambda _: True)
    assert [standing for _, standing in resumed.kept] == [Standing.CHANGED]


def test_nothing_is_lost_when_it_is_stored_again() -> None:
    entries = stored(all_accepted())
    gone = replace(entries["c"], site="SM101:gone")
    resumed = resume(agenda(), [entries["a"], gone], lambda _: True)
    kept = StoredReview(tuple(entry for entry, _ in resumed.kept))
    again = stored_review(resumed.review, kept, {})
    assert {entry.site for entry in again.decisions} == {"one.py:a", "SM101:gone"}


def test_a_new_decision_replaces_the_entry_that_did_not_hold() -> None:
    entries = stored(all_accepted())
    other = replace(entries["a"], change="another")
    resumed = resume(agenda(), [other], lambda _: True)
    review = answered(resumed.review, Answer.REJECT).review
    again = stored_review(review, StoredReview((other,)), {})
    assert {entry.site: entry.verdict for entry in again.decisions}["one.py:a"] is Verdict.REJECTED


def test_only_accepted_changes_count_as_written() -> None:
    review = answered(start(agenda()), Answer.REJECT).review
    review = answered(review, Answer.ACCEPT).review
    assert {key: entry.is_written for key, entry in stored(review, is_written=True).items()} == {
        "a": False,
        "b": False,
        "c": True,
    }

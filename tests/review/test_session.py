"""The state machine of a review, answer by answer."""

from __future__ import annotations

import pytest

from codemods.edit.edits import Edit
from migrate.review.agenda import agenda_of
from migrate.review.decision import Verdict
from migrate.review.session import AcceptEdited, Answer, Review, answered, question, start
from tests.review.files import numbered_agenda, numbered_file

KEYS = {
    "y": Answer.ACCEPT,
    "n": Answer.REJECT,
    "a": Answer.ACCEPT_REST,
    "d": Answer.REJECT_REST,
    "r": Answer.ACCEPT_RULE,
    "R": Answer.REJECT_RULE,
    "u": Answer.UNDO,
    "j": Answer.NEXT,
    "k": Answer.PREVIOUS,
}
MARKS = {Verdict.ACCEPTED: "+", Verdict.REJECTED: "-"}


def played(review: Review, keys: str) -> Review:
    for key in keys:
        review = answered(review, KEYS[key]).review
    return review


def shown(review: Review) -> str:
    """Every change as `+`, `-` or `?`, the one in question in brackets."""
    marks = []
    for key in review.agenda.items:
        mark = MARKS[review.decisions[key].verdict] if key in review.decisions else "?"
        marks.append(f"({mark})" if key == review.at else mark)
    return "".join(marks)


# Two files of three changes: nothing needs anything; rules SM101, SM101, SM102 each.
RULES = {"c": "SM102", "f": "SM102"}


@pytest.mark.parametrize(
    ("keys", "state"),
    [
        ("", "(?)?????"),
        ("y", "+(?)????"),
        ("n", "-(?)????"),
        ("yn", "+-(?)???"),
        ("a", "+++(?)??"),
        ("d", "---(?)??"),
        ("ya", "+++(?)??"),
        ("nd", "---(?)??"),
        ("ja", "?++(?)??"),
        ("jd", "?--(?)??"),
        ("r", "++(?)++?"),
        ("R", "--(?)--?"),
        ("nr", "-+(?)++?"),
        ("jjr", "??+(?)?+"),
        ("yu", "(?)?????"),
        ("yyu", "+(?)????"),
        ("yyuu", "(?)?????"),
        ("ru", "(?)?????"),
        ("au", "(?)?????"),
        ("u", "(?)?????"),
        ("j", "?(?)????"),
        ("jk", "(?)?????"),
        ("k", "?????(?)"),
        ("jjjjjj", "(?)?????"),
        ("yj", "+?(?)???"),
        ("yk", "+????(?)"),
        ("jy", "?+(?)???"),
        ("ky", "(?)????+"),
        ("jyu", "?(?)????"),
        ("aa", "++++++"),
        ("ad", "+++---"),
        ("aaj", "++++++"),
        ("aay", "++++++"),
        ("aau", "+++(?)??"),
        ("yyyyyj", "+++++(?)"),
    ],
)
def test_answers(keys: str, state: str) -> None:
    agenda = agenda_of(
        [
            numbered_file("one.py", {"a": "", "b": "", "c": ""}, RULES),
            numbered_file("two.py", {"d": "", "e": "", "f": ""}, RULES),
        ]
    )
    assert shown(played(start(agenda), keys)) == state


@pytest.mark.parametrize(
    ("needs", "keys", "state"),
    [
        ({"a": "", "b": "a"}, "y", "+(?)"),
        ({"a": "", "b": "a"}, "n", "--"),
        ({"a": "", "b": "a"}, "jy", "++"),
        ({"a": "", "b": "a"}, "jn", "(?)-"),
        ({"a": "", "b": "a"}, "jyu", "?(?)"),
        ({"a": "", "b": "a"}, "nu", "(?)?"),
        ({"a": "", "b": "a", "c": "b"}, "n", "---"),
        ({"a": "", "b": "a", "c": "b"}, "jjy", "+++"),
        ({"a": "", "b": "a", "c": "b"}, "yn", "+--"),
        ({"a": "", "b": "a", "c": ""}, "n", "--(?)"),
        ({"a": "", "b": "a", "c": ""}, "jd", "(?)--"),
        ({"a": "b", "b": "a", "c": ""}, "y", "++(?)"),
        ({"a": "b", "b": "a", "c": ""}, "n", "--(?)"),
    ],
)
def test_what_a_change_needs_comes_along(needs: dict[str, str], keys: str, state: str) -> None:
    assert shown(played(start(numbered_agenda(one=needs)), keys)) == state


def test_a_rule_taken_along_reaches_other_rules() -> None:
    agenda = agenda_of([numbered_file("one.py", {"a": "", "b": "a"}, {"a": "SM901"})])
    assert shown(played(start(agenda), "R")) == "--"
    step = answered(start(agenda), Answer.REJECT_RULE)
    assert [item.key for item in step.decided] == ["one.py:a"]
    assert [item.key for item in step.along] == ["one.py:b"]


def test_a_question_tells_what_comes_along() -> None:
    review = start(numbered_agenda(one={"a": "", "b": "a", "c": "b"}))
    asked = question(played(review, "j"))
    assert asked is not None
    assert [item.key[-1] for item in asked.brings] == ["a"]
    assert [item.key[-1] for item in asked.takes] == ["c"]
    assert (asked.number, asked.total, asked.undecided) == (2, 3, 3)


def test_the_difference_is_what_accepting_does() -> None:
    asked = question(played(start(numbered_agenda(one={"a": "", "b": "a", "c": ""})), "j"))
    assert asked is not None
    assert (asked.old, asked.new) == (b"a = 0\nb = 0\nc = 0\n", b"a = 1\nb = 1\nc = 0\n")


def test_what_was_accepted_before_is_not_in_the_difference() -> None:
    asked = question(played(start(numbered_agenda(one={"a": "", "b": "", "c": ""})), "yn"))
    assert asked is not None
    assert (asked.old, asked.new) == (b"a = 1\nb = 0\nc = 0\n", b"a = 1\nb = 0\nc = 1\n")


def test_edited_code_is_accepted_in_place_of_the_proposed() -> None:
    agenda = numbered_agenda(one={"a": "", "b": ""})
    review = answered(start(agenda), AcceptEdited((Edit(4, 5, "7"),))).review
    assert review.content("one.py") == b"a = 7\nb = 0\n"
    assert shown(review) == "+(?)"
    assert answered(review, Answer.UNDO).review.content("one.py") == b"a = 0\nb = 0\n"


@pytest.mark.parametrize("edit", [Edit(4, 5, "("), Edit(0, 1, "1 +\n"), Edit(4, 5, "0\n  x")])
def test_edited_code_that_is_no_python_is_refused(edit: Edit) -> None:
    review = start(numbered_agenda(one={"a": "", "b": ""}))
    step = answered(review, AcceptEdited((edit,)))
    assert step.review is review
    assert step.notice is not None and "one.py" in step.notice


def test_edits_in_the_place_of_an_accepted_change_are_refused() -> None:
    review = played(start(numbered_agenda(one={"a": "", "b": ""})), "y")
    step = answered(review, AcceptEdited((Edit(4, 9, "2\nc = "),)))
    assert step.review is review and step.notice is not None


@pytest.mark.parametrize("answer", [Answer.NEXT, Answer.PREVIOUS])
def test_moving_with_nothing_to_move_to_says_so(answer: Answer) -> None:
    review = start(numbered_agenda(one={"a": ""}))
    step = answered(review, answer)
    assert step.review is review and step.notice is not None


def test_undo_at_the_beginning_says_so() -> None:
    review = start(numbered_agenda(one={"a": ""}))
    assert answered(review, Answer.UNDO).notice == "There is nothing to undo."


def test_a_review_without_changes_has_no_question() -> None:
    review = start(agenda_of([]))
    assert question(review) is None
    assert answered(review, Answer.ACCEPT).review is review

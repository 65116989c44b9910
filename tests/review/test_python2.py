"""Reviews of Python 2 files: the conversion is asked first, and the other changes need it."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.codemod.discover import discover
from migrate.codemod.options import RunOptions
from migrate.codemod.run import run_codemods
from migrate.review.agenda import Agenda, agenda_of
from migrate.review.files import review_files
from migrate.review.record import stored_review
from migrate.review.resume import resume
from migrate.review.session import Answer, Review, answered, question, start
from migrate.review.stored import StoredReview

BEFORE = (
    "import tensorflow as tf\r\n\r\nKIND = tf.float32\r\n\r\n\r\ndef export(s, x, d):\r\n"
    '    print "exports", d\r\n    tf.saved_model.simple_save(s, d, {"x": x}, {"y": x})\r\n'
)
CONVERTED = BEFORE.replace('print "exports", d', 'print("exports", d)')


@pytest.fixture
def agenda(tmp_path: Path) -> Agenda:
    (tmp_path / "export.py").write_bytes(BEFORE.encode())
    return agenda_of(review_files(run_codemods(discover([tmp_path]), RunOptions(jobs=1, python2=True))))


def content(review: Review) -> str:
    return review.content("export.py").decode()


def test_the_conversion_is_asked_first_and_stands_alone(agenda: Agenda) -> None:
    first = question(start(agenda))
    assert first is not None
    assert first.item.site.rule == "SM905"
    review = answered(start(agenda), Answer.ACCEPT).review
    assert content(review) == CONVERTED
    following = question(review)
    assert following is not None
    assert following.item.site.rule != "SM905"
    accepted = answered(review, Answer.ACCEPT_REST).review
    assert 'export_session(s, d, {"x": x}, {"y": x})\r\n' in content(accepted)
    assert 'print("exports", d)\r\n' in content(accepted)


def test_without_the_conversion_nothing_changes(agenda: Agenda) -> None:
    review = answered(start(agenda), Answer.REJECT).review
    assert not review.undecided
    assert content(review) == BEFORE


def test_decisions_are_taken_up_again(agenda: Agenda, tmp_path: Path) -> None:
    review = answered(start(agenda), Answer.ACCEPT).review
    stored = stored_review(review, StoredReview(), {}).decisions
    again = resume(agenda, stored, lambda _: True)
    assert (content(again.review), again.kept) == (CONVERTED, ())
    # The file is another one now: its conversion is asked about anew.
    (tmp_path / "export.py").write_bytes(BEFORE.encode() + b"print 1\r\n")
    changed = agenda_of(review_files(run_codemods(discover([tmp_path]), RunOptions(jobs=1, python2=True))))
    assert not resume(changed, stored, lambda _: True).review.decisions

"""Decisions files as a person makes them."""

from __future__ import annotations

from pathlib import Path

from migrate.codemod.discover import discover
from migrate.codemod.options import RunOptions
from migrate.codemod.run import run_codemods
from migrate.review.agenda import agenda_of
from migrate.review.decision import Decision, Verdict
from migrate.review.files import review_files
from migrate.review.record import stored_review
from migrate.review.session import Review
from migrate.review.stored import StoredReview, as_text


def accepting_all(folder: Path) -> str:
    """Return the decisions file that accepts every change of a folder."""
    agenda = agenda_of(review_files(run_codemods(discover([folder]), RunOptions(jobs=1))))
    review = Review(agenda, {key: Decision(Verdict.ACCEPTED, 1) for key in agenda.items})
    return as_text(stored_review(review, StoredReview(), {}), "tests")

"""Runs a review: plans the changes, takes stored decisions up, then asks or replays."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from codemods.rules.registry import select_rules
from migrate.cli.codemod_output import run_with_progress
from migrate.cli.review_loop import Conversation, DecisionsFile
from migrate.cli.review_report import ReviewReport, edited_lines, standing_lines, undecided_lines
from migrate.cli.review_screen import ReviewScreen
from migrate.codemod.discover import FileSet
from migrate.codemod.options import RunOptions
from migrate.codemod.result import RunResult
from migrate.errors import Tf1to2Error
from migrate.review.agenda import agenda_of
from migrate.review.earlier import Earlier, as_before, earlier_contents
from migrate.review.files import review_files
from migrate.review.publishing import Publisher, Scope
from migrate.review.resume import Resumed, resume
from migrate.review.stored import StoredDecision, StoredReview, parse, read


@dataclass(frozen=True, slots=True)
class PreparedReview:
    """A review before its first question. `data` is the content of the decisions file, None where there is none."""

    result: RunResult
    path: Path
    data: bytes | None
    stored: StoredReview
    earlier: Earlier
    resumed: Resumed

    def publisher(self) -> Publisher:
        """Return what writes its files."""
        return Publisher(self.result.root, self.resumed.review.agenda, self.earlier.after)

    def report(self, talk: Conversation | None, publisher: Publisher) -> ReviewReport:
        """Return how it ended."""
        review = talk.review if talk is not None else self.resumed.review
        return ReviewReport(self.result, review, publisher, self.resumed.kept, self.path)


def prepare(files: FileSet, options: RunOptions, path: Path) -> PreparedReview:
    """Plan the changes and take up the decisions stored at `path`.

    Raises:
        Tf1to2Error: The decisions file cannot be read, or a rule is not known.
    """
    data = read(path)
    stored = parse(path, data) if data is not None else StoredReview()
    earlier = earlier_contents(files.root, stored)
    with as_before(files, earlier.before) as placed:
        result = replace(run_with_progress(placed, options), root=files.root)
    rules = {rule.id for rule in select_rules(options.select, options.ignore)}
    paths = frozenset(files.paths)

    def in_run(entry: StoredDecision) -> bool:
        return entry.rule in rules and (entry.path in paths or not (files.root / entry.path).exists())

    resumed = resume(agenda_of(review_files(result)), stored.decisions, in_run)
    return PreparedReview(result, path, data, stored, earlier, resumed)


def conversed(prepared: PreparedReview) -> ReviewReport:
    """Ask the person, and return how it ended.

    Raises:
        Tf1to2Error: The decisions can no longer be stored.
    """
    publisher = prepared.publisher()
    kept = StoredReview(tuple(entry for entry, _ in prepared.resumed.kept), prepared.stored.files)
    _tell((*edited_lines(prepared.earlier), *standing_lines(prepared.resumed.kept)))
    file = DecisionsFile(prepared.path, prepared.data, kept)
    talk = Conversation(prepared.resumed.review, file, publisher, ReviewScreen())
    if talk.review.agenda.items:
        talk.run()
    return prepared.report(talk, publisher)


def replayed(prepared: PreparedReview) -> ReviewReport:
    """Make the accepted changes without a question, and return how it ended."""
    publisher = prepared.publisher()
    review = prepared.resumed.review
    publisher.settle(review, Scope.ACCEPTED)
    _tell((*edited_lines(prepared.earlier), *standing_lines(prepared.resumed.kept), *undecided_lines(review)))
    return prepared.report(None, publisher)


def check_writable(path: Path) -> None:
    """Refuse at once what would fail at the first answer.

    Raises:
        Tf1to2Error: No decisions file can be written there.
    """
    place = path if path.exists() else path.parent
    if path.is_dir() or not place.exists() or not os.access(place, os.W_OK):
        raise Tf1to2Error(f"{path}: the decisions cannot be kept there; --decisions FILE names another place.")


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line, err=True)

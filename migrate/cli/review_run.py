"""Runs a review: plans the changes, takes stored decisions up, then asks or replays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from codemods.rules.registry import select_rules
from migrate.cli.codemod_output import run_with_progress
from migrate.cli.codemod_writing import stopped
from migrate.cli.console import say
from migrate.cli.interrupts import held_signals
from migrate.cli.review_loop import Conversation, DecisionsFile
from migrate.cli.review_report import ReviewReport, edited_lines, standing_lines, undecided_lines
from migrate.cli.review_screen import ReviewScreen
from migrate.codemod.discover import FileSet
from migrate.codemod.links import without_links_out
from migrate.codemod.options import RunOptions
from migrate.codemod.result import RunResult
from migrate.errors import Tf1to2Error
from migrate.files.destination import DestinationKind, UnwritableError, destination
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
    result = without_links_out(result, files)
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
    """Make the accepted changes without a question, and return how it ended.

    Raises:
        Tf1to2Error: Ctrl-C or SIGTERM came before the last file; the message says what was written.
    """
    publisher = prepared.publisher()
    review = prepared.resumed.review
    with held_signals() as received:
        publisher.settle(review, Scope.ACCEPTED, is_stopped=lambda: bool(received))
    if received and not publisher.is_settled(review):
        raise Tf1to2Error(stopped(sorted(publisher.changed)))
    _tell((*edited_lines(prepared.earlier), *standing_lines(prepared.resumed.kept), *undecided_lines(review)))
    return prepared.report(None, publisher)


def check_writable(path: Path) -> None:
    """Refuse at once what would fail at the first answer.

    Raises:
        Tf1to2Error: No decisions file can be written there.
    """
    try:
        is_file = destination(path).kind in (DestinationKind.FILE, DestinationKind.NEW)
        reason = "" if is_file else "it is no regular file"
    except UnwritableError as error:
        reason = error.reason
    if reason:
        raise Tf1to2Error(f"{path}: the decisions cannot be kept there ({reason}); --decisions FILE names another.")


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)

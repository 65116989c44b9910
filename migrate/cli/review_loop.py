"""The conversation of a review: shows a question, reads a key, keeps decisions and files in step."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from codemods.rules.registry import find_rule
from migrate.cli.interrupts import uninterrupted
from migrate.cli.review_editor import edit
from migrate.cli.review_keys import Command, read_key
from migrate.cli.review_screen import DiffStyle, ReviewScreen, named
from migrate.cli.rule_pages import rule_page
from migrate.codemod.report import tool_name
from migrate.errors import Tf1to2Error
from migrate.review.agenda import Item
from migrate.review.editing import edits_from, text_to_edit
from migrate.review.publishing import Publisher, Scope
from migrate.review.record import stored_review
from migrate.review.session import AcceptEdited, Answer, Question, Review, Step, answered, question
from migrate.review.stored import StoredReview, as_text, write

_PROMPT = "Accept? [y n a d r R u j k e w i q Q ?]"
_CLOSING = "[q finish, u undo, Q leave every file as it was]"


class Ending(Enum):
    """How a review ended."""

    QUIT = "quit"
    ABANDONED = "abandoned"
    INTERRUPTED = "interrupted"


@dataclass(slots=True)
class DecisionsFile:
    """Where the decisions are kept: `known` is its content as far as this review knows, `kept` what is not of it."""

    path: Path
    known: bytes | None
    kept: StoredReview

    def save(self, review: Review, publisher: Publisher) -> None:
        """Write the decisions where they differ from what is stored.

        Raises:
            Tf1to2Error: The file cannot be written, or someone else did.
        """
        text = as_text(stored_review(review, self.kept, publisher.written), tool_name())
        if text.encode() != self.known:
            self.known = write(self.path, text, self.known)


class Conversation:
    """One interactive review."""

    def __init__(self, review: Review, file: DecisionsFile, publisher: Publisher, screen: ReviewScreen) -> None:
        self.review = review
        self._file = file
        self._publisher = publisher
        self._screen = screen
        self._style = DiffStyle.LINES

    def run(self) -> Ending:
        """Ask until everything is decided or the person stops.

        Raises:
            Tf1to2Error: The decisions can no longer be stored.
        """
        ending = Ending.INTERRUPTED
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C, the terminal as it was
        try:
            ending = self._converse()
        except KeyboardInterrupt:
            self._screen.end_prompt()
        finally:
            signal.signal(signal.SIGTERM, before)
        scope = {Ending.QUIT: Scope.ACCEPTED, Ending.ABANDONED: Scope.NONE, Ending.INTERRUPTED: Scope.COMPLETE}[ending]
        with uninterrupted():
            self._settle(scope)
            self._file.save(self.review, self._publisher)
        return ending

    def _converse(self) -> Ending:
        while True:
            asked = question(self.review)
            if asked is not None:
                self._screen.ask(asked, self._style)
            ending = self._until_it_moves(asked)
            if ending is not None:
                return ending

    def _until_it_moves(self, asked: Question | None) -> Ending | None:
        """Read keys until one calls for another question (None) or ends the review."""
        while True:
            self._screen.prompt(_PROMPT if asked is not None else f"{self._tally()} {_CLOSING}")
            key = read_key()
            self._screen.end_prompt()
            if key is Command.QUIT:
                return Ending.QUIT
            if key is Command.ABANDON:
                return Ending.ABANDONED
            if isinstance(key, Answer):
                before = self.review
                self._take(answered(self.review, key))
                if self.review is not before:
                    return None
            elif key is Command.HELP:
                self._screen.show_help()
            elif key is None or asked is None:
                self._screen.say("That key means nothing here: ? shows the keys.", "yellow")
            elif self._command(key, asked):
                return None

    def _command(self, command: Command, asked: Question) -> bool:
        """Do what a key asks for; tell whether the question must be shown again."""
        if command is Command.MORE:
            self._screen.show_more()
        elif command is Command.WHY:
            self._screen.show_text(rule_page(find_rule(asked.item.site.rule)))
        elif command is Command.WORDS:
            self._style = DiffStyle.WORDS if self._style is DiffStyle.LINES else DiffStyle.LINES
            return True
        elif command is Command.EDIT:
            return self._edit(asked)
        return command is Command.SHOW

    def _edit(self, asked: Question) -> bool:
        before = self.review
        suffix = ".py" if asked.item.file.document is not None else ".txt"
        try:
            edited = edit(text_to_edit(asked.item), suffix)
            self._take(answered(self.review, AcceptEdited(edits_from(self.review, asked.item, edited))))
        except Tf1to2Error as error:
            self._screen.say(str(error), "yellow")
        return self.review is not before

    def _take(self, step: Step) -> None:
        before = self.review
        self.review = step.review
        if step.notice is not None:
            self._screen.say(step.notice, "yellow")
        if step.undone:
            self._screen.say(f"Undone: {_told(step.undone)}.", "bold")
        if step.decided:
            first = self.review.decisions[step.decided[0].key]
            verdict = first.verdict.value if first.edits is None else f"{first.verdict.value} as edited"
            along = f", and along with it: {named(step.along)}" if step.along else ""
            self._screen.say(f"{verdict.capitalize()}: {_told(step.decided)}{along}.", "bold")
        if self.review.decisions is not before.decisions:
            with uninterrupted():
                self._file.save(self.review, self._publisher)
                self._settle(Scope.COMPLETE)
                self._file.save(self.review, self._publisher)

    def _settle(self, scope: Scope) -> None:
        known = set(self._publisher.conflicts)
        changed = self._publisher.settle(self.review, scope)
        for path in changed:
            self._screen.say(f"{'Wrote' if path in self._publisher.written else 'Put back as it was'}: {path}", "dim")
        for path, why in self._publisher.conflicts.items():
            if path not in known:
                self._screen.say(f"{why} The decisions about it are kept.", "bold red")

    def _tally(self) -> str:
        accepted = sum(decision.is_accepted for decision in self.review.decisions.values())
        return f"Every change is decided: {accepted} accepted, {len(self.review.decisions) - accepted} rejected."


def _told(items: tuple[Item, ...]) -> str:
    files = {item.file.path for item in items}
    return named(items) if len(files) == 1 else f"{len(items)} changes in {len(files)} files"

"""What a review shows: the question with its diff, notices, help; in colour on a terminal, in any width."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from codemods.rules.registry import find_rule
from codemods.site import Guidance, Site
from migrate.cli.console import talk_console
from migrate.cli.review_keys import HELP
from migrate.review.agenda import Item
from migrate.review.hunks import Hunk, Kind, hunks, numbered_as, word_lines
from migrate.review.session import Question
from migrate.review.view import View, view_of
from migrate.text.visible import visible

_STYLES = {Kind.SAME: "", Kind.REMOVED: "red", Kind.ADDED: "green"}
_GUTTER = {Kind.SAME: "dim", Kind.REMOVED: "bold red", Kind.ADDED: "bold green"}
_GUIDANCE = {
    Guidance.MERGE: "The meaning is certain to stay: no closer look is needed.",
    Guidance.GLANCE: "A glance is enough.",
    Guidance.REVIEW: "Look closely: it asks for your judgement.",
}
_WORD_MARKS = {Kind.SAME: ("", ""), Kind.REMOVED: ("[-", "-]"), Kind.ADDED: ("{+", "+}")}
_LINES_AROUND = 10
_FEWEST_LINES = 8
_NARROWEST = 20
_NAMED = 6
_PLAIN_LEXERS = {".toml": "toml", ".cfg": "ini", ".txt": "text"}


class DiffStyle(Enum):
    """How a difference is shown."""

    LINES = "lines"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Row:
    """A line to show; where it is too long, it goes on below itself, right of the gutter."""

    gutter: Text
    body: Text

    def lines(self, console: Console) -> list[Text]:
        """Return the row as lines that fit the console."""
        room = max(_NARROWEST, console.width - self.gutter.cell_len)
        wrapped = self.body.wrap(console, room, overflow="fold", tab_size=8) or [Text()]
        blank = Text(" " * self.gutter.cell_len)
        return [(blank if number else self.gutter) + line for number, line in enumerate(wrapped)]


class ReviewScreen:
    """Shows the review on standard error. What does not fit the screen waits for `show_more`."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or talk_console()
        self._waiting: list[Row] = []

    def ask(self, asked: Question, style: DiffStyle) -> None:
        """Show a question."""
        self._rule(asked)
        site = asked.item.site
        rule = find_rule(site.rule).name
        self.say(f"{site.rule} {rule}, {place(site)}: {site.outcome.value}, {site.symbol}", "bold")
        self.say(f"{site.reason}.")
        self.say(_GUIDANCE[site.guidance], "dim")
        if asked.problem is not None:
            self.say(f"It cannot be accepted: {asked.problem}.", "bold red")
        if asked.brings:
            self.say(f"Accepting it accepts what it needs: {named(asked.brings)}; the diff shows all.", "yellow")
        if asked.takes:
            self.say(f"Rejecting it rejects what needs it: {named(asked.takes)}.", "yellow")
        file = asked.item.file
        old = numbered_as(view_of(file, asked.old), view_of(file, file.old))
        new = view_of(file, asked.new)
        found = hunks(old, new)
        if style is DiffStyle.WORDS:
            self._page(_word_rows(found))
        else:
            self._page(_line_rows(found, old, new, _lexer(asked.item.file.path)))

    def prompt(self, text: str) -> None:
        """Show what to press; the cursor stays behind it."""
        self.console.print(Text(f"{text} ", "bold cyan"), end="")

    def end_prompt(self) -> None:
        """End the line of the prompt."""
        self.console.print()

    def say(self, text: str, style: str = "") -> None:
        """Show a sentence."""
        self.console.print(Text(visible(text), style), soft_wrap=not self.console.is_terminal)

    def show_text(self, text: str) -> None:
        """Show a longer text, page by page."""
        self._page([Row(Text(), Text(line)) for line in visible(text).splitlines()])

    def show_more(self) -> None:
        """Show the next page of what did not fit."""
        if self._waiting:
            self._page(self._waiting)
        else:
            self.say("There is no more to show.")

    def show_help(self) -> None:
        """Show the keys."""
        table = Table.grid(padding=(0, 2))
        for key, meaning in HELP:
            table.add_row(Text(key, "bold"), meaning)
        self.console.print(table)

    def _rule(self, asked: Question) -> None:
        left = f"change {asked.number} of {asked.total}, {asked.undecided} undecided"
        path = visible(asked.item.file.path)
        width = self.console.width
        self.console.print(Text("─" * min(width, 100) if self.console.encoding.startswith("utf") else "-" * 40, "dim"))
        head = Text.assemble((path, "bold"), f" ({asked.item.file.mode.value} mode)  ", (left, "dim"))
        self.console.print(head)

    def _page(self, rows: Sequence[Row]) -> None:
        room = max(_FEWEST_LINES, self.console.height - _LINES_AROUND)
        taken = 0
        for row in rows:
            lines = row.lines(self.console)
            if taken and room < len(lines):
                break
            room -= len(lines)
            taken += 1
            for line in lines:
                self.console.print(line, no_wrap=True, crop=False)
        self._waiting = list(rows[taken:])
        if self._waiting:
            self.say(f"... {len(self._waiting)} more lines: space shows them.", "bold")


def place(site: Site) -> str:
    """Return where a site is within its file."""
    return f"line {site.line}" if site.cell is None else f"cell {site.cell}, line {site.line}"


def named(items: Iterable[Item]) -> str:
    """Return the sites by rule and line, the first few by name."""
    every = [f"{item.site.rule} {place(item.site)}" for item in items]
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more


def _line_rows(found: Iterable[Hunk], old: View, new: View, lexer: str) -> list[Row]:
    coloured = {Kind.REMOVED: _coloured(old, lexer), Kind.ADDED: _coloured(new, lexer)}
    coloured[Kind.SAME] = coloured[Kind.REMOVED]
    rows: list[Row] = []
    for number, hunk in enumerate(found):
        if number:
            rows.append(Row(Text(), Text("...")))
        width = max(len(line.label) for line in hunk)
        for line in hunk:
            gutter = Text(f"{line.label:>{width}} {line.kind.value} ", _GUTTER[line.kind])
            code = coloured[line.kind][line.index]
            if line.kind is Kind.SAME:
                code = code.copy()
                code.stylize("dim")
            rows.append(Row(gutter, code))
            if not line.text.endswith("\n"):
                rows.append(Row(Text(" " * (width + 3)), Text("\\ no newline at the end", "dim")))
    return rows


def _word_rows(found: Iterable[Hunk]) -> list[Row]:
    rows: list[Row] = []
    for number, hunk in enumerate(found):
        if number:
            rows.append(Row(Text(), Text("...")))
        for line in word_lines(hunk):
            pieces = (
                (f"{_WORD_MARKS[part.kind][0]}{visible(part.text)}{_WORD_MARKS[part.kind][1]}", _STYLES[part.kind])
                for part in line
            )
            rows.append(Row(Text(" ".ljust(4)), Text.assemble(*pieces)))
    return rows


def _coloured(view: View, lexer: str) -> list[Text]:
    text = "".join(visible(re.sub(r"\r?\n$", "", line)) + "\n" for line in view.lines)
    highlighted = Syntax("", lexer, theme="ansi_dark").highlight(text)
    return list(highlighted.split("\n", allow_blank=True))


def _lexer(path: str) -> str:
    return next((lexer for suffix, lexer in _PLAIN_LEXERS.items() if path.endswith(suffix)), "python")

"""How a review ended: in words, as JSON, as exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codemods.site import Outcome
from migrate.cli.exit_status import FAILED, NEEDS_A_PERSON
from migrate.cli.review_screen import place
from migrate.codemod.halves import half_rewritten, left_behind
from migrate.codemod.report import tool_name
from migrate.codemod.result import RunResult
from migrate.review.earlier import Earlier
from migrate.review.publishing import Publisher
from migrate.review.resume import Standing
from migrate.review.session import Review
from migrate.review.stored import StoredDecision
from migrate.text.visible import visible

_LISTED = 20


@dataclass(frozen=True, slots=True)
class ReviewReport:
    """A review at its end. `kept` are stored decisions that do not hold, `decisions_file` where they are kept."""

    result: RunResult
    review: Review
    publisher: Publisher
    kept: tuple[tuple[StoredDecision, Standing], ...]
    decisions_file: Path

    @property
    def exit_status(self) -> int:
        """0 where every change is decided and made, 1 where some are not, 2 where a file could not be written."""
        if self.publisher.conflicts:
            return FAILED
        return 0 if not self.review.undecided and self.publisher.is_settled(self.review) else NEEDS_A_PERSON

    def lines(self) -> Iterator[str]:
        """Yield the summary for standard error."""
        counts = self._counts()
        manual = self.result.outcomes[Outcome.MANUAL]
        yield (
            f"{counts['accepted']} accepted, {counts['rejected']} rejected, {counts['undecided']} undecided; "
            f"{counts['files_written']} files written."
        )
        if manual:
            yield f"{manual} more sites need a person, who finds them with `tf1to2 scan`."
        if self.review.decisions:
            go_on = "; the same command goes on from there" if self.exit_status else ""
            yield f"The decisions are in {visible(str(self.decisions_file))}{go_on}."
        for item in self.result.left_alone:
            yield visible(f"{item.path}: left alone: {item.error}.")
        yield from map(visible, self.publisher.conflicts.values())
        yield from map(visible, half_rewritten(self.result.files, self.publisher.written, self._left))

    @property
    def _left(self) -> frozenset[str]:
        """The files that do not hold every change that was planned: rejected, undecided, or not written."""
        written = self.publisher.written
        changed = {item.path for item in self.result.changed if written.get(item.path) is None}
        rejected = {
            self.review.agenda.items[key].file.path
            for key, decision in self.review.decisions.items()
            if not decision.is_accepted
        }
        return left_behind(self.result.files) | changed | rejected

    def as_json(self) -> dict[str, Any]:
        """Return the report, schema version 1."""
        review = self.review
        return {
            "version": 1,
            "tool": tool_name(),
            "root": str(self.result.root),
            "decisions_file": str(self.decisions_file),
            "summary": self._counts(),
            "conflicts": [{"path": path, "error": why} for path, why in self.publisher.conflicts.items()],
            "sites": [
                {
                    "id": key,
                    "rule": item.site.rule,
                    "path": item.file.path,
                    "line": item.site.line,
                    "cell": item.site.cell,
                    "decision": review.decisions[key].verdict.value if key in review.decisions else "undecided",
                    "edited": key in review.decisions and review.decisions[key].edits is not None,
                }
                for key, item in review.agenda.items.items()
            ],
            "kept": [
                {"id": entry.site, "path": entry.path, "line": entry.line, "standing": standing.name.lower()}
                for entry, standing in self.kept
            ],
        }

    def _counts(self) -> dict[str, int]:
        accepted = sum(decision.is_accepted for decision in self.review.decisions.values())
        return {
            "accepted": accepted,
            "rejected": len(self.review.decisions) - accepted,
            "undecided": len(self.review.undecided),
            "stale": sum(standing is Standing.STALE for _, standing in self.kept),
            "files_written": len(self.publisher.changed),
        }


def standing_lines(kept: Iterable[tuple[StoredDecision, Standing]]) -> Iterator[str]:
    """Yield what there is to say of stored decisions that do not hold; those that were made are only counted."""
    kept = tuple(kept)
    counts = Counter(standing for _, standing in kept)
    if counts[Standing.DONE]:
        yield (
            f"{counts[Standing.DONE]} accepted changes are not proposed any more: "
            "an earlier review made them, or their code changed."
        )
    told = [(entry, standing) for entry, standing in kept if standing not in (Standing.DONE, Standing.OUTSIDE)]
    for entry, standing in told[:_LISTED]:
        again = "" if standing is Standing.STALE else "; it is undecided again"
        where = f"{visible(entry.path)}:{entry.line}"
        yield f"{where}: {visible(entry.rule)} was {entry.verdict.value}, but {standing.value}{again}."
    if len(told) > _LISTED:
        yield f"{len(told) - _LISTED} more stored decisions do not hold any more."


def edited_lines(earlier: Earlier) -> Iterator[str]:
    """Yield the files that were changed by hand after an unfinished review wrote to them."""
    for path in earlier.edited:
        yield (
            f"{visible(path)}: it was edited since a review wrote to it, so it is taken as it is; what that review "
            "left undecided in other files because of it may not be offered again."
        )


def undecided_lines(review: Review) -> Iterator[str]:
    """Yield the changes nobody decided on."""
    for key in review.undecided:
        item = review.agenda.items[key]
        yield f"{visible(item.file.path)}: {item.site.rule} at {place(item.site)} is undecided"

"""Shows the rows of a rewrap: as a table with notes, and as JSON."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from enum import Enum
from typing import Any

from migrate.cli.console import product_console, say
from migrate.rewrap_tree.row import Row, RowOutcome
from migrate.text.visible import shown_name
from migrate.verify.proof import Outcome, Proof

_STYLES = {
    RowOutcome.REWRAPPED: "green",
    RowOutcome.NOTHING_TO_DO: "dim",
    RowOutcome.NOT_PROVEN: "yellow",
    RowOutcome.PROOF_FAILED: "red",
    RowOutcome.REFUSED: "red",
    RowOutcome.CRASHED: "red",
}


def print_table(rows: Sequence[Row]) -> None:
    """Print one line for each row on standard output."""
    from rich.markup import escape
    from rich.table import Table

    names = _short_names(rows)
    table = Table()
    for heading in ("model", "tags", "signatures", "variables", "outcome", "proof"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "variables" else "left")
    for name, row in zip(names, rows, strict=True):
        written = row.outcome not in (RowOutcome.REFUSED, RowOutcome.CRASHED, RowOutcome.NOTHING_TO_DO)
        table.add_row(
            escape(shown_name(name)),
            escape(",".join(map(shown_name, sorted(row.tags)))),
            escape("\n".join(map(shown_name, row.signatures))) or ("none" if written else ""),
            str(row.variables) if written else "",
            f"[{_STYLES[row.outcome]}]{row.outcome.value}[/]",
            escape(proof_in_words(row.proof) if written else ""),
        )
    console = product_console()
    console.print(table)
    if len(rows) > 1:
        counts = Counter(row.outcome for row in rows)
        console.print(", ".join(f"{counts[outcome]} {outcome.value}" for outcome in RowOutcome if counts[outcome]))


def print_notes(rows: Sequence[Row]) -> None:
    """Say on standard error what the table has no room for: causes of refusals and failures, and announcements."""
    for source, count in Counter(row.source for row in rows).items():
        if count > 1:
            targets = ", ".join(str(row.target) for row in rows if row.source == source)
            say(f"note: {source} holds {count} MetaGraphs; each becomes a model of its own: {targets}")
    for row in rows:
        if row.outcome is RowOutcome.NOTHING_TO_DO:
            continue
        place = row.source if row.target.name == row.source.name or not row.tags else f"{row.source} -> {row.target}"
        for note in row.notes:
            known = note.startswith(str(row.source))
            say(f"{row.outcome.value}: {note if known else f'{place}: {note}'}")


def print_tracebacks(rows: Sequence[Row]) -> None:
    """Print, for `--debug`, where unexpected errors came from, on standard error."""
    for row in rows:
        if row.traceback:
            say(f"{row.source}:\n{row.traceback}")


def proof_in_words(proof: Proof | None) -> str:
    """The proof in a few words: `bit-exact`, `within tolerance (relative 1.2e-07)`, `failed`, `not complete`, `off`."""
    if proof is None:
        return "off"
    if proof.different:
        return "failed"
    if not proof.passed:
        return "not complete"
    by_chance = len(proof.by_chance)
    chance = f", but {by_chance} output{'s' if by_chance > 1 else ''} by chance" if by_chance else ""
    if proof.bit_exact:
        return f"bit-exact{chance}"
    worst = max(check.max_relative for check in proof.checks if check.outcome is Outcome.WITHIN_TOLERANCE)
    return f"within tolerance (relative {worst:.1e}){chance}"


def as_json(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the rows as JSON values (schema version 1)."""
    from migrate import __version__

    counts = Counter(row.outcome for row in rows)
    return {
        "version": 1,
        "tool": f"tf1to2 {__version__}",
        "summary": {outcome.name.lower(): counts[outcome] for outcome in RowOutcome},
        "models": [_row_as_json(row) for row in rows],
    }


def _row_as_json(row: Row) -> dict[str, Any]:
    return {
        "source": str(row.source),
        "target": str(row.target),
        "outcome": row.outcome.name.lower(),
        "tags": sorted(row.tags),
        "signatures": list(row.signatures),
        "variables": row.variables,
        "proof": None if row.proof is None else _plain(asdict(row.proof)) | {"result": proof_in_words(row.proof)},
        "notes": list(row.notes),
    }


def _plain(value: Any) -> Any:
    """Enums by their names, everything else as it is."""
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _short_names(rows: Sequence[Row]) -> list[str]:
    """The models' paths below the folder that they share, and the target's own name where one model gave several."""
    sources = {row.source for row in rows}
    if len(sources) == 1:
        return [row.source.name if len(rows) == 1 else f"{row.source.name} -> {row.target.name}" for row in rows]
    shared = os.path.commonpath([str(source.absolute()) for source in sources])
    several = {source for source, count in Counter(row.source for row in rows).items() if count > 1}
    names = [os.path.relpath(row.source.absolute(), shared) for row in rows]
    return [
        f"{name} -> {row.target.name}" if row.source in several else name for name, row in zip(names, rows, strict=True)
    ]

"""What `tf1to2 scan` prints: the sites by file, then an answer to "is there anything to migrate?"."""

from __future__ import annotations

from collections.abc import Iterator

from codemods.site import Outcome
from migrate.codemod.result import FileStatus, RunResult
from migrate.text.visible import sentence


def scan_report(result: RunResult) -> str:
    """Return the list of sites and the summary as text."""
    return "\n".join(map(sentence, [*_lines(result), *_summary(result)])) + "\n"


def _lines(result: RunResult) -> Iterator[str]:
    for item in result.files:
        if item.status is FileStatus.FAILED:
            yield f"{item.path}  not readable: {item.error}"
            continue
        yield f"{item.path}  [{item.mode.value} mode]"
        if item.error is not None:
            yield f"  left alone: {item.error}"
        for site in item.sites:
            cell = f"cell {site.cell}, " if site.cell is not None else ""
            yield f"  {cell}line {site.line}: {site.rule} {site.symbol} -> {site.outcome.value}: {site.reason}"


def _summary(result: RunResult) -> Iterator[str]:
    outcomes = result.outcomes
    total = sum(outcomes.values())
    if not total:
        yield f"{result.files_seen} files: nothing here saves, exports or loads TensorFlow 1 models."
        return
    if result.files:
        yield ""
    yield (
        f"{result.files_seen} files, {total} sites: {outcomes[Outcome.NATIVE]} become plain TensorFlow 2 or compat.v1, "
        f"{outcomes[Outcome.SHIM]} call migrate.shim, {outcomes[Outcome.MANUAL]} need a person, "
        f"{outcomes[Outcome.SKIP]} stay on purpose."
    )
    yield "`tf1to2 codemod PATH` shows the diff, `tf1to2 codemod --write PATH` makes it."

"""What `tf1to2 codemod` prints: the diff, the reports, the talk on stderr."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codemods.errors import CodemodError
from codemods.site import Outcome, Site
from migrate.cli.console import say, talk_console
from migrate.cli.exit_status import FAILED, NEEDS_A_PERSON
from migrate.cli.streams import put
from migrate.codemod.diff import unified_diff
from migrate.codemod.discover import FileSet
from migrate.codemod.halves import half_rewritten, left_behind
from migrate.codemod.options import RunOptions
from migrate.codemod.result import FileResult, FileStatus, LeftOut, RunResult
from migrate.codemod.run import run_codemods
from migrate.errors import Tf1to2Error

_MANY_FILES = 400


@dataclass(frozen=True, slots=True)
class CodemodOutput:
    """Where the product of a run goes."""

    diff: bool
    patch: Path | None
    json_file: str | None
    sarif: str | None
    statistics: bool
    check: bool

    def show(self, result: RunResult) -> None:
        """Print the products on stdout (or into their files) and the summary on stderr."""
        if self.diff or self.patch is not None:
            text = "".join(file_diff(item) for item in result.changed)
            if self.diff:
                put("-", text)
            if self.patch is not None:
                put(self.patch, text)
        if self.json_file is not None:
            from migrate.codemod.report import as_json

            put(self.json_file, as_json(result))
        if self.sarif is not None:
            from migrate.codemod.sarif import as_sarif

            put(self.sarif, as_sarif(result))
        if self.statistics:
            put("-", statistics_table(result))
        for line in _talk(result):
            say(line)


def run_with_progress(files: FileSet, options: RunOptions) -> RunResult:
    """Run with a progress bar on a terminal.

    Raises:
        Tf1to2Error: A rule is not known.
    """
    try:
        with _progress(len(files.paths)) as advance:
            return run_codemods(files, options, advance)
    except CodemodError as error:
        raise Tf1to2Error(f"{error}.") from error


def exit_status(result: RunResult, *, check: bool, wrote: bool) -> int:
    """Return 0 where nothing is left to do, 1 where changes are pending or (under `--check`) a person is needed.

    A file left alone because a link leads out of what the run was given needs a person.
    2 where no file of the run could be worked on: one bad file among others is told and costs nothing else.
    """
    failed = result.count(FileStatus.FAILED)
    if failed and failed == result.files_seen:
        return FAILED
    pending = bool(result.changed) and not wrote
    manual = result.outcomes[Outcome.MANUAL] > 0 or failed > 0
    return NEEDS_A_PERSON if pending or (check and (manual or result.left_alone)) else 0


def file_diff(item: FileResult) -> str:
    """Return the diff of one changed file."""
    try:
        return unified_diff(item.path, item.old.decode(item.encoding), item.new.decode(item.encoding))
    except UnicodeDecodeError:
        return unified_diff(item.path, item.old.decode("latin-1"), item.new.decode("latin-1"))


def statistics_table(result: RunResult) -> str:
    """Return the counts of sites by rule and outcome as a plain table."""
    counts: Counter[tuple[str, Outcome]] = Counter(
        (site.rule, site.outcome) for item in result.files for site in item.sites
    )
    rules = sorted({rule for rule, _ in counts})
    lines = [f"{'rule':<8}" + "".join(f"{outcome.value:>8}" for outcome in Outcome) + f"{'all':>8}"]
    for rule in rules:
        row = [counts[rule, outcome] for outcome in Outcome]
        lines.append(f"{rule:<8}" + "".join(f"{number:>8}" for number in [*row, sum(row)]))
    return "\n".join(lines) + "\n"


def _talk(result: RunResult) -> Iterator[str]:
    for item in result.files:
        if item.status is FileStatus.FAILED:
            yield f"{item.path}: not rewritten: {item.error}"
        elif item.error is not None:
            yield f"{item.path}: left alone: {item.error}."
        for site in item.sites:
            if site.outcome is Outcome.MANUAL:
                yield f"{place_of(item, site)}: {site.rule} needs a person: {site.reason}"
    yield from half_rewritten(result.files, {item.path for item in result.changed}, left_behind(result.files))
    yield from left_out_lines(result.left_out)
    outcomes = result.outcomes
    counted = ", ".join(f"{outcomes[outcome]} {outcome.value}" for outcome in Outcome if outcomes[outcome])
    yield (
        f"{result.files_seen} files, {sum(outcomes.values())} sites"
        f"{f' ({counted})' if counted else ''}, {len(result.changed)} files to change in {result.seconds:.1f} s"
    )


def left_out_lines(left_out: LeftOut) -> Iterator[str]:
    """Yield what discovery left out, a line for each reason (and file)."""
    for name in left_out.too_large:
        yield f"{name}: left out: it is larger than 64 MB; name it to have it rewritten"
    for name in left_out.unreadable:
        yield f"{name}: left out: it cannot be read, or links to what is not there"
    for name in left_out.no_files:
        yield f"{name}: left out: it is a pipe, a socket or a device"
    counted = [(left_out.ignored_files, "file"), (left_out.ignored_folders, "folder")]
    words = " and ".join(f"{number} {noun}{'s'[: number != 1]}" for number, noun in counted if number)
    if words:
        yield f"left out: {words} that git ignores (--no-gitignore takes them)"


def place_of(item: FileResult, site: Site) -> str:
    """Return where a site is, as editors and terminals link it."""
    cell = f" (cell {site.cell})" if site.cell is not None else ""
    return f"{item.path}:{site.line}:{site.col + 1}{cell}"


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    if total < _MANY_FILES or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress

    # No refresh thread: worker processes are forked while the bar is shown.
    with Progress(console=talk_console(), auto_refresh=False, transient=True) as bar:
        task = bar.add_task("codemod", total=total)

        def advance(count: int) -> None:
            bar.advance(task, count)
            bar.refresh()

        yield advance

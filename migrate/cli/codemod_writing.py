"""Writes what a run of the codemods changes, and tells what became of it."""

from __future__ import annotations

from migrate.cli.console import say
from migrate.cli.interrupts import held_signals
from migrate.codemod.discover import FileSet
from migrate.codemod.links import Places
from migrate.codemod.result import FileResult, FileStatus, RunResult
from migrate.codemod.writing import several_names, write_changes, written
from migrate.errors import Tf1to2Error
from migrate.files.temporary import remove_leftovers

_LISTED = 20


def clean(files: FileSet) -> None:
    """Remove what killed runs left beside the files, and say so."""
    count = len(remove_leftovers(Places(files).folders()))
    if count:
        say(f"{count} temporary file(s) of a killed run removed.")


def write(result: RunResult) -> RunResult:
    """Write the changed files and return the result as it is then: files that could not be written are failed ones.

    Raises:
        Tf1to2Error: Ctrl-C or SIGTERM came before the last file; the message says what was written.
    """
    for path in several_names(result):
        say(f"{path}: the file has other names (hard links), which keep the old text.")
    done: list[FileResult] = []
    with held_signals() as received:
        for item in write_changes(result):
            done.append(item)
            if received:
                break
    if len(done) < len(result.changed):
        raise Tf1to2Error(stopped([item.path for item in done if item.status is FileStatus.CHANGED]))
    return written(result, done)


def stopped(paths: list[str]) -> str:
    """Return what to say where a signal stopped the writing after these files."""
    listed = ", ".join(paths[:_LISTED]) + (f" and {len(paths) - _LISTED} more" if len(paths) > _LISTED else "")
    wrote = f"{listed} {'was' if len(paths) == 1 else 'were'} written, the other" if paths else "all"
    return f"interrupted: {wrote} files are as they were. Run the same command again to go on."

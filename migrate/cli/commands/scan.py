"""`tf1to2 scan`: what there is to migrate, without a diff."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from migrate.cli.codemod_options import (
    DEFAULT_MEBIBYTES,
    DEFAULT_SECONDS,
    FileMemory,
    FileTimeout,
    Jobs,
    NoGitignore,
    Python2,
    SelfContained,
    Version,
    budget_of,
    target_of,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("scan")(scan)


def scan(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders to look through.")],
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the report as JSON, to stdout for -.")
    ] = None,
    tensorflow: Version = None,
    self_contained: SelfContained = False,
    python2: Python2 = False,
    include_tests: Annotated[bool, typer.Option("--include-tests", help="Count tests as rewritable too.")] = False,
    jobs: Jobs = 0,
    file_timeout: FileTimeout = DEFAULT_SECONDS,
    file_memory: FileMemory = DEFAULT_MEBIBYTES,
    no_gitignore: NoGitignore = False,
) -> None:
    """List every TF1 save, export and load under PATH with what the codemods would make of it. Changes nothing."""
    from migrate.cli.codemod_output import left_out_lines, run_with_progress
    from migrate.cli.console import say
    from migrate.cli.outputs import check_code_outputs, outputs
    from migrate.cli.scan_output import scan_report
    from migrate.cli.streams import put
    from migrate.codemod.discover import discover
    from migrate.codemod.links import without_links_out
    from migrate.codemod.options import RunOptions
    from migrate.codemod.report import as_json

    options = RunOptions(
        include_tests=include_tests,
        jobs=jobs,
        self_contained=self_contained,
        python2=python2,
        target=target_of(tensorflow),
        budget=budget_of(file_timeout, file_memory),
    )
    check_code_outputs(outputs(json=json_file))
    files = discover(paths, follow_gitignore=not no_gitignore)
    result = without_links_out(run_with_progress(files, options), files)
    if json_file is not None:
        put(json_file, as_json(result))
    if json_file != "-":
        put("-", scan_report(result))
    for line in left_out_lines(result.left_out):
        say(line)

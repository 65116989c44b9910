"""`tf1to2 review`: decide change by change what is rewritten."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from migrate.cli.codemod_options import (
    DEFAULT_MEBIBYTES,
    DEFAULT_SECONDS,
    FileMemory,
    FileTimeout,
    Ignore,
    Jobs,
    ModeChoice,
    ModeOption,
    NoGitignore,
    Python2,
    Select,
    SelfContained,
    Version,
    budget_of,
    mode_of,
    rules_of,
    target_of,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("review")(review)


def review(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders to review.")],
    decisions: Annotated[
        Path | None,
        typer.Option(
            "--decisions", metavar="FILE", help="Where the decisions are kept (.tf1to2-review.json beside the code)."
        ),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option("--replay", metavar="FILE", help="Ask nothing: make the changes that FILE accepts."),
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write how it ended as JSON, to stdout for -.")
    ] = None,
    select: Select = None,
    ignore: Ignore = None,
    mode: ModeOption = ModeChoice.AUTO,
    tensorflow: Version = None,
    self_contained: SelfContained = False,
    python2: Python2 = False,
    include_tests: Annotated[bool, typer.Option("--include-tests", help="Review changes of tests too.")] = False,
    jobs: Jobs = 0,
    file_timeout: FileTimeout = DEFAULT_SECONDS,
    file_memory: FileMemory = DEFAULT_MEBIBYTES,
    no_gitignore: NoGitignore = False,
    todo: Annotated[
        bool, typer.Option("--todo", help="Offer a TODO comment above every site that needs a person.")
    ] = False,
) -> None:
    """Go through the changes one by one and keep exactly those you accept.

    Every answer is kept in a file, so that a review can be ended and taken up again, and repeated by --replay.
    """
    from migrate.cli.codemod_output import left_out_lines
    from migrate.cli.codemod_writing import clean
    from migrate.cli.console import say
    from migrate.cli.json_output import write_json
    from migrate.cli.outputs import check_code_outputs, outputs
    from migrate.cli.review_run import check_writable, conversed, prepare, replayed
    from migrate.codemod.discover import discover
    from migrate.codemod.options import RunOptions
    from migrate.errors import Tf1to2Error
    from migrate.files.temporary import remove_leftovers
    from migrate.review.stored import DEFAULT_NAME

    if replay is not None and decisions is not None:
        raise Tf1to2Error("--replay and --decisions name a decisions file each: give one of them.")
    if replay is not None and not replay.is_file():
        raise Tf1to2Error(f"{replay}: there is no such decisions file; `tf1to2 review` makes one.")
    if replay is None and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Tf1to2Error(
            "review asks questions and there is no terminal. `tf1to2 codemod --write` makes every change, "
            "`tf1to2 codemod --diff` shows them, `tf1to2 review --replay FILE` makes those that FILE accepts."
        )
    options = RunOptions(
        rules_of(select),
        rules_of(ignore),
        mode_of(mode),
        include_tests=include_tests,
        jobs=jobs,
        todo=todo,
        self_contained=self_contained,
        python2=python2,
        target=target_of(tensorflow),
        budget=budget_of(file_timeout, file_memory),
    )
    files = discover(paths, follow_gitignore=not no_gitignore)
    path = replay or decisions or files.root / DEFAULT_NAME
    if replay is None:
        check_writable(path)
    check_code_outputs(outputs(json=json_file), decisions=path)
    clean(files)
    remove_leftovers([path.resolve().parent])
    try:
        prepared = prepare(files, options, path)
    except KeyboardInterrupt:
        raise Tf1to2Error("interrupted before the first question; nothing was changed.") from None
    report = replayed(prepared) if replay is not None else conversed(prepared)
    for line in (*left_out_lines(files.left_out), *report.lines()):
        say(line)
    if json_file is not None:
        write_json(report.as_json(), json_file)
    raise typer.Exit(report.exit_status)

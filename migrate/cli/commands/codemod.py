"""`tf1to2 codemod`: rewrite TensorFlow 1 export code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from migrate.cli.codemod_options import (
    Ignore,
    Jobs,
    ModeChoice,
    ModeOption,
    Select,
    Version,
    mode_of,
    rules_of,
    target_of,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("codemod")(codemod)


def codemod(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders to rewrite.")],
    diff: Annotated[bool, typer.Option("--diff", help="Show the diff (the default without --write).")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 if anything would change or needs a person.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the changes.")] = False,
    patch: Annotated[Path | None, typer.Option("--patch", metavar="FILE", help="Write the diff to FILE.")] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the report as JSON, to stdout for -.")
    ] = None,
    sarif: Annotated[
        str | None, typer.Option("--sarif", metavar="FILE|-", help="Write the report as SARIF 2.1.0.")
    ] = None,
    select: Select = None,
    ignore: Ignore = None,
    mode: ModeOption = ModeChoice.AUTO,
    tensorflow: Version = None,
    include_tests: Annotated[bool, typer.Option("--include-tests", help="Rewrite tests too.")] = False,
    jobs: Jobs = 0,
    statistics: Annotated[bool, typer.Option("--statistics", help="Count sites by rule and outcome.")] = False,
    todo: Annotated[
        bool, typer.Option("--todo", help="Put a TODO comment above every site that needs a person.")
    ] = False,
    keras: Annotated[
        bool,
        typer.Option(
            "--keras",
            help="Write a Keras model next to every Estimator model_fn (in eager mode, unless --mode says else).",
        ),
    ] = False,
) -> None:
    """Rewrite TensorFlow 1 export code; without --write nothing changes and the diff is shown."""
    from codemods.source.mode import Mode
    from migrate.cli.codemod_output import CodemodOutput, exit_status, run_with_progress
    from migrate.codemod.discover import discover
    from migrate.codemod.options import RunOptions

    automatic = Mode.EAGER if keras else None  # a Keras model neither trains nor exports with v2 behaviour off
    options = RunOptions(
        select=rules_of(select),
        ignore=rules_of(ignore),
        mode=mode_of(mode) or automatic,
        include_tests=include_tests,
        jobs=jobs,
        todo=todo,
        keras=keras,
        target=target_of(tensorflow),
    )
    files = discover(paths)
    output = CodemodOutput(
        diff=diff or not (write or check or patch or json_file or sarif or statistics),
        patch=patch,
        json_file=json_file,
        sarif=sarif,
        statistics=statistics,
        check=check,
    )
    result = run_with_progress(files, options)
    if write:
        output.write(result)
    output.show(result)
    raise typer.Exit(exit_status(result, check=check, wrote=write))

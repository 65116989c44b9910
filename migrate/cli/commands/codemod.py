"""`tf1to2 codemod`: rewrite TensorFlow 1 export code."""

from __future__ import annotations

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
    app.command("codemod")(codemod)


def codemod(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders to rewrite.")],
    diff: Annotated[bool, typer.Option("--diff", help="Show the diff (the default without --write).")] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Exit 1 if anything would change or needs a person (a link out of PATH too)."),
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Write the changes. Files that are links out of PATH are left alone.")
    ] = False,
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
    self_contained: SelfContained = False,
    python2: Python2 = False,
    include_tests: Annotated[bool, typer.Option("--include-tests", help="Rewrite tests too.")] = False,
    jobs: Jobs = 0,
    file_timeout: FileTimeout = DEFAULT_SECONDS,
    file_memory: FileMemory = DEFAULT_MEBIBYTES,
    no_gitignore: NoGitignore = False,
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
    from migrate.cli.codemod_writing import clean
    from migrate.cli.codemod_writing import write as write_result
    from migrate.cli.exit_status import FAILED
    from migrate.cli.outputs import check_code_outputs, outputs
    from migrate.codemod.discover import discover
    from migrate.codemod.links import without_links_out
    from migrate.codemod.options import RunOptions
    from migrate.codemod.result import FileStatus

    automatic = Mode.EAGER if keras else None  # a Keras model neither trains nor exports with v2 behaviour off
    options = RunOptions(
        select=rules_of(select),
        ignore=rules_of(ignore),
        mode=mode_of(mode) or automatic,
        include_tests=include_tests,
        jobs=jobs,
        todo=todo,
        keras=keras,
        self_contained=self_contained,
        python2=python2,
        target=target_of(tensorflow),
        budget=budget_of(file_timeout, file_memory),
    )
    files = discover(paths, follow_gitignore=not no_gitignore)
    output = CodemodOutput(
        diff=diff or not (write or check or patch or json_file or sarif or statistics),
        patch=patch,
        json_file=json_file,
        sarif=sarif,
        statistics=statistics,
        check=check,
    )
    check_code_outputs(outputs(json=json_file, patch=patch, sarif=sarif))
    clean(files)
    planned = without_links_out(run_with_progress(files, options), files)
    result = write_result(planned) if write else planned
    output.show(result)
    is_complete = result.count(FileStatus.FAILED) == planned.count(FileStatus.FAILED)
    raise typer.Exit(FAILED if not is_complete else exit_status(result, check=check, wrote=write))

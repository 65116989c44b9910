"""`tf1to2 codemod`: rewrite TensorFlow 1 export code."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class ModeChoice(str, Enum):
    """How the migrated program runs on TensorFlow 2."""

    AUTO = "auto"
    EAGER = "eager"
    GRAPH = "graph"


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
    select: Annotated[
        list[str] | None, typer.Option("--select", metavar="RULE", help="Only these rules (SM101, or a prefix: SM1).")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", metavar="RULE", help="Not these rules.")] = None,
    mode: Annotated[ModeChoice, typer.Option("--mode", help="How the program shall run on TensorFlow 2.")] = (
        ModeChoice.AUTO
    ),
    tensorflow: Annotated[
        str | None,
        typer.Option(
            "--tensorflow",
            metavar="VERSION",
            help="The TensorFlow the rewritten code shall run on (the installed one).",
        ),
    ] = None,
    include_tests: Annotated[bool, typer.Option("--include-tests", help="Rewrite tests too.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Processes; 0 for one per core.")] = 0,
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
    from codemods.site import Mode
    from migrate.cli.codemod_output import CodemodOutput, exit_status, run_with_progress
    from migrate.cli.target_option import target_option
    from migrate.codemod.discover import discover
    from migrate.codemod.run import RunOptions

    automatic = Mode.EAGER if keras else None  # a Keras model neither trains nor exports with v2 behaviour off
    options = RunOptions(
        select=_split(select),
        ignore=_split(ignore),
        mode=automatic if mode is ModeChoice.AUTO else Mode(mode.value),
        include_tests=include_tests,
        jobs=jobs,
        todo=todo,
        keras=keras,
        target=target_option(tensorflow),
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


def _split(entries: list[str] | None) -> tuple[str, ...]:
    return tuple(part.strip() for entry in entries or () for part in entry.split(",") if part.strip())

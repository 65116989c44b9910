"""`tf1to2 inspect`: what a model holds, whether it needs to be migrated, and what stands in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from migrate.cli.allow_ops import AllowOps, CommandWithAllowedOps, allowed_ops
from migrate.cli.exit_status import NEEDS_A_PERSON


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("inspect", cls=CommandWithAllowedOps)(inspect)


def inspect(
    model: Annotated[Path, typer.Argument(help="A model: a folder, or a .pb, .pbtxt or .meta file.")],
    allow_ops: AllowOps = None,
    op_libraries: Annotated[
        list[Path] | None,
        typer.Option("--load-op-library", metavar="SO", help="Load this op library first. Repeatable."),
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the facts as JSON to a file, or - for stdout.")
    ] = None,
) -> None:
    """Show what a model holds, and say whether it needs to be migrated. Nothing of the model is run.

    Exit status 1: something stands in the way of a rewrap.
    """
    from migrate.cli.inspect_view import as_json, print_facts
    from migrate.cli.json_output import write_json
    from migrate.cli.outputs import check_model_outputs, outputs
    from migrate.inspection.task import InspectTask, inspect_model
    from migrate.inspection.verdict import verdict
    from migrate.processes.workers import call_in_process

    check_model_outputs(outputs(json=json_file), [model, *(op_libraries or ())])
    facts = call_in_process(inspect_model, InspectTask(model, tuple(op_libraries or ()), allowed_ops(allow_ops)))
    answer = verdict(facts)
    if json_file != "-":
        print_facts(facts, answer)
    if json_file is not None:
        write_json(as_json(facts, answer), json_file)
    if facts.all_problems:
        raise typer.Exit(NEEDS_A_PERSON)

"""`tf1to2 rewrap`: turns legacy SavedModels into native TF2 SavedModels, with proof."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrate.cli.allow_ops import AllowOps, CommandWithAllowedOps, allowed_ops
from migrate.cli.asked_options import Checkpoint, Ema, Signatures, asked
from migrate.cli.exit_status import FAILED, NEEDS_A_PERSON
from migrate.cli.numbers import processes, seconds, tolerance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrate.rewrap_tree.plan import Job
    from migrate.rewrap_tree.row import Row
    from migrate.rewrap_tree.run import Settings


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("rewrap", cls=CommandWithAllowedOps)(rewrap)


def rewrap(
    context: typer.Context,
    models: Annotated[
        list[Path], typer.Argument(metavar="MODEL...", help="Models: folders, files or prefixes; or trees of folders.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="The folder to make.")],
    tags: Annotated[
        str | None, typer.Option(metavar="A,B", help="Rewrap the MetaGraph with exactly these tags; default: all.")
    ] = None,
    signatures: Signatures = None,
    checkpoint: Checkpoint = None,
    ema: Ema = False,
    force: Annotated[bool, typer.Option("--force", help="Replace models that are at OUT already.")] = False,
    no_verify: Annotated[bool, typer.Option("--no-verify", help="Skip the proof.")] = False,
    keep_failed: Annotated[
        bool, typer.Option("--keep-failed", help="Keep a model whose proof failed, under OUT with the suffix .failed.")
    ] = False,
    allow_ops: AllowOps = None,
    op_libraries: Annotated[
        list[Path] | None,
        typer.Option("--load-op-library", metavar="SO", help="Load this op library first. Repeatable."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", callback=processes, help="Processes at a time; default: cores.")
    ] = None,
    rtol: Annotated[
        float, typer.Option(callback=tolerance, help="Relative tolerance of the proof, for floats.")
    ] = 1e-5,
    atol: Annotated[
        float, typer.Option(callback=tolerance, help="Absolute tolerance of the proof, for floats.")
    ] = 1e-6,
    timeout: Annotated[
        float, typer.Option(callback=seconds, metavar="SECONDS", help="For writing or proving one model.")
    ] = 1800,
    request_timeout: Annotated[
        float,
        typer.Option(callback=seconds, metavar="SECONDS", help="For each request that the proof runs."),
    ] = 30.0,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the rows as JSON to a file, or - for stdout.")
    ] = None,
) -> None:
    """Turn TF1 SavedModels into native TF2 SavedModels: same signatures, same numbers, proven.

    A folder gives the folder OUT; a tree is mirrored below OUT. A model that cannot be rewrapped, or whose proof fails,
    leaves nothing there and does not stop the others. Sources are never touched.

    Exit status 1: a proof failed or could not be completed. 2: a model was refused.
    """
    from migrate.cli.console import say
    from migrate.cli.outputs import check_model_outputs, outputs
    from migrate.cli.rewrap_table import print_tracebacks
    from migrate.legacy.find import unreadable_folders
    from migrate.preflight.model_options import ModelOptions
    from migrate.rewrap_tree.plan import plan
    from migrate.rewrap_tree.run import Settings
    from migrate.verify.proof import ProofOptions

    said = asked(signatures, checkpoint, ema=ema)
    wanted = None if tags is None else frozenset(tag.strip() for tag in tags.split(",") if tag.strip())
    check_model_outputs(outputs(json=json_file), [*models, *(op_libraries or ())], made=output)
    planned = plan(models, output, replace=force, keep_failed=keep_failed, tags=wanted)
    settings = Settings(
        model=ModelOptions(wanted, allowed_ops(allow_ops), tuple(op_libraries or ()), said),
        replace=force,
        proof=None if no_verify else ProofOptions(rtol, atol, seconds_per_request=request_timeout),
        keep_failed=keep_failed,
        processes=jobs or _cores(),
        timeout=timeout,
    )
    denied = [folder for model in models if model.is_dir() for folder in unreadable_folders(model)]
    for folder in denied:
        say(f"tf1to2: {folder} may not be listed, so models in it are left out.")
    rows = run_and_report(planned, settings, json_file)
    if context.obj is not None and context.obj.debug:
        print_tracebacks(rows)
    raise typer.Exit(max(exit_status(rows), FAILED if denied else 0))


def run_and_report(jobs: Sequence[Job], settings: Settings, json_file: str | None) -> list[Row]:
    """Run the jobs, report and return their rows; a bar shows them on a terminal.

    An interrupt leaves nothing half-made. The run ends with its report: one that is killed before can be taken up.
    """
    from migrate.cli.progress import interruptible, progress_of
    from migrate.rewrap_tree.run import running

    with interruptible(), running(jobs, settings) as results:
        rows = [row for found in progress_of(results, len(jobs), "models") for row in found]
        report(rows, json_file)
    return rows


def report(rows: Sequence[Row], json_file: str | None) -> None:
    """Print the table, or the sentence of a single model that needs nothing; write the JSON."""
    from migrate.cli.json_output import write_json
    from migrate.cli.rewrap_table import as_json, print_notes, print_table
    from migrate.cli.streams import put
    from migrate.rewrap_tree.row import RowOutcome
    from migrate.text.visible import sentence

    if json_file != "-":
        if [row.outcome for row in rows] == [RowOutcome.NOTHING_TO_DO]:
            put("-", f"{sentence(rows[0].notes[0])}\n")
        else:
            print_table(rows)
    print_notes(rows)
    if json_file is not None:
        write_json(as_json(rows), json_file)
    sys.stdout.flush()  # the run ends once its report is out


def exit_status(rows: Sequence[Row]) -> int:
    """2 where a model could not be rewrapped, else 1 where a proof failed or is not complete, else 0."""
    from migrate.rewrap_tree.row import RowOutcome

    outcomes = {row.outcome for row in rows}
    if outcomes & {RowOutcome.REFUSED, RowOutcome.CRASHED}:
        return FAILED
    return NEEDS_A_PERSON if outcomes & {RowOutcome.PROOF_FAILED, RowOutcome.NOT_PROVEN} else 0


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

"""`tf1to2 demo`: the main job on a bundled model that TensorFlow 1.15.5 wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("demo")(demo)


def demo(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="OUT", help="Keep the new model here; default: nowhere.")
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the row as JSON to a file, or - for stdout.")
    ] = None,
) -> None:
    """Rewrap a bundled TF1 model, prove it, and show the result.

    The model tells fruits by colour and weight: ref variables, classify, regress and predict signatures, tf.Example
    parsing, a vocabulary file behind a lookup table. TensorFlow 2's own load and save would lose its weights silently.
    """
    from migrate.cli.commands.rewrap import exit_status, run_and_report
    from migrate.cli.console import say
    from migrate.cli.outputs import check_model_outputs, outputs
    from migrate.files.scratch import scratch_folder
    from migrate.rewrap_tree.plan import plan
    from migrate.rewrap_tree.run import Settings

    model = Path(__file__).parents[2] / "demo_model"
    check_model_outputs(outputs(json=json_file), [model], made=output)
    with scratch_folder() as folder:
        target = output or folder / "demo_model"
        say(f"Rewrapping {model}, a SavedModel written by TensorFlow 1.15.5; the first import takes a while.")
        rows = run_and_report(plan([model], target, replace=False), Settings(), json_file)
    if output is not None:
        say(f"The TF2 SavedModel is in {output}.")
    raise typer.Exit(exit_status(rows))

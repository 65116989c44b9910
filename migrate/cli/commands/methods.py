"""`tf1to2 methods`: shows which Serving API answers each signature, and sets the method names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrate.cli.exit_status import NEEDS_A_PERSON

if TYPE_CHECKING:
    from migrate.method_names.method import Method
    from migrate.method_names.model_methods import SignatureMethod


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("methods")(methods)


def methods(
    model: Annotated[Path, typer.Argument(help="A SavedModel folder.")],
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=METHOD", help="Set a method: classify, regress or predict. Repeatable."),
    ] = None,
    legacy: Annotated[
        Path | None, typer.Option("--from", metavar="LEGACY", help="Copy the method names of this model.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="OUT", help="Write a changed copy here, leave MODEL alone.")
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the table as JSON to a file, or - for stdout.")
    ] = None,
) -> None:
    """Show or set the method names of a SavedModel's signatures, checked against TensorFlow Serving's rules.

    Exit status 1: a signature breaks a rule of Serving, so that its own API would refuse it.
    """
    from migrate.cli.outputs import check_model_outputs, outputs
    from migrate.errors import Tf1to2Error
    from migrate.processes.workers import call_in_process

    wanted = _parsed(assignments or [])
    if output is not None and not wanted and legacy is None:
        raise Tf1to2Error("-o writes a changed copy: say what to change with --set or --from.")
    check_model_outputs(outputs(json=json_file), [model, legacy], made=output)
    # In a process of its own, for TensorFlow's talk while it is imported.
    shown = call_in_process(_set_and_show, _Task(model, wanted, legacy, output))
    if json_file != "-":
        _print_table(output or model, shown)
    if json_file is not None:
        _write_json(output or model, shown, json_file)
    if any(signature.broken_rules for signature in shown):
        raise typer.Exit(NEEDS_A_PERSON)


@dataclass(frozen=True, slots=True)
class _Task:
    model: Path
    assignments: dict[str, Method]
    legacy: Path | None
    output: Path | None


def _set_and_show(task: _Task) -> tuple[SignatureMethod, ...]:
    from migrate.method_names.model_methods import copy_with_method_names, method_names, set_method_names

    copied = _methods_of(method_names(task.legacy)) if task.legacy is not None else {}
    wanted = {**copied, **task.assignments}
    if task.output is None:
        set_method_names(task.model, wanted)
        return method_names(task.model)
    copy_with_method_names(task.model, task.output, wanted)
    return method_names(task.output)


def _methods_of(signatures: tuple[SignatureMethod, ...]) -> dict[str, Method | str]:
    from migrate.errors import Tf1to2Error

    found: dict[str, Method | str] = {}
    for signature in signatures:
        if found.setdefault(signature.key, signature.method_name) != signature.method_name:
            raise Tf1to2Error(
                f"the MetaGraphDefs of the --from model disagree on the method of {signature.key!r}; use --set."
            )
    return found


def _parsed(assignments: list[str]) -> dict[str, Method]:
    from migrate.errors import Tf1to2Error
    from migrate.method_names.method import Method

    wanted: dict[str, Method] = {}
    for assignment in assignments:
        # A key may hold "=" itself, a method never does.
        key, equals, word = assignment.rpartition("=")
        if not equals or not key:
            raise Tf1to2Error(f"--set {assignment!r} is not KEY=METHOD, as in --set serving_default=classify.")
        try:
            wanted[key] = Method.from_word(word)
        except ValueError as error:
            raise Tf1to2Error(f"--set {assignment!r}: {error}.") from error
    return wanted


def _print_table(model: Path, signatures: tuple[SignatureMethod, ...]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from migrate.cli.console import product_console
    from migrate.text.visible import sentence, shown_name

    console = product_console()
    table = Table(title=f"{escape(sentence(str(model)))}: signatures", title_justify="left")
    for heading in ("signature", "tags", "method name", "Serving API"):
        table.add_column(heading, overflow="fold")
    for signature in signatures:
        table.add_row(
            escape(shown_name(signature.key)),
            escape(", ".join(map(shown_name, signature.tags))),
            escape(shown_name(signature.method_name)) or "(empty)",
            ", ".join(signature.apis) or "none with the method-name check on",
        )
    console.print(table if signatures else f"{escape(sentence(str(model)))} has no signature.")
    for signature in signatures:
        for rule in signature.broken_rules:
            broken = f"{shown_name(signature.key)}: {sentence(str(rule))}"
            console.print(f"[yellow]broken rule:[/yellow] {escape(broken)}")


def _write_json(model: Path, signatures: tuple[SignatureMethod, ...], target: str) -> None:
    from dataclasses import asdict

    from migrate.cli.json_output import write_json

    write_json(
        {"version": 1, "model": str(model), "signatures": [asdict(signature) for signature in signatures]}, target
    )

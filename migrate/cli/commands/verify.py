"""`tf1to2 verify`: proves a model against the one that it replaces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from migrate.cli.allow_ops import AllowOps, CommandWithAllowedOps, allowed_ops
from migrate.cli.asked_options import Checkpoint, Ema, Signatures, asked
from migrate.cli.exit_status import NEEDS_A_PERSON
from migrate.cli.numbers import seconds, tolerance

if TYPE_CHECKING:
    from migrate.verify import Proof, SignatureCheck


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("verify", cls=CommandWithAllowedOps)(verify)


def verify(
    old: Annotated[Path, typer.Argument(help="The original model.")],
    new: Annotated[Path, typer.Argument(help="The SavedModel that replaces it.")],
    tags: Annotated[
        str | None, typer.Option("--tags", metavar="TAG,TAG", help="The tags of the MetaGraph to compare.")
    ] = None,
    signatures: Signatures = None,
    checkpoint: Checkpoint = None,
    ema: Ema = False,
    rtol: Annotated[float, typer.Option("--rtol", callback=tolerance, help="Relative tolerance of floats.")] = 1e-5,
    atol: Annotated[float, typer.Option("--atol", callback=tolerance, help="Absolute tolerance of floats.")] = 1e-6,
    inputs: Annotated[
        Path | None,
        typer.Option(
            "--inputs", metavar="FILE", help='Requests to run: .npz, or .json {"SIGNATURE": [{"INPUT": value}]}.'
        ),
    ] = None,
    allow_ops: AllowOps = None,
    op_libraries: Annotated[
        list[Path] | None,
        typer.Option("--load-op-library", metavar="SO", help="Load this op library first. Repeatable."),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", callback=seconds, metavar="SECONDS", help="For the whole proof.")
    ] = 1800.0,
    request_timeout: Annotated[
        float, typer.Option("--request-timeout", callback=seconds, metavar="SECONDS", help="For each request.")
    ] = 30.0,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the proof as JSON to a file, or - for stdout.")
    ] = None,
) -> None:
    """Prove that NEW gives what OLD gives: signatures, numbers, weights, assets; loaded every way, after a move.

    OLD is run by TensorFlow's TF1 loader in a Session. Nothing of either model is run that could have an effect
    outside of the process, unless --allow-ops allows it. Exit status 1: something differs, or a signature could not
    be compared.
    """
    from migrate.cli.console import talk_console
    from migrate.cli.json_output import write_json
    from migrate.cli.outputs import check_model_outputs, outputs
    from migrate.preflight.model_options import ModelOptions
    from migrate.verify import ProofOptions, prove_in_fresh_process

    check_model_outputs(outputs(json=json_file), [old, new, inputs])
    wanted = frozenset(tag for tag in tags.split(",") if tag) if tags is not None else None
    model = ModelOptions(
        wanted, allowed_ops(allow_ops), tuple(op_libraries or ()), asked(signatures, checkpoint, ema=ema)
    )
    given = str(inputs.resolve()) if inputs is not None else None
    options = ProofOptions(rtol, atol, given, model, request_timeout)
    with talk_console().status("Comparing the models in a fresh process"):
        proof = prove_in_fresh_process(old, new, options=options, seconds=timeout)
    if json_file != "-":
        _print(proof)
    if json_file is not None:
        write_json(proof_as_json(proof), json_file)
    if not proof.passed:
        raise typer.Exit(NEEDS_A_PERSON)


def proof_as_json(proof: Proof) -> dict[str, Any]:
    """Return a proof as JSON values."""
    from dataclasses import asdict

    checks = [
        {**asdict(check), "loading": check.loading.value, "outcome": check.outcome.value} for check in proof.checks
    ]
    verdict = {"passed": proof.passed, "bit_exact": proof.bit_exact, "different": proof.different}
    return {"version": 1, **verdict, "causes": list(proof.causes), **asdict(proof), "checks": checks}


def _print(proof: Proof) -> None:
    from rich.markup import escape
    from rich.table import Table

    from migrate.cli.console import product_console
    from migrate.text.visible import sentence, shown_name

    console = product_console()
    title = f"{escape(sentence(proof.new))} beside {escape(sentence(proof.old))}"
    table = Table(title=title, title_justify="left")
    ways = list(dict.fromkeys(check.loading for check in proof.checks))
    for heading in ("signature", "requests", *(way.value for way in ways), "largest difference"):
        table.add_column(heading, overflow="fold")
    for signature, checks in _by_signature(proof).items():
        outcomes = {check.loading: check.outcome.value for check in checks}
        requests = str(max(check.requests for check in checks))
        table.add_row(
            escape(shown_name(signature)),
            requests,
            *(outcomes.get(way, "") for way in ways),
            escape("\n".join(_largest(checks))),
        )
    if proof.checks:
        console.print(table)
    if proof.weights is not None:
        console.print(f"Variables: {proof.weights.equal} of {proof.weights.compared} equal, bit for bit.")
    for cause in proof.causes:
        console.print(f"[red]different:[/red] {escape(sentence(cause))}")
    for check in proof.unproven:
        not_compared = f"{shown_name(check.signature)}: {sentence(check.reason)}"
        console.print(f"[yellow]not compared:[/yellow] {escape(not_compared)}")
    for note in proof.notes:
        console.print(f"note: {escape(sentence(note))}")
    console.print(_verdict(proof))


def _by_signature(proof: Proof) -> dict[str, list[SignatureCheck]]:
    found: dict[str, list[SignatureCheck]] = {}
    for check in proof.checks:
        found.setdefault(check.signature, []).append(check)
    return found


def _largest(checks: list[SignatureCheck]) -> list[str]:
    from migrate.text.visible import shown_name

    largest = max(checks, key=lambda check: check.max_absolute)
    lines = [f"{largest.max_absolute:.3g} (relative {largest.max_relative:.3g})" if largest.max_absolute else "0"]
    by_chance = sorted({output for check in checks for output in check.nondeterministic})
    return lines + [f"by chance in the original: {shown_name(output)}" for output in by_chance]


def _verdict(proof: Proof) -> str:
    if proof.different:
        return "[bold red]Different.[/bold red]"
    if not proof.passed:
        return "[bold yellow]Nothing differs, but not everything could be compared.[/bold yellow]"
    return f"[bold green]Equal{', bit for bit' if proof.bit_exact else ' within the tolerance'}.[/bold green]"

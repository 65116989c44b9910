"""The options that tell of a model without signatures how it is to be taken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from migrate.legacy.asked import Asked

Signatures = Annotated[
    list[str] | None,
    typer.Option(
        "--signature",
        metavar="KEY:IN->OUT",
        help="Of a model without signatures: KEY:in=TENSOR,in2=TENSOR->out=TENSOR. Repeatable.",
    ),
]
Checkpoint = Annotated[
    Path | None,
    typer.Option("--checkpoint", metavar="PREFIX", help="Where the values of a graph's variables are."),
]
Ema = Annotated[bool, typer.Option("--ema", help="Take moving averages in place of the variables that have one.")]


def asked(signatures: list[str] | None, checkpoint: Path | None, *, ema: bool) -> Asked:
    """Return what the options say.

    Raises:
        RefusedModelError: a signature is not written as it must be, or two have one key.
    """
    from migrate.errors import RefusedModelError
    from migrate.legacy.asked import Asked, parse_signature

    parsed = tuple(map(parse_signature, signatures or ()))
    keys = [each.key for each in parsed]
    for key in keys:
        if keys.count(key) > 1:
            raise RefusedModelError(f"--signature: two signatures have the key {key!r}; give each its own, KEY:...")
    return Asked(parsed, checkpoint.absolute() if checkpoint is not None else None, ema)

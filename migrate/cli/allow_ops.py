"""The option `--allow-ops [NAME,...]`: with names, or bare for every op."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from migrate.preflight.allowed_ops import NO_OPS, AllowedOps

_OPTION = "--allow-ops"
_NAMES = re.compile(r"[A-Z_][A-Za-z0-9_>]*(,[A-Z_][A-Za-z0-9_>]*)*\Z")

AllowOps = Annotated[
    str | None,
    typer.Option(
        _OPTION,
        metavar="[NAME,...]",
        help="Accept these ops that have an effect outside of the process (files, network); bare: all of them.",
    ),
]


class CommandWithAllowedOps(TyperCommand):
    """A command whose `--allow-ops` may stand alone; typer has no options with optional values."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a bare `--allow-ops` the value that means every op."""
        return super().parse_args(ctx, list(_with_values(args)))


def allowed_ops(text: str | None) -> AllowedOps:
    """Return what the option's value allows.

    Raises:
        Tf1to2Error: a part is no name of an op.
    """
    return NO_OPS if text is None else AllowedOps.parse(text)


def _with_values(args: list[str]) -> list[str]:
    result: list[str] = []
    for place, argument in enumerate(args):
        if place and args[place - 1] == _OPTION and result[-1] == f"{_OPTION}={argument}":
            continue
        if argument != _OPTION:
            result.append(argument)
            continue
        following = args[place + 1] if place + 1 < len(args) else ""
        # What names a file is an argument of the command, whatever it looks like.
        is_value = _NAMES.match(following) is not None and not Path(following).exists()
        result.append(f"{_OPTION}={following if is_value else '*'}")
    return result

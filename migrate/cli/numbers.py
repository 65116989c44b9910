"""Numbers that a person may give, and those that no command can work with: `nan`, infinities, years of waiting."""

from __future__ import annotations

import math

import typer

_MOST_SECONDS = 1_000_000.0
_MOST_JOBS = 1024


def seconds(value: float) -> float:
    """Check a number of seconds.

    Raises:
        typer.BadParameter: nothing can wait for that long.
    """
    if not 1.0 <= value <= _MOST_SECONDS:
        raise typer.BadParameter(f"{value:g} is no number of seconds from 1 to {_MOST_SECONDS:,.0f}")
    return value


def tolerance(value: float) -> float:
    """Check a tolerance.

    Raises:
        typer.BadParameter: no difference can be compared with it.
    """
    if not (value >= 0.0 and math.isfinite(value)):
        raise typer.BadParameter(f"{value:g} is no tolerance: it must be 0 or more, and finite")
    return value


def processes(value: int | None) -> int | None:
    """Check a number of processes; None where none is given.

    Raises:
        typer.BadParameter: no machine runs as many.
    """
    if value is not None and not 0 <= value <= _MOST_JOBS:
        raise typer.BadParameter(f"{value} is no number of processes from 0 to {_MOST_JOBS}")
    return value

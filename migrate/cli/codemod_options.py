"""Options that `codemod`, `scan` and `review` share."""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from migrate.cli.numbers import processes
from migrate.errors import Tf1to2Error

if TYPE_CHECKING:
    from codemods.names.target import Target
    from codemods.source.mode import Mode
    from migrate.codemod.budget import Budget


class ModeChoice(str, Enum):
    """How the migrated program runs on TensorFlow 2."""

    AUTO = "auto"
    EAGER = "eager"
    GRAPH = "graph"


DEFAULT_SECONDS = 60.0
DEFAULT_MEBIBYTES = 4096
MAX_SECONDS = 1_000_000
MAX_MEBIBYTES = 1 << 30

Select = Annotated[
    list[str] | None, typer.Option("--select", metavar="RULE", help="Only these rules (SM101, or a prefix: SM1).")
]
Ignore = Annotated[list[str] | None, typer.Option("--ignore", metavar="RULE", help="Not these rules.")]
ModeOption = Annotated[ModeChoice, typer.Option("--mode", help="How the program shall run on TensorFlow 2.")]
Version = Annotated[
    str | None,
    typer.Option(
        "--tensorflow", metavar="VERSION", help="The TensorFlow the rewritten code shall run on (the installed one)."
    ),
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", callback=processes, help="Processes; 0 for one per core.")]
FileTimeout = Annotated[
    float,
    typer.Option("--file-timeout", metavar="SECONDS", min=0, help="What one file may take; 0 for no limit."),
]
FileMemory = Annotated[
    int, typer.Option("--file-memory", metavar="MB", min=0, help="Memory for one file, on Linux; 0 for no limit.")
]
SelfContained = Annotated[
    bool,
    typer.Option(
        "--self-contained",
        help="Rewritten code must not import tf1to2: what exports a session is written into the file.",
    ),
]
Python2 = Annotated[
    bool, typer.Option("--python2", help="Convert files of Python 2 to Python 3 first, as one change of each file.")
]
NoGitignore = Annotated[bool, typer.Option("--no-gitignore", help="Take the files that git ignores, too.")]


def budget_of(seconds: float, mebibytes: int) -> Budget:
    """Return what one file may cost.

    Raises:
        Tf1to2Error: The numbers are none that a budget can be.
    """
    from migrate.codemod.budget import Budget

    if not math.isfinite(seconds) or seconds > MAX_SECONDS:
        raise Tf1to2Error(f"--file-timeout: {seconds:g} is no number of seconds up to {MAX_SECONDS}; 0 is no limit.")
    if mebibytes > MAX_MEBIBYTES:
        raise Tf1to2Error(f"--file-memory: {mebibytes} MB is more than any machine has; 0 is no limit.")
    return Budget(seconds, mebibytes)


def rules_of(entries: list[str] | None) -> tuple[str, ...]:
    """Return the rules that `--select` or `--ignore` names, given repeatedly or with commas."""
    return tuple(part.strip() for entry in entries or () for part in entry.split(",") if part.strip())


def mode_of(choice: ModeChoice) -> Mode | None:
    """Return the mode that `--mode` forces, None for the one that suits each program."""
    from codemods.source.mode import Mode

    return None if choice is ModeChoice.AUTO else Mode(choice.value)


def target_of(version: str | None) -> Target:
    """Return the TensorFlow that `--tensorflow` names, or the installed one.

    Raises:
        Tf1to2Error: Rewritten code does not run on it.
    """
    from codemods.errors import UnsupportedTargetError
    from codemods.names import target

    if version is None:
        return target.installed_target()
    try:
        return target.target_of(version)
    except UnsupportedTargetError as error:
        raise Tf1to2Error(f"--tensorflow: {error}.") from error

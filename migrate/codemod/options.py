"""What the user chose for a run of the codemods."""

from __future__ import annotations

from dataclasses import dataclass, field

from codemods.names.target import Target, installed_target
from codemods.source.mode import Mode
from migrate.codemod.budget import Budget


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user chose. `mode` None lets the tool decide per group of files; `jobs` 0 means one per core.

    `self_contained` rules out code that needs tf1to2 when it runs, `python2` converts files of Python 2 first. `target`
    is the TensorFlow that the rewritten code is to run on, `budget` what the work on one file may cost.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    mode: Mode | None = None
    include_tests: bool = False
    jobs: int = 0
    todo: bool = False
    keras: bool = False
    self_contained: bool = False
    python2: bool = False
    target: Target = field(default_factory=installed_target)
    budget: Budget = field(default_factory=Budget)

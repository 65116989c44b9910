"""The inspection as a call for a worker process. Importing this module does not import TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migrate.inspection.facts import ModelFacts
from migrate.preflight.allowed_ops import NO_OPS, AllowedOps


@dataclass(frozen=True, slots=True)
class InspectTask:
    """A model, a folder or a file, the op libraries (`.so`) to load first, and the ops that the user accepts."""

    path: Path
    op_libraries: tuple[Path, ...] = ()
    allowed: AllowedOps = NO_OPS


def inspect_model(task: InspectTask) -> ModelFacts:
    """Return the facts of a model; see `migrate.inspection.read.read_facts`."""
    from migrate.inspection.read import read_facts

    return read_facts(task.path, task.op_libraries, task.allowed)

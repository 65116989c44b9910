"""One model of a rewrap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FAILED_SUFFIX = ".failed"
"""Added to the target's name where a model whose proof failed is kept."""


@dataclass(frozen=True, slots=True)
class Job:
    """One model folder and the folder that the new model shall be.

    Attributes:
        source: the legacy model.
        target: where the new one goes.
        resumed: a run that was killed put this very model there already; it may be replaced without `--force`.
    """

    source: Path
    target: Path
    resumed: bool = False

    @property
    def failed_target(self) -> Path:
        """Where the model is kept if its proof fails and it is kept at all."""
        return self.target.with_name(self.target.name + FAILED_SUFFIX)

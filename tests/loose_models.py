"""The models without signatures of ``fixtures/loose_models``, and what TensorFlow 1.15.5 computed with them.

The format is described in ``fixtures/loose_models/make/make_models.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migrate.legacy.asked import Asked, parse_signature
from tests.golden import Value, value_of

LOOSE_MODELS_DIR = Path(__file__).parent.parent / "fixtures" / "loose_models"


@dataclass(frozen=True, slots=True)
class LooseCall:
    """What a model gave for some inputs."""

    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class LooseModel:
    """A model without signatures: what a rewrap is given, and what it must give.

    `inputs` and `outputs` are the tensors' names by key; `variables` says of each whether it is trainable.
    """

    name: str
    path: Path
    arguments: tuple[str, ...]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    variables: Mapping[str, bool]
    calls: tuple[LooseCall, ...]

    @property
    def asked(self) -> Asked:
        """What the arguments say."""
        given = dict(zip(self.arguments, self.arguments[1:], strict=False))
        signatures = [
            text for option, text in zip(self.arguments, self.arguments[1:], strict=False) if option == "--signature"
        ]
        checkpoint = given.get("--checkpoint")
        return Asked(
            tuple(map(parse_signature, signatures)),
            None if checkpoint is None else Path(checkpoint),
            "--ema" in self.arguments,
        )


def loose_models() -> tuple[LooseModel, ...]:
    """Return all of them by name."""
    return tuple(_read(file) for file in sorted(LOOSE_MODELS_DIR.glob("*/golden.json")))


def loose_model(name: str) -> LooseModel:
    """Return one of them."""
    return _read(LOOSE_MODELS_DIR / name / "golden.json")


def _read(file: Path) -> LooseModel:
    data = json.loads(file.read_text(encoding="utf-8"))
    return LooseModel(
        file.parent.name,
        file.parent / data["model"],
        tuple(argument.replace("{here}", str(file.parent)) for argument in data["arguments"]),
        data["signature"]["inputs"],
        data["signature"]["outputs"],
        data["variables"],
        tuple(
            LooseCall(
                {key: value_of(value) for key, value in call["inputs"].items()},
                {key: value_of(value) for key, value in call["outputs"].items()},
            )
            for call in data["calls"]
        ),
    )

"""What a reader of a kind of legacy model is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from migrate.legacy.asked import Asked
from migrate.legacy.kind import Detection, ModelKind
from migrate.legacy.model import LegacyModel


def _recognise_nothing(path: Path) -> Detection | None:
    return None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the models of some kinds. A module of `migrate.legacy.kinds` has one by the name `READER`.

    Attributes:
        kinds: what it reads.
        read: gives the MetaGraphs of a model, at least one, as the user asked for them, or raises a `Tf1to2Error`.
        recognise: says what a path (a folder or a file that exists) is, where `migrate.legacy.detect` does not know of
            the kind; None for everything else. It looks at bytes only: TensorFlow is not imported.
        main_files: names that make a folder a model of the kind, where `migrate.legacy.detect` does not know them.
    """

    kinds: frozenset[ModelKind]
    read: Callable[[Detection, Asked], tuple[LegacyModel, ...]]
    recognise: Callable[[Path], Detection | None] = _recognise_nothing
    main_files: tuple[str, ...] = ()

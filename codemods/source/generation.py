"""Which TensorFlow code is written for."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Generation(Enum):
    """Which TensorFlow a file's code, or a program's, is written for."""

    V1 = "v1"
    V2 = "v2"
    EITHER = "either"
    """Nothing tells: what both have is all that it uses."""


def of_program(files: Iterable[Generation]) -> Generation:
    """Return what files of one program are written for together.

    One that TensorFlow 2 cannot run makes it a program of TensorFlow 1: it is still to be ported, all of it.
    """
    found = set(files)
    if Generation.V1 in found:
        return Generation.V1
    return Generation.V2 if Generation.V2 in found else Generation.EITHER

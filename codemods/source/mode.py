"""How a migrated program runs on TensorFlow 2."""

from __future__ import annotations

from enum import Enum


class Mode(str, Enum):
    """How the migrated program runs on TensorFlow 2."""

    EAGER = "eager"
    GRAPH = "graph"

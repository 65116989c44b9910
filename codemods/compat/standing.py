"""How far a file of a half rewritten program is: whether it still is one of TensorFlow 1."""

from __future__ import annotations

from dataclasses import dataclass

from codemods.compat.generations import open_uses, written_for
from codemods.compat.graph_mode import SWITCHES_TO_GRAPHS, in_explicit_graph
from codemods.compat.v1_usage import is_v1_only
from codemods.names.tf1 import GRAPH_ONLY
from codemods.source.generation import Generation
from codemods.source.module import Module
from codemods.source.tensorflow_uses import tensorflow_uses


@dataclass(frozen=True, slots=True)
class Standing:
    """What a file says of itself in a program that an earlier run may have left half rewritten.

    Attributes:
        generation: Which TensorFlow it is written for.
        is_left: It takes names of TensorFlow 1 from `tensorflow` itself, where TensorFlow 2 does not have them.
        takes_contrib: It takes names from `tf.contrib`, some of which must wait for a person.
        needs_graph: It holds code that only works in a TF1 graph, and makes none for it.
        switches: It switches v2 behaviour off.
        may_mean_either: It uses names that TensorFlow 1 and 2 mean different things by, and does not tell which.
    """

    generation: Generation
    is_left: bool
    takes_contrib: bool
    needs_graph: bool
    switches: bool
    may_mean_either: bool


def standing(module: Module) -> Standing:
    """Return how far a file is."""
    uses = tensorflow_uses(module)
    return Standing(
        written_for(module),
        any(is_v1_only(module, use) for use in uses),
        any(use.raw.startswith("tensorflow.contrib.") for use in uses),
        any(use.name in GRAPH_ONLY and not in_explicit_graph(module, use.node) for use in uses),
        any(use.name in SWITCHES_TO_GRAPHS for use in uses),
        written_for(module) is Generation.EITHER and any(open_uses(module, uses)),
    )

"""The facts of a model, as values. TensorFlow is not imported."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from migrate.legacy.kind import ModelKind


class VariableStorage(Enum):
    """How TensorFlow 1 held a variable."""

    REF = "ref"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """One entry of a signature; `dtype` and `shape` as the SignatureDef declares them, which may not be the truth."""

    key: str
    tensor: str
    dtype: str
    shape: str


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """One SignatureDef."""

    key: str
    method: str
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]


@dataclass(frozen=True, slots=True)
class VariableFacts:
    """One variable under its TF1 name; `parts` counts the slices of a partitioned one, 1 otherwise."""

    name: str
    dtype: str
    shape: str
    storage: VariableStorage
    trainable: bool
    parts: int


@dataclass(frozen=True, slots=True)
class TableFacts:
    """One lookup table: its node, the op that makes it, and the dtypes of keys and values."""

    name: str
    op: str
    key_dtype: str
    value_dtype: str


@dataclass(frozen=True, slots=True)
class MetaGraphFacts:
    """One MetaGraphDef, or a GraphDef by itself.

    Attributes:
        tensorflow: the version that wrote it, empty where unknown.
        init_op: the node that the TF1 loader runs after the restore; None where there is none.
        placeholders, sinks: for a graph without signatures: nodes that look like inputs and outputs.
        without_gradient: trainable variables that no gradient reaches in TensorFlow 2, as loops stand in between.
        problems: why it cannot be rewrapped as it is, one sentence each.
        other_numbers: for which ops TensorFlow 1.15.5 gave other numbers than this one does, one sentence each.
    """

    tags: frozenset[str]
    tensorflow: str
    nodes: int
    signatures: tuple[SignatureFacts, ...] = ()
    variables: tuple[VariableFacts, ...] = ()
    tables: tuple[TableFacts, ...] = ()
    assets: tuple[str, ...] = ()
    init_op: str | None = None
    placeholders: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()
    without_gradient: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    other_numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model.

    Attributes:
        kind: the format.
        meta_graphs: empty for Keras files, whose content is not a graph.
        weight_bytes: bytes of weights in the checkpoint; 0 without one.
        assets_extra: files in `assets.extra`, such as warm-up requests.
        problems: what is wrong with the files of the model as a whole.
    """

    path: Path
    kind: ModelKind
    meta_graphs: tuple[MetaGraphFacts, ...] = ()
    weight_bytes: int = 0
    assets_extra: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def all_problems(self) -> tuple[str, ...]:
        """The problems of the files and of every MetaGraph."""
        return (*self.problems, *(problem for graph in self.meta_graphs for problem in graph.problems))

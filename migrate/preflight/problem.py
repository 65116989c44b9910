"""The values that the checks return."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ProblemKind(Enum):
    """Why a model cannot be rewrapped as it is."""

    UNKNOWN_OP = "op that this TensorFlow does not know"
    NO_CPU_KERNEL = "op that cannot run on a CPU"
    PYTHON = "runs Python"
    FILES = "reads or writes files"
    NETWORK = "uses the network"
    HIDDEN_GRAPH = "runs a program that cannot be checked"
    DEVICE = "drives other hardware"
    PROCESS = "ends or holds up the process"
    UNJUDGED = "op that nobody has judged"
    MISSING_FUNCTION = "function that is not in the model"
    DANGLING_TENSOR = "signature names a tensor that is not there"
    UNSAFE_ASSET = "asset that lies outside of the model"
    MISSING_ASSET = "asset file that is not there"
    NOT_COPIED = "file that may not be copied"
    DAMAGED = "damaged or incomplete"
    NO_COUNTERPART = "something that TensorFlow 2 has no counterpart of"
    NO_VALUE = "variable without a value"


@dataclass(frozen=True, slots=True)
class Problem:
    """One cause for a refusal.

    Attributes:
        kind: what sort of cause it is.
        op: the op type (`PyFunc`), or the signature key for a dangling tensor, or the asset's file name.
        node: the first node concerned, within its function where it is in one; the tensor name for a signature.
        message: cause and remedy in one or two sentences.
    """

    kind: ProblemKind
    op: str
    node: str
    message: str

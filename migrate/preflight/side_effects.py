"""What an op can do outside of the process that executes it, in the words of the messages."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.preflight.judged_ops import Judgement
from migrate.preflight.problem import ProblemKind


@dataclass(frozen=True, slots=True)
class SideEffect:
    """What an op does outside of the process: `does` completes "the op ..."."""

    kind: ProblemKind
    does: str


SIDE_EFFECTS = {
    Judgement.PYTHON: SideEffect(ProblemKind.PYTHON, "calls a Python function of the training program"),
    Judgement.READS_FILES: SideEffect(ProblemKind.FILES, "reads files"),
    Judgement.READS_TABLE: SideEffect(ProblemKind.FILES, "fills a table from a file"),
    Judgement.READS_CHECKPOINT: SideEffect(ProblemKind.FILES, "reads a checkpoint"),
    Judgement.READS_VOCABULARY: SideEffect(ProblemKind.FILES, "reads a vocabulary file"),
    Judgement.READS_DESCRIPTORS: SideEffect(ProblemKind.FILES, "reads a file of proto descriptors"),
    Judgement.WRITES_FILES: SideEffect(ProblemKind.FILES, "writes files"),
    Judgement.WRITES_CACHE: SideEffect(ProblemKind.FILES, "writes files of a cache"),
    Judgement.WRITES_CHECKPOINT: SideEffect(ProblemKind.FILES, "writes a checkpoint"),
    Judgement.WRITES_EVENTS: SideEffect(ProblemKind.FILES, "writes event files"),
    Judgement.PRINTS_TO_FILE: SideEffect(ProblemKind.FILES, "prints to a file"),
    Judgement.SENDS_DEBUG: SideEffect(ProblemKind.FILES, "sends what it sees to debug URLs (files or a server)"),
    Judgement.OPENS_DATABASE: SideEffect(ProblemKind.FILES, "opens a database"),
    Judgement.SETS_FILE_SYSTEM: SideEffect(ProblemKind.FILES, "changes the settings of a file system"),
    Judgement.TALKS_TO_SERVER: SideEffect(ProblemKind.NETWORK, "talks to a server"),
    Judgement.EXCHANGES_TENSORS: SideEffect(ProblemKind.NETWORK, "exchanges tensors with another device or machine"),
    Judgement.HIDDEN_GRAPH: SideEffect(
        ProblemKind.HIDDEN_GRAPH, "builds and runs a graph from a string, which cannot be checked"
    ),
    Judgement.NATIVE_CODE: SideEffect(
        ProblemKind.HIDDEN_GRAPH, "runs native code that it names, which cannot be checked"
    ),
    Judgement.DRIVES_DEVICE: SideEffect(ProblemKind.DEVICE, "configures or drives other hardware"),
    Judgement.ENDS_PROCESS: SideEffect(ProblemKind.PROCESS, "ends the process"),
    Judgement.STALLS: SideEffect(ProblemKind.PROCESS, "sleeps for as long as the model says"),
}

"""What every op of TensorFlow does outside of the process that executes it: a reviewed list, closed.

`judged_ops.txt` has one op a line, sorted: name, judgement and, for an op that reads the paths it is given, the inputs
that carry them (`filename=1`: the input `filename`, the second one), separated by tabs. It judges every op in the
registries of TensorFlow 1.15.5, 2.15.1 and 2.21.0. `python -m tests.ops_review` lists the ops of another TensorFlow
that nobody judged. An op that is not in the list is not known to be harmless.

`pure` is what stays inside the process: it computes, draws random numbers, keeps state in variables, tables, queues,
iterators or locks, looks at the clock, writes to the log. An op with functions in its attributes is `pure` itself; its
functions are judged by their own ops. The rest is named by the worst that the op can do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any


class Judgement(Enum):
    """What an op can do outside of the process, in the words of the list."""

    PURE = "pure"
    PYTHON = "python"
    READS_FILES = "reads-files"
    READS_TABLE = "reads-table"
    READS_CHECKPOINT = "reads-checkpoint"
    READS_VOCABULARY = "reads-vocabulary"
    READS_DESCRIPTORS = "reads-descriptors"
    WRITES_FILES = "writes-files"
    WRITES_CACHE = "writes-cache"
    WRITES_CHECKPOINT = "writes-checkpoint"
    WRITES_EVENTS = "writes-events"
    PRINTS_TO_FILE = "prints-to-file"
    SENDS_DEBUG = "sends-debug"
    OPENS_DATABASE = "opens-database"
    SETS_FILE_SYSTEM = "sets-file-system"
    TALKS_TO_SERVER = "talks-to-server"
    EXCHANGES_TENSORS = "exchanges-tensors"
    HIDDEN_GRAPH = "hidden-graph"
    NATIVE_CODE = "native-code"
    DRIVES_DEVICE = "drives-device"
    ENDS_PROCESS = "ends-process"
    STALLS = "stalls"


@dataclass(frozen=True, slots=True)
class PathInput:
    """An input of an op that carries a path, or several. No list of inputs stands before it: `index` counts tensors."""

    name: str
    index: int


@dataclass(frozen=True, slots=True)
class JudgedOp:
    """An op of the list.

    Attributes:
        judgement: the worst that the op can do; `effect_of` looks at one node.
        path_inputs: the inputs whose values are all that an op judged `reads-...` or `writes-cache` opens. Empty where
            the paths come another way: from an attribute, from a queue. A `writes-cache` with the path "" keeps its
            cache in memory and is as good as `pure`.
    """

    judgement: Judgement
    path_inputs: tuple[PathInput, ...] = ()


@cache
def judged_ops() -> Mapping[str, JudgedOp]:
    """Return the whole list by op."""
    text = files("migrate.preflight").joinpath("judged_ops.txt").read_text(encoding="utf-8")
    return MappingProxyType(dict(_parsed(line) for line in text.splitlines()))


def judgement_of(op: str) -> Judgement | None:
    """Return the worst that an op can do, or None for an op that nobody judged."""
    judged = judged_ops().get(op)
    return judged.judgement if judged else None


def path_inputs(op: str) -> tuple[PathInput, ...]:
    """Return the inputs of an op that carry the paths of the files it opens."""
    judged = judged_ops().get(op)
    return judged.path_inputs if judged else ()


def effect_of(node: Any) -> Judgement | None:
    """Return what this NodeDef does, its attributes considered; None where nobody judged its op.

    A few ops have their effect by an attribute. They are `pure` where it is left to its default or literally has a
    value known to be harmless: never where it is an attribute placeholder, whose value the caller of a function gives.
    """
    rule = _HARMLESS.get(node.op)
    return Judgement.PURE if rule is not None and rule.holds(node) else judgement_of(node.op)


def _parsed(line: str) -> tuple[str, JudgedOp]:
    op, judgement, *inputs = line.split("\t")
    return op, JudgedOp(Judgement(judgement), tuple(_path_input(one) for one in inputs))


def _path_input(text: str) -> PathInput:
    name, _, index = text.partition("=")
    return PathInput(name, int(index))


@dataclass(frozen=True, slots=True)
class _Harmless:
    """When an op with an effect has none: by the literal value of one attribute. The default is harmless, too."""

    attribute: str
    allows: Callable[[Any], bool]

    def holds(self, node: Any) -> bool:
        return self.attribute not in node.attr or self.allows(node.attr[self.attribute])


def _one_of(*values: bytes) -> Callable[[Any], bool]:
    return lambda value: value.WhichOneof("value") == "s" and value.s in values


def _no_strings(value: Any) -> bool:
    return value.WhichOneof("value") == "list" and not value.list.s


def _descriptors_inside(value: Any) -> bool:
    """The descriptors of the process (`local://`), or those that stand in the attribute itself."""
    return _one_of(b"", b"local://")(value) or (value.WhichOneof("value") == "s" and value.s.startswith(b"bytes://"))


_HARMLESS = {
    "PrintV2": _Harmless("output_stream", _one_of(b"stderr", b"stdout", b"log(info)", b"log(warning)", b"log(error)")),
    "FixedUnigramCandidateSampler": _Harmless("vocab_file", _one_of(b"")),
    "DecodeProtoV2": _Harmless("descriptor_source", _descriptors_inside),
    "EncodeProto": _Harmless("descriptor_source", _descriptors_inside),
    "DebugIdentity": _Harmless("debug_urls", _no_strings),
    "DebugIdentityV2": _Harmless("debug_urls", _no_strings),
    "DebugIdentityV3": _Harmless("debug_urls", _no_strings),
    "DebugNanCount": _Harmless("debug_urls", _no_strings),
    "DebugNumericSummary": _Harmless("debug_urls", _no_strings),
}

"""The ops whose kernels give other numbers today than those of TensorFlow 1.15.5, and where they do.

A proof runs both models on this TensorFlow, so it cannot see them. Each entry is shown by a probe in
`fixtures/kernels`, which holds what 1.15.5 gave; what differs by rounding alone, within the proof's tolerance, is not
listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from migrate.preflight.reach import Library
from migrate.preflight.runs import runs_of

_FLOATS = frozenset({1, 2, 14, 19})  # float, double, bfloat16, half
_UINT8 = 4


class Where(Enum):
    """On which inputs an op gives other numbers; completes "where ..."."""

    NAN = "an input holds NaN"
    NAN_ONEDNN = "an input holds NaN and oneDNN is on"
    HALFWAY_ONEDNN = "a value lies between two steps and oneDNN is on"
    EDGE = "an input is infinite, denormal, -0 or close to the largest numbers"
    POLE = "an input is 0, a negative integer or denormal"
    RANGE = "a number is negative or too large for uint8"
    FRACTION = "a quotient of floating-point numbers is no whole number"


@dataclass(frozen=True, slots=True)
class OtherNumbers:
    """One op: where it differs, what 1.15.5 gives there, and what is given now."""

    op: str
    where: Where
    before: str
    now: str


_LEFT_OUT, _NAN = "leaves it out", "NaN"
TABLE: tuple[OtherNumbers, ...] = (
    *(OtherNumbers(op, Where.NAN, _LEFT_OUT, _NAN) for op in ("Max", "Min")),
    *(OtherNumbers(op, Where.NAN, "the other number, on one side", _NAN) for op in ("Maximum", "Minimum")),
    *(OtherNumbers(op, Where.NAN, _LEFT_OUT, "the last NaN counts") for op in ("SegmentMax", "SegmentMin")),
    OtherNumbers("Sign", Where.NAN, "0", _NAN),
    OtherNumbers("QuantizeV2", Where.NAN, "0", "the lowest number"),
    OtherNumbers("QuantizeV2", Where.HALFWAY_ONEDNN, "rounds one way", "may round the other way"),
    OtherNumbers("Softmax", Where.NAN_ONEDNN, _NAN, "0 in some places"),
    OtherNumbers("Sqrt", Where.EDGE, "NaN for infinity, half as much again above 8e37", "the root"),
    OtherNumbers("Rsqrt", Where.EDGE, "NaN for infinity, infinity for -0", "0, -infinity"),
    OtherNumbers("Erf", Where.EDGE, "1 or -1 for an infinite double", _NAN),
    OtherNumbers("Pow", Where.EDGE, "NaN for a negative number to a denormal power", "1"),
    OtherNumbers("Atan2", Where.EDGE, "a denormal number counts as such", "as an angle of 45 degrees"),
    OtherNumbers("Digamma", Where.POLE, "infinity", _NAN),
    OtherNumbers("Cast", Where.RANGE, "wraps around", "0"),
    OtherNumbers("TruncateDiv", Where.FRACTION, "does not truncate", "truncates"),
)


def other_numbers(meta_graph: Any) -> tuple[OtherNumbers, ...]:
    """Return the entries for the ops that restoring, loading and calling a model executes, in functions too."""
    library = Library(meta_graph.graph_def)
    nodes = [standing.node for run in runs_of(meta_graph) for standing in library.reach(run).nodes]
    used = {node.op for node in nodes if _concerns(node.op, node.attr)}
    return tuple(entry for entry in TABLE if entry.op in used)


def in_words(entries: Iterable[OtherNumbers]) -> tuple[str, ...]:
    """Return a sentence for each sort of input, which names the ops."""
    groups: Mapping[Where, list[str]] = defaultdict(list)
    for entry in entries:
        groups[entry.where].append(f"{entry.op} ({entry.before}; now: {entry.now})")
    return tuple(
        f"TensorFlow 1.15.5 gives other numbers than today's kernels where {where.value}: {', '.join(ops)}."
        for where, ops in groups.items()
    )


def _concerns(op: str, attributes: Any) -> bool:
    """Tell whether a node has the dtypes for which its op is listed; in a function its caller may give them."""
    if op == "Cast":
        return _is_float(attributes["SrcT"]) and attributes["DstT"].type in (0, _UINT8)
    return op not in _OF_FLOATS or _is_float(attributes["T"])


def _is_float(attribute: Any) -> bool:
    return attribute.type in _FLOATS or not attribute.type


_OF_FLOATS = frozenset(entry.op for entry in TABLE) - {"QuantizeV2"}

"""What a MetaGraph's or GraphDef's file says of itself, told from its bytes: TensorFlow is not imported."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass

from migrate.legacy.kind import Detection, ModelKind
from migrate.legacy.wire import Buffer, MalformedProtoError, scan

_TEXT_OP = re.compile(rb'^\s*op\s*:\s*["\'](\w+)["\']', re.MULTILINE)
_TEXT_VERSION = re.compile(rb'^\s*tensorflow_version\s*:\s*["\']([^"\']*)["\']', re.MULTILINE)
_VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable", "TemporaryVariable"})


@dataclass(frozen=True, slots=True)
class GraphFileFacts:
    """The op types of the graph's nodes, those in function bodies aside, and the TensorFlow that wrote it, if told."""

    ops: frozenset[str] = frozenset()
    tensorflow: str = ""

    @property
    def has_variables(self) -> bool:
        """Whether the graph needs values that are not in it."""
        return not _VARIABLES.isdisjoint(self.ops)


def graph_file_facts(detection: Detection) -> GraphFileFacts:
    """Read a MetaGraph or GraphDef; of a file that cannot be read as that nothing is known."""
    try:
        with detection.main_file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
            if detection.is_text:
                version = _TEXT_VERSION.search(buffer)
                return GraphFileFacts(
                    frozenset(name.decode() for name in _TEXT_OP.findall(buffer)),
                    version.group(1).decode(errors="replace") if version else "",
                )
            if detection.kind == ModelKind.FROZEN_GRAPH:
                return GraphFileFacts(frozenset(_texts(buffer, 1, 2)))
            return GraphFileFacts(frozenset(_texts(buffer, 2, 1, 2)), next(_texts(buffer, 1, 5), ""))
    except (OSError, MalformedProtoError):
        return GraphFileFacts()


def _texts(buffer: Buffer, *numbers: int) -> Iterator[str]:
    """Yield the strings at a path of field numbers.

    MetaGraphDef: 1 meta_info_def (5 tensorflow_version), 2 graph_def. GraphDef: 1 node. NodeDef: 2 op.
    """
    spans = [(0, len(buffer))]
    for number in numbers:
        spans = [span for start, end in spans for span in _nested(buffer, start, end, number)]
    for start, end in spans:
        yield buffer[start:end].decode(errors="replace")


def _nested(buffer: Buffer, start: int, end: int, number: int) -> list[tuple[int, int]]:
    return [(field.start, field.end) for field in scan(buffer, start, end) if field.number == number]

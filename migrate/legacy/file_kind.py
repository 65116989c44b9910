"""What one file is, told from its bytes alone; TensorFlow is not imported and nothing is run."""

from __future__ import annotations

import mmap
import re
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from migrate.errors import UnreadableModelError
from migrate.legacy.wire import Buffer, Field, MalformedProtoError, TruncatedProtoError, WireType, scan

MAX_PROTO_BYTES = 2**31 - 1
"""Protobuf refuses messages of 2 GiB and more."""

_HEAD_BYTES = 65536
# The tags that a SavedModel, MetaGraphDef or GraphDef starts with: any other cut-off file is no such proto at all.
_FIRST_BYTES = (0x08, 0x0A, 0x12)
_OP_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_>]*\Z")
_OBJECT_GRAPH_LINE = re.compile(rb"^\s*object_graph_def\b", re.MULTILINE)


class FileKind(Enum):
    """What a file turns out to be; the value completes the sentence "it is ..."."""

    SAVED_MODEL_V1 = "a TF1 SavedModel proto"
    SAVED_MODEL_V2 = "a TF2 SavedModel proto"
    META_GRAPH = "a MetaGraphDef"
    GRAPH = "a GraphDef"
    HDF5 = "an HDF5 file"
    KERAS_ARCHIVE = "a Keras 3 archive"
    EMPTY = "empty (0 bytes)"
    ZEROS = "nothing but zero bytes: the download or the disk failed"
    GIT_LFS_POINTER = "a Git LFS pointer, not the file itself"
    GIT_ANNEX_POINTER = "a git-annex pointer, not the file itself"
    HTML = "an HTML or XML page (an error page saved by a download?)"
    ZIP = "a zip archive"
    TAR = "a tar or compressed archive"
    TFLITE = "a TensorFlow Lite model"
    TEXT = "a text file of another kind"
    OTHER_PROTO = "a protobuf of another type"
    TRUNCATED = "cut off"
    TOO_LARGE = "larger than 2 GiB, which protobuf cannot read"
    UNKNOWN = "no protobuf and no known file type"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What `sniff` found: the kind, whether protos are in text format, and the sizes in bytes.

    `needed` is the least size that a truncated file should have, else 0.
    """

    kind: FileKind
    size: int
    is_text: bool = False
    needed: int = 0


_MAGIC: tuple[tuple[bytes, int, FileKind], ...] = (
    (b"version https://git-lfs.github.com/spec/", 0, FileKind.GIT_LFS_POINTER),
    (b"/annex/objects/", 0, FileKind.GIT_ANNEX_POINTER),
    (b"\x89HDF\r\n\x1a\n", 0, FileKind.HDF5),
    (b"\x1f\x8b", 0, FileKind.TAR),
    (b"BZh", 0, FileKind.TAR),
    (b"\xfd7zXZ\x00", 0, FileKind.TAR),
    (b"ustar", 257, FileKind.TAR),
    (b"TFL3", 4, FileKind.TFLITE),
)

_TEXT_PROTOS: tuple[tuple[re.Pattern[bytes], FileKind], ...] = (
    (re.compile(rb"(saved_model_schema_version\s*:|meta_graphs\s*:?\s*\{)"), FileKind.SAVED_MODEL_V1),
    (re.compile(rb"(meta_info_def|graph_def|saver_def)\s*:?\s*\{"), FileKind.META_GRAPH),
    (re.compile(rb"(node|versions|library)\s*:?\s*\{"), FileKind.GRAPH),
)


def sniff(path: Path) -> FileFacts:
    """Return what the file at `path` is.

    Raises:
        UnreadableModelError: the file cannot be read at all (missing, no permission, not a regular file).
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableModelError(f"{path} is not a regular file, so it is no model.")
        if status.st_size == 0:
            return FileFacts(FileKind.EMPTY, 0)
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
            return _sniff_buffer(buffer)
    except OSError as error:
        raise UnreadableModelError(f"{path} cannot be read: {_os_reason(path, error)}.") from error


def _os_reason(path: Path, error: OSError) -> str:
    if path.is_symlink() and isinstance(error, FileNotFoundError):
        return f"it is a symbolic link to {path.readlink()}, which does not exist"
    if isinstance(error, PermissionError):
        return "permission denied; make it readable for the user who runs tf1to2"
    return (error.strerror or str(error)).lower()


def _sniff_buffer(buffer: mmap.mmap) -> FileFacts:
    size = len(buffer)
    head = buffer[:_HEAD_BYTES]
    for magic, offset, kind in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return FileFacts(kind, size)
    if head.startswith(b"PK\x03\x04"):
        return FileFacts(_zip_kind(head), size)
    if not head.strip(b"\0"):
        return FileFacts(FileKind.ZEROS, size)
    if _looks_like_text(head):
        if size > MAX_PROTO_BYTES:
            return FileFacts(FileKind.TOO_LARGE, size, is_text=True)
        return FileFacts(_text_kind(buffer, head), size, is_text=True)
    try:
        kind = _proto_kind(buffer)
    except TruncatedProtoError as error:
        if buffer[0] not in _FIRST_BYTES:
            return FileFacts(FileKind.UNKNOWN, size)
        return FileFacts(FileKind.TRUNCATED, size, needed=error.needed)
    except MalformedProtoError:
        return FileFacts(FileKind.UNKNOWN, size)
    if size > MAX_PROTO_BYTES and kind not in (FileKind.OTHER_PROTO, FileKind.UNKNOWN):
        kind = FileKind.TOO_LARGE
    return FileFacts(kind, size)


def _zip_kind(head: bytes) -> FileKind:
    # A Keras 3 archive stores metadata.json first.
    return FileKind.KERAS_ARCHIVE if b"metadata.json" in head[:64] or b"config.json" in head[:64] else FileKind.ZIP


def _looks_like_text(head: bytes) -> bool:
    """Whether the bytes are printable UTF-8: a binary proto of this size always has control characters."""
    sample = head[:4096]
    if any(byte < 0x20 and byte not in b"\t\n\r\f" for byte in sample):
        return False
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(sample) - 4
    return True


def _text_kind(buffer: mmap.mmap, head: bytes) -> FileKind:
    content = re.sub(rb"\A(\xef\xbb\xbf)?(\s*#[^\n]*\n|\s+)*", b"", head)
    if re.match(rb"<(!doctype|html|\?xml|head|body|error)", content, re.IGNORECASE):
        return FileKind.HTML
    kind = next((kind for pattern, kind in _TEXT_PROTOS if pattern.match(content)), FileKind.TEXT)
    if kind is FileKind.SAVED_MODEL_V1 and _OBJECT_GRAPH_LINE.search(buffer):
        return FileKind.SAVED_MODEL_V2
    return kind


def _proto_kind(buffer: Buffer) -> FileKind:
    fields = list(scan(buffer))
    if _is_saved_model(buffer, fields):
        graphs = [field for field in fields if field.number == 2]
        # The rule of TensorFlow's own loader: exactly one MetaGraphDef, and it has an object graph.
        native = len(graphs) == 1 and any(f.number == 7 for f in scan(buffer, graphs[0].start, graphs[0].end))
        return FileKind.SAVED_MODEL_V2 if native else FileKind.SAVED_MODEL_V1
    if _is_meta_graph(buffer, fields):
        return FileKind.META_GRAPH
    if _is_graph(buffer, fields):
        return FileKind.GRAPH
    return FileKind.OTHER_PROTO


def _is_saved_model(buffer: Buffer, fields: list[Field]) -> bool:
    """`SavedModel`: 1 schema version (varint), 2 MetaGraphDefs, nothing else."""
    graphs = [field for field in fields if field.number == 2]
    others = [field for field in fields if field.number != 2]
    return (
        bool(graphs)
        and all(field.number == 1 and field.wire_type is WireType.VARINT for field in others)
        and all(_contains_meta_graph(buffer, field) for field in graphs)
    )


def _contains_meta_graph(buffer: Buffer, field: Field) -> bool:
    if field.wire_type is not WireType.LENGTH:
        return False
    try:
        return _is_meta_graph(buffer, list(scan(buffer, field.start, field.end)))
    except MalformedProtoError:
        return False


def _is_meta_graph(buffer: Buffer, fields: list[Field]) -> bool:
    """`MetaGraphDef`: 1 meta info, 2 graph, 3 saver, 4 collections, 5 signatures, 6 assets, 7 object graph."""
    return (
        all(1 <= field.number <= 7 and field.wire_type is WireType.LENGTH for field in fields)
        and [field.number for field in fields].count(2) == 1
        and all(_could_be_graph(buffer, field) for field in fields if field.number == 2)
        and sum(field.number == 1 for field in fields) <= 1
        and not any(field.number == 1 and _is_node(buffer, field) for field in fields)
    )


def _could_be_graph(buffer: Buffer, field: Field) -> bool:
    """Whether a field could be a `GraphDef`, one without nodes too: other protos have short names in its place."""
    if field.end - field.start > _HEAD_BYTES:
        return True
    try:
        fields = list(scan(buffer, field.start, field.end))
    except MalformedProtoError:
        return False
    nodes = [part for part in fields if part.number == 1]
    return all(part.number <= 5 for part in fields) and all(_is_node(buffer, node) for node in nodes[:1])


def _is_graph(buffer: Buffer, fields: list[Field]) -> bool:
    """`GraphDef`: 1 nodes, 2 function library, 3 old version (varint), 4 versions, 5 debug information."""
    nodes = [field for field in fields if field.number == 1]
    return bool(nodes) and all(field.number <= 5 for field in fields) and _is_node(buffer, nodes[0])


def _is_node(buffer: Buffer, field: Field) -> bool:
    """`NodeDef`: 1 name, 2 op, 3 inputs, 4 device, 5 attributes; the op's name tells it from a `MetaInfoDef`."""
    if field.wire_type is not WireType.LENGTH:
        return False
    try:
        return any(
            part.number == 2 and _OP_NAME.match(buffer[part.start : part.end])
            for part in scan(buffer, field.start, field.end)
        )
    except MalformedProtoError:
        return False

"""The index of a checkpoint: which tensor lies where in which data file.

A tensor has one entry under its name. A partitioned tensor has an entry that lists its slices, and one per slice
under an encoded key. Source: tensorflow/core/util/tensor_bundle/tensor_bundle.h and
tensorflow/core/util/saved_tensor_slice_util.cc.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.errors import UnreadableModelError
from migrate.legacy.sstable import TableError, entries
from migrate.native_module.table_writer import table

_HEADER_KEY = b""
# OrderedCode: the number 0 opens the key of a slice, a string ends with this mark and escapes two bytes.
_SLICE_PREFIX = b"\0"
_STRING_END = b"\0\1"


@dataclass(frozen=True, slots=True)
class BundleIndex:
    """The entries of an index by key, without its header, and how many data files they point into."""

    entries: Mapping[bytes, Any]
    shard_count: int


def read_index(prefix: Path) -> BundleIndex:
    """Read `<prefix>.index`.

    Raises:
        UnreadableModelError: it is damaged or compressed.
    """
    from tensorflow.core.protobuf import tensor_bundle_pb2

    path = prefix.with_name(prefix.name + ".index")
    try:
        found = dict(entries(path.read_bytes()))
    except TableError as error:
        raise UnreadableModelError(f"{path}: the checkpoint's index cannot be read: {error}.") from error
    header = tensor_bundle_pb2.BundleHeaderProto.FromString(found.pop(_HEADER_KEY, b""))
    if header.endianness != header.LITTLE:
        raise UnreadableModelError(
            f"{path}: the checkpoint was written on a big-endian machine, so that its bytes cannot be taken over as "
            "they are; save it again on a little-endian one."
        )
    return BundleIndex(
        {key: tensor_bundle_pb2.BundleEntryProto.FromString(value) for key, value in found.items()},
        header.num_shards,
    )


def joined(first: BundleIndex, names: Mapping[str, Sequence[str]], second: BundleIndex) -> BundleIndex:
    """Return one index over the data files of both, those of `second` behind those of `first`.

    Args:
        first: an index whose tensors get new names.
        names: the new names of a tensor of `first`, one or several; a tensor that is not in it keeps its name, with
            `legacy/` before it where that is a new name of another.
        second: an index that is kept as it is; its names are none of `first`'s new names.
    """
    result: dict[bytes, Any] = {}
    names = dict(names) | _out_of_the_way(first, names, second)
    for key, entry in first.entries.items():
        for new_key in _new_keys(key, names):
            result[new_key] = entry
    for key, entry in second.entries.items():
        shifted = type(entry)()
        shifted.CopyFrom(entry)
        shifted.shard_id += first.shard_count
        result[key] = shifted
    return BundleIndex(result, first.shard_count + second.shard_count)


def write_index(index: BundleIndex, prefix: Path) -> None:
    """Write `<prefix>.index`."""
    from tensorflow.core.protobuf import tensor_bundle_pb2

    header = tensor_bundle_pb2.BundleHeaderProto(num_shards=index.shard_count)
    header.version.producer = 1
    rows = {key: entry.SerializeToString(deterministic=True) for key, entry in index.entries.items()}
    rows[_HEADER_KEY] = header.SerializeToString(deterministic=True)
    prefix.with_name(prefix.name + ".index").write_bytes(table(sorted(rows.items())))


def shard_path(prefix: Path, shard: int, count: int) -> Path:
    """Return the path of a data file."""
    return prefix.with_name(f"{prefix.name}.data-{shard:05d}-of-{count:05d}")


def _out_of_the_way(
    first: BundleIndex, names: Mapping[str, Sequence[str]], second: BundleIndex
) -> dict[str, tuple[str, ...]]:
    """Return names for the tensors that have none in `names` and whose own is needed."""
    kept = {name for key in first.entries if (name := _name(key)) not in names}
    taken = {name for new_names in names.values() for name in new_names} | {_name(key) for key in second.entries}
    result: dict[str, tuple[str, ...]] = {}
    for name in sorted(kept & taken):
        other = f"legacy/{name}"
        while other in kept | taken:
            other = f"legacy/{other}"
        taken.add(other)
        result[name] = (other,)
    return result


def _name(key: bytes) -> str:
    if not key.startswith(_SLICE_PREFIX):
        return key.decode()
    return _unescape(key[len(_SLICE_PREFIX) : key.index(_STRING_END, len(_SLICE_PREFIX))]).decode()


def _new_keys(key: bytes, names: Mapping[str, Sequence[str]]) -> Iterator[bytes]:
    name = _name(key)
    if not key.startswith(_SLICE_PREFIX):
        yield from (new.encode() for new in names.get(name, (name,)))
        return
    end = key.index(_STRING_END, len(_SLICE_PREFIX))
    for new in names.get(name, (name,)):
        yield _SLICE_PREFIX + _escape(new.encode()) + key[end:]


def _escape(text: bytes) -> bytes:
    return b"".join({0x00: b"\0\xff", 0xFF: b"\xff\0"}.get(byte, bytes([byte])) for byte in text)


def _unescape(text: bytes) -> bytes:
    return re.sub(rb"\x00\xff|\xff\x00", lambda pair: pair[0][:1], text)

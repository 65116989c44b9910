"""Writes the immutable table files that checkpoint indexes are (`legacy/sstable.py` reads them).

TensorFlow renames nothing in a checkpoint: it can only write tensors anew. Writing the index, which holds names and
byte ranges but no weights, lets a model take over data files as they are. Format:
https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

from __future__ import annotations

from collections.abc import Iterable

from migrate.legacy.sstable import FOOTER_BYTES, MAGIC

_BLOCK_BYTES = 1 << 18
_RESTART_INTERVAL = 16
_UNCOMPRESSED = b"\0"
_POLYNOMIAL = 0x82F63B78
_MASK_DELTA = 0xA282EAD8


def table(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a table of keys and values.

    Args:
        entries: in ascending order of their keys, which are distinct.
    """
    data, index = bytearray(), []
    block: list[tuple[bytes, bytes]] = []
    size = 0
    for key, value in entries:
        block.append((key, value))
        size += len(key) + len(value)
        if size >= _BLOCK_BYTES:
            index.append((key, _append(data, block)))
            block, size = [], 0
    if block or not index:
        last = block[-1][0] if block else b""
        index.append((last, _append(data, block)))
    meta_handle = _append(data, [])
    footer = meta_handle + _append(data, index)
    return bytes(data + footer.ljust(FOOTER_BYTES - len(MAGIC), b"\0") + MAGIC)


def _append(data: bytearray, entries: list[tuple[bytes, bytes]]) -> bytes:
    """Append a block and return its handle: offset and size as varints."""
    contents = _block(entries)
    handle = varint(len(data)) + varint(len(contents))
    data += contents + _UNCOMPRESSED
    data += _masked(crc32c(contents + _UNCOMPRESSED)).to_bytes(4, "little")
    return handle


def _block(entries: list[tuple[bytes, bytes]]) -> bytes:
    contents, restarts = bytearray(), []
    for number, (key, value) in enumerate(entries):
        if number % _RESTART_INTERVAL == 0:
            restarts.append(len(contents))
        # Keys are written whole: sharing prefixes saves a few bytes and is optional.
        contents += varint(0) + varint(len(key)) + varint(len(value)) + key + value
    restarts = restarts or [0]
    for number in (*restarts, len(restarts)):
        contents += number.to_bytes(4, "little")
    return bytes(contents)


def varint(number: int) -> bytes:
    """Return a non-negative number as a base-128 varint."""
    result = bytearray()
    while number >= 0x80:
        result.append(number & 0x7F | 0x80)
        number >>= 7
    result.append(number)
    return bytes(result)


def crc32c(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli) of `data`."""
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder = _TABLE[(remainder ^ byte) & 0xFF] ^ (remainder >> 8)
    return remainder ^ 0xFFFFFFFF


def _masked(checksum: int) -> int:
    return ((checksum >> 15 | checksum << 17) + _MASK_DELTA) & 0xFFFFFFFF


def _crc_table() -> tuple[int, ...]:
    result = []
    for byte in range(256):
        remainder = byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (_POLYNOMIAL if remainder & 1 else 0)
        result.append(remainder)
    return tuple(result)


_TABLE = _crc_table()

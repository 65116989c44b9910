"""Tables that are written can be read, by this project's reader and by TensorFlow's."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.core.protobuf import tensor_bundle_pb2

from migrate.legacy.sstable import MAGIC, TableError, entries
from migrate.legacy.wire import read_varint
from migrate.native_module.table_writer import crc32c, table, varint

ROWS = st.dictionaries(st.binary(max_size=40), st.binary(max_size=60), max_size=60)


@given(ROWS)
@settings(max_examples=150, deadline=None)
def test_what_goes_in_comes_out(rows: dict[bytes, bytes]) -> None:
    assert list(entries(table(sorted(rows.items())))) == sorted(rows.items())


def test_many_rows_take_several_blocks() -> None:
    rows = [(f"{number:08d}".encode(), b"v" * 100) for number in range(9000)]
    written = table(rows)
    assert list(entries(written)) == rows
    # More than one data block of 256 kB.
    assert len(written) > 3 << 18


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        # https://datatracker.ietf.org/doc/html/rfc3720#appendix-B.4
        (b"", 0),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"123456789", 0xE3069283),
    ],
)
def test_checksum(data: bytes, checksum: int) -> None:
    assert crc32c(data) == checksum


@given(st.integers(0, 2**64 - 1))
def test_varints(number: int) -> None:
    written = varint(number)
    assert read_varint(written, 0, len(written)) == (number, len(written))


@pytest.mark.parametrize(("number", "written"), [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02")])
def test_known_varints(number: int, written: bytes) -> None:
    assert varint(number) == written


@pytest.mark.parametrize("size", [0, 10, 47])
def test_a_cut_table_is_none(size: int) -> None:
    with pytest.raises(TableError, match="complete table"):
        list(entries(table([(b"k", b"v")])[:size]))


def test_an_empty_table_is_one() -> None:
    assert list(entries(table([]))) == []
    assert table([]).endswith(MAGIC)


def test_tensorflow_checks_the_checksums_of_what_was_written(tmp_path: Path) -> None:
    """A flipped bit is found by TensorFlow: the checksums are right, not just there."""
    header = tensor_bundle_pb2.BundleHeaderProto(num_shards=1)
    header.version.producer = 1
    entry = tensor_bundle_pb2.BundleEntryProto(dtype=tf.float32.as_datatype_enum, size=4)
    entry.shape.SetInParent()
    rows = [(b"", header.SerializeToString()), (b"name", entry.SerializeToString())]
    (tmp_path / "v.data-00000-of-00001").write_bytes(bytes(4))
    written = table(rows)
    (tmp_path / "v.index").write_bytes(written)
    assert tf.train.load_checkpoint(str(tmp_path / "v")).get_variable_to_shape_map() == {"name": []}
    damaged = bytearray(written)
    damaged[written.index(b"name")] ^= 1
    (tmp_path / "v.index").write_bytes(damaged)
    with pytest.raises((tf.errors.OpError, ValueError)):
        tf.train.load_checkpoint(str(tmp_path / "v")).get_variable_to_shape_map()

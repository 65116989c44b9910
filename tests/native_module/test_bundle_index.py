"""The index of a checkpoint: new names, same bytes; TensorFlow's own reader is the judge."""

from __future__ import annotations

import shutil
import string
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow.core.protobuf import tensor_bundle_pb2

from migrate.errors import UnreadableModelError
from migrate.legacy.sstable import entries
from migrate.native_module.bundle_index import BundleIndex, joined, read_index, shard_path, write_index
from migrate.native_module.table_writer import table
from tests.graph.twin import v1

Arrays = Mapping[str, Any]
EMPTY = BundleIndex({}, 0)

NAMES = st.text(string.ascii_letters + string.digits + "/_.-é字\0", min_size=1, max_size=12).filter(
    lambda name: not name.startswith("\0")
)
VALUES = st.one_of(
    st.lists(st.floats(width=32, allow_nan=False), max_size=5).map(lambda v: np.array(v, np.float32)),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3).map(lambda v: np.array(v, np.int64)),
    st.lists(st.binary(max_size=9), max_size=3).map(lambda v: np.array(v, object)),
    st.booleans().map(np.array),
)


def write_bundle(prefix: Path, tensors: Arrays, slices: Mapping[str, str] | None = None) -> Path:
    """Write a checkpoint with TensorFlow; `slices` are slice specs by name."""
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(tensors),
        shape_and_slices=[(slices or {}).get(name, "") for name in tensors],
        tensors=[tf.constant(value, tf.string) if value.dtype == object else value for value in tensors.values()],
    )
    return prefix


def read_bundle(prefix: Path) -> dict[str, Any]:
    """Read a checkpoint with TensorFlow, every checksum checked."""
    reader = tf.train.load_checkpoint(str(prefix))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def assert_equal(found: Arrays, expected: Arrays) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)


def put_together(first: Path, names: Mapping[str, Sequence[str]], second: Path, target: Path) -> None:
    """Join two checkpoints the way that a rewrap does."""
    one, other = read_index(first), read_index(second)
    index = joined(one, names, other)
    for source, source_index, offset in ((first, one, 0), (second, other, one.shard_count)):
        for shard in range(source_index.shard_count):
            new = shard_path(target, offset + shard, index.shard_count)
            shutil.copyfile(shard_path(source, shard, source_index.shard_count), new)
    write_index(index, target)


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=6), st.data())
@settings(max_examples=40, deadline=None)
def test_renamed_tensors_keep_their_bytes(tensors: dict[str, Any], data: st.DataObject) -> None:
    names = {
        name: [f"new/{number}/{copy}" for copy in range(data.draw(st.integers(1, 3)))]
        for number, name in enumerate(tensors)
        if data.draw(st.booleans())
    }
    expected = {new: value for name, value in tensors.items() for new in names.get(name, [name])}
    with tempfile.TemporaryDirectory() as folder:
        first = write_bundle(Path(folder) / "first", tensors)
        second = write_bundle(Path(folder) / "second", {"_CHECKPOINTABLE_OBJECT_GRAPH": np.array([b"g"], object)})
        put_together(first, names, second, Path(folder) / "new")
        found = read_bundle(Path(folder) / "new")
    np.testing.assert_array_equal(found.pop("_CHECKPOINTABLE_OBJECT_GRAPH"), [b"g"])
    assert_equal(found, expected)


@given(NAMES, NAMES, st.integers(1, 7))
@settings(max_examples=30, deadline=None)
def test_slices_of_partitioned_tensors_follow_the_name(name: str, new_name: str, rows: int) -> None:
    whole = np.arange(8 * 3, dtype=np.float32).reshape(8, 3)
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "first"
        tf.raw_ops.SaveV2(
            prefix=str(prefix),
            tensor_names=[name, name],
            shape_and_slices=[f"8 3 0,{rows}:0,3", f"8 3 {rows},{8 - rows}:0,3"],
            tensors=[whole[:rows], whole[rows:]],
        )
        write_index(joined(read_index(prefix), {name: [new_name, "twin"]}, EMPTY), prefix)
        assert_equal(read_bundle(prefix), {new_name: whole, "twin": whole})


def test_many_tensors_fill_several_blocks(tmp_path: Path) -> None:
    tensors = {f"{'scope/' * 20}{number}": np.array([number], np.int32) for number in range(3000)}
    prefix = write_bundle(tmp_path / "v", tensors)
    names = {name: [f"variables/{number}"] for number, name in enumerate(tensors)}
    write_index(joined(read_index(prefix), names, EMPTY), prefix)
    assert_equal(read_bundle(prefix), {f"variables/{number}": np.array([number]) for number in range(3000)})


def sharded(folder: Path, compressed: bool) -> tuple[Path, dict[str, Any]]:
    """Write a checkpoint of five shards; TensorFlow compresses a merged index with Snappy where it has it."""
    parts = [
        write_bundle(folder / f"part_{n}", {f"t{n}/{'a' * 500}": np.full([n + 1], n, np.float32)}) for n in range(5)
    ]
    prefix = folder / "merged"
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=[str(part) for part in parts], destination_prefix=str(prefix), delete_old_dirs=False
    )
    if compressed:
        index = prefix.with_name("merged.index")
        index.write_bytes(snappy_table(dict(entries(index.read_bytes()))))
    return prefix, {f"t{n}/{'a' * 500}": np.full([n + 1], n, np.float32) for n in range(5)}


def snappy_table(rows: dict[bytes, bytes]) -> bytes:
    """Write a table whose only data block is compressed: a literal, then copies of runs of `a`."""
    from migrate.native_module.table_writer import _block, _masked, crc32c, varint

    def compressed(block: bytes) -> bytes:
        result, position = varint(len(block)), 0
        while position < len(block):
            rest = block[position : position + 64]
            run = len(rest) - len(rest.lstrip(block[position - 1 : position])) if position else 0
            if run:
                result += bytes([(run - 1) << 2 | 2]) + (1).to_bytes(2, "little")
                position += run
            else:
                result += b"\0" + block[position : position + 1]
                position += 1
        return result

    data = bytearray()

    def append(contents: bytes, kind: bytes) -> bytes:
        handle = varint(len(data)) + varint(len(contents))
        data.extend(contents + kind + _masked(crc32c(contents + kind)).to_bytes(4, "little"))
        return handle

    items = sorted(rows.items())
    handle = append(compressed(_block(items)), b"\1")
    footer = append(_block([]), b"\0") + append(_block([(items[-1][0], handle)]), b"\0")
    return bytes(data) + footer.ljust(40, b"\0") + table([])[-8:]


@pytest.mark.parametrize("compressed", [False, True])
def test_many_shards(compressed: bool, tmp_path: Path) -> None:
    prefix, tensors = sharded(tmp_path, compressed)
    # TensorFlow itself reads what this test compressed.
    assert_equal(read_bundle(prefix), tensors)
    second = write_bundle(tmp_path / "second", {"more": np.array([7])})
    put_together(prefix, {name: [f"new/{name}"] for name in tensors}, second, tmp_path / "new")
    assert read_index(tmp_path / "new").shard_count == 6
    expected = {**{f"new/{name}": value for name, value in tensors.items()}, "more": np.array([7])}
    assert_equal(read_bundle(tmp_path / "new"), expected)


def test_an_unused_tensor_makes_way_for_a_new_name(tmp_path: Path) -> None:
    """A checkpoint may already use the names that TensorFlow 2 gives: nothing is overwritten, nothing is lost."""
    first = write_bundle(
        tmp_path / "first",
        {
            "a": np.array([1.0]),
            "variables/0": np.array([2.0]),
            "variables/1": np.array([3.0]),
            "legacy/variables/1": np.array([4.0]),
        },
    )
    second = write_bundle(tmp_path / "second", {"graph": np.array([9])})
    put_together(first, {"a": ["variables/1"], "variables/0": ["variables/0"]}, second, tmp_path / "new")
    assert_equal(
        read_bundle(tmp_path / "new"),
        {
            "variables/1": np.array([1.0]),
            "variables/0": np.array([2.0]),
            "legacy/legacy/variables/1": np.array([3.0]),
            "legacy/variables/1": np.array([4.0]),
            "graph": np.array([9]),
        },
    )


def test_names_that_swap(tmp_path: Path) -> None:
    prefix = write_bundle(tmp_path / "v", {"a": np.array([1.0]), "b": np.array([2.0])})
    write_index(joined(read_index(prefix), {"a": ["b"], "b": ["a"]}, EMPTY), prefix)
    assert_equal(read_bundle(prefix), {"a": np.array([2.0]), "b": np.array([1.0])})


def test_nothing_to_rename_changes_nothing(tmp_path: Path) -> None:
    prefix = write_bundle(tmp_path / "v", {"a": np.array([1.0]), "b": np.array([b"x"], object)})
    before = read_index(prefix)
    assert joined(before, {}, EMPTY) == before


@pytest.mark.parametrize("size", [0, 7, -1])
def test_a_damaged_index_is_refused(size: int, tmp_path: Path) -> None:
    prefix = write_bundle(tmp_path / "v", {"a": np.array([1.0])})
    index = tmp_path / "v.index"
    index.write_bytes(index.read_bytes()[:size])
    with pytest.raises(UnreadableModelError, match=r"v\.index: the checkpoint's index cannot be read"):
        read_index(prefix)


def test_a_big_endian_checkpoint_is_refused(tmp_path: Path) -> None:
    header = tensor_bundle_pb2.BundleHeaderProto(num_shards=1, endianness=tensor_bundle_pb2.BundleHeaderProto.BIG)
    (tmp_path / "v.index").write_bytes(table([(b"", header.SerializeToString())]))
    with pytest.raises(UnreadableModelError, match="big-endian"):
        read_index(tmp_path / "v")


def test_shard_names_are_tensorflow_s(tmp_path: Path) -> None:
    prefix = write_bundle(tmp_path / "v", {"a": np.array([1.0])})
    assert shard_path(prefix, 0, 1).is_file()
    assert shard_path(prefix, 3, 12).name == "v.data-00003-of-00012"
    assert v1.train.checkpoint_exists(str(prefix))

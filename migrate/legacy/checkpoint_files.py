"""Whether the files of a checkpoint are all there and whole, told without loading a weight or TensorFlow."""

from __future__ import annotations

import glob
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from migrate.errors import UnreadableModelError
from migrate.legacy.file_kind import FileKind, sniff
from migrate.legacy.sstable import FOOTER_BYTES, MAGIC, CompressedTableError, TableError, entries
from migrate.legacy.wire import MalformedProtoError, scan

_DAMAGED_KINDS = (
    FileKind.EMPTY,
    FileKind.GIT_LFS_POINTER,
    FileKind.GIT_ANNEX_POINTER,
    FileKind.HTML,
    FileKind.ZEROS,
)
_MOST_SHARDS = 99_999  # their number has five digits in a file's name
_SPARE_BYTES = 1 << 20
_LARGEST_INDEX_BYTES = 1 << 30
_REMEDY = "copy the export again, with all files of the folder"


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """A complete checkpoint: its prefix, its data files in order, and the bytes of weights that the index promises."""

    prefix: Path
    shards: tuple[Path, ...]
    weight_bytes: int


def check_checkpoint(prefix: Path) -> CheckpointFacts:
    """Return the files of the checkpoint with this prefix (`.../variables/variables`), once they are known to be whole.

    Both formats are known: `<prefix>.index` with `<prefix>.data-?????-of-?????`, and the older single table at
    `<prefix>` or `<prefix>-?????-of-?????`.

    Raises:
        UnreadableModelError: a file is missing, cut off, or something else than its name says.
    """
    index = prefix.with_name(prefix.name + ".index")
    if not index.exists() and not index.is_symlink():
        return _check_v1(prefix, index)
    _refuse_damaged(index)
    shard_count, needed = _read_index(index)
    shards = tuple(
        prefix.with_name(f"{prefix.name}.data-{number:05d}-of-{shard_count:05d}") for number in range(shard_count)
    )
    missing = [shard for shard in shards if not shard.exists()]
    if missing:
        raise UnreadableModelError(
            f"{missing[0]} is missing: {len(missing)} of the {shard_count} data files that {index.name} lists are not "
            f"there, so the weights are not complete; {_REMEDY}."
        )
    for number, shard in enumerate(shards):
        _check_shard(shard, needed.get(number, 0))
    return CheckpointFacts(prefix, shards, sum(needed.values()))


def _read_index(index: Path) -> tuple[int, dict[int, int]]:
    """Return the number of shards, and for each shard the size in bytes that its entries need."""
    shard_count = 1
    needed: dict[int, int] = defaultdict(int)
    try:
        if index.stat().st_size > _LARGEST_INDEX_BYTES:
            raise TableError("it is larger than the index of any model")
        for key, value in entries(index.read_bytes()):
            numbers = {field.number: field.value for field in scan(value)}
            if not key:  # BundleHeaderProto: 1 num_shards
                shard_count = numbers.get(1, 0)
            else:  # BundleEntryProto: 3 shard_id, 4 offset, 5 size
                shard = numbers.get(3, 0)
                needed[shard] = max(needed[shard], numbers.get(4, 0) + numbers.get(5, 0))
    except CompressedTableError:
        return _shard_count_from_names(index), {}
    except (TableError, MalformedProtoError) as error:
        raise UnreadableModelError(f"{index} is cut off or damaged ({error}); {_REMEDY}.") from error
    except OSError as error:
        raise UnreadableModelError(f"{index} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    if shard_count > _MOST_SHARDS:
        raise UnreadableModelError(f"{index} is damaged: it lists {shard_count:,} data files; {_REMEDY}.")
    if shard_count < 1:
        raise UnreadableModelError(f"{index} lists no data file at all; {_REMEDY}.")
    return shard_count, needed


def _shard_count_from_names(index: Path) -> int:
    names = sorted(index.parent.glob(f"{glob.escape(index.stem)}.data-*-of-*"))
    return int(names[0].name.rsplit("-", 1)[1]) if names else 1


def _check_shard(shard: Path, needed: int) -> None:
    # Weights can be any bytes, all zeros too: only a size that is too small is looked into.
    size = shard.stat().st_size
    if size < needed:
        _refuse_damaged(shard)
        raise UnreadableModelError(f"{shard} is cut off: it has {size:,} bytes, the index needs {needed:,}; {_REMEDY}.")
    if needed and size > needed + _SPARE_BYTES:
        # TensorFlow writes no byte more; a sparse file would fill the disk when it is copied.
        raise UnreadableModelError(
            f"{shard} is damaged: it has {size:,} bytes, of which the index knows {needed:,}; {_REMEDY}."
        )


def _check_v1(prefix: Path, index: Path) -> CheckpointFacts:
    tables = _existing([prefix, *sorted(prefix.parent.glob(f"{glob.escape(prefix.name)}-?????-of-?????"))])
    if not tables:
        shards = sorted(prefix.parent.glob(f"{glob.escape(prefix.name)}.data-*"))
        beside = f" ({shards[0].name} is there without it)" if shards else ""
        raise UnreadableModelError(f"{index} is missing{beside}: without it the weights cannot be read; {_REMEDY}.")
    count = int(tables[-1].name.rsplit("-", 1)[1]) if tables[-1] != prefix else 1
    if len(tables) != count:
        raise UnreadableModelError(f"{prefix} has {len(tables)} of its {count} data files; {_REMEDY}.")
    for table in tables:
        _refuse_damaged(table)
        _refuse_incomplete_table(table)
    return CheckpointFacts(prefix, tuple(tables), sum(table.stat().st_size for table in tables))


def _existing(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.is_file()]


def _refuse_incomplete_table(table: Path) -> None:
    with table.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - FOOTER_BYTES))
        if not stream.read().endswith(MAGIC):
            raise UnreadableModelError(f"{table} is cut off or no checkpoint; {_REMEDY}.")


def _refuse_damaged(path: Path) -> None:
    kind = sniff(path).kind
    if kind is FileKind.GIT_LFS_POINTER:
        raise UnreadableModelError(f"{path} is {kind.value}; run `git lfs pull` in its repository.")
    if kind in _DAMAGED_KINDS:
        raise UnreadableModelError(f"{path} is {kind.value}; {_REMEDY}.")

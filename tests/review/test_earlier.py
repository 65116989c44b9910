"""An earlier review's files: what they were before, and a run planned on that."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.codemod.discover import discover
from migrate.codemod.options import RunOptions
from migrate.codemod.run import run_codemods
from migrate.review.earlier import as_before, earlier_contents, written_file
from migrate.review.stored import Replaced, StoredReview, WrittenFile
from tests.review.files import SIMPLE_SAVE, planned

CONTENTS = st.lists(st.sampled_from([b"a\n", b"b\r\n", b"\xff\xfe\n", b"\xc3\xa9", b"\n"]), max_size=20).map(b"".join)


@given(before=CONTENTS, after=CONTENTS)
def test_the_content_before_comes_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes
) -> None:
    root = tmp_path_factory.mktemp("root")
    (root / "a.py").write_bytes(after)
    earlier = earlier_contents(root, StoredReview(files=(written_file("a.py", before, after),)))
    assert earlier.before == {"a.py": before}
    assert earlier.after == {"a.py": after}


def test_a_file_edited_since_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"edited\n")
    record = written_file("a.py", b"one\n", b"two\n")
    earlier = earlier_contents(tmp_path, StoredReview(files=(record,), undecided=1))
    assert (earlier.before, earlier.edited) == ({}, ("a.py",))
    assert earlier_contents(tmp_path, StoredReview(files=(record,))).edited == ()


def test_a_file_put_back_by_hand_is_as_before(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"one\n")
    earlier = earlier_contents(tmp_path, StoredReview(files=(written_file("a.py", b"one\n", b"two\n"),), undecided=1))
    assert (earlier.before, earlier.edited) == ({}, ())


@pytest.mark.parametrize(
    "record",
    [
        WrittenFile("gone.py", "1", "2", ()),
        WrittenFile("a\0b.py", "1", "2", ()),
        WrittenFile("../../../../etc/passwd", "1", "2", ()),
    ],
)
def test_records_of_files_that_are_not_there_mean_nothing(tmp_path: Path, record: WrittenFile) -> None:
    assert earlier_contents(tmp_path, StoredReview(files=(record,))).before == {}


def test_a_record_that_does_not_lead_back_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"two\n")
    good = written_file("a.py", b"one\n", b"two\n")
    bad = WrittenFile(good.path, good.before, good.after, (Replaced(0, 1, "forged\n"),))
    earlier = earlier_contents(tmp_path, StoredReview(files=(bad,), undecided=1))
    assert (earlier.before, earlier.edited) == ({}, ("a.py",))


def test_a_run_on_the_contents_before_finds_what_it_found_then(tmp_path: Path) -> None:
    sources = {"pkg/export.py": SIMPLE_SAVE, "requirements.txt": "tensorflow==1.15\n"}
    first = planned(tmp_path, sources)
    assert [item.path for item in first.changed] == ["pkg/export.py", "requirements.txt"]
    after = first.changed[0].new
    (tmp_path / "pkg/export.py").write_bytes(after)
    files = discover([tmp_path])
    assert [item.path for item in run_codemods(files, RunOptions(jobs=1)).changed] == ["requirements.txt"]
    earlier = earlier_contents(
        tmp_path, StoredReview(files=(written_file("pkg/export.py", first.changed[0].old, after),))
    )
    with as_before(files, earlier.before) as placed:
        again = run_codemods(placed, RunOptions(jobs=1))
    assert again.files == first.files
    assert not placed.root.exists()
    assert (tmp_path / "pkg/export.py").read_bytes() == after

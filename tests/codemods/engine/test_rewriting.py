"""Edits: their order, shared ones, and those that clash."""

from __future__ import annotations

import pytest

from codemods.edit.edits import Edit, apply_edits, merged, shifted
from codemods.errors import ConflictingEditsError


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([], "abcdef"),
        ([Edit(1, 2, "X")], "aXcdef"),
        ([Edit(4, 5, ""), Edit(0, 1, "AA")], "AAbcdf"),
        ([Edit(2, 2, "z"), Edit(2, 2, "y")], "abzycdef"),
        ([Edit(2, 3, "C"), Edit(2, 2, "-")], "ab-Cdef"),
        ([Edit(1, 3, "-"), Edit(1, 3, "-")], "a-def"),
        ([Edit(6, 6, "!"), Edit(0, 0, "?")], "?abcdef!"),
        ([Edit(1, 2, ""), Edit(2, 3, "")], "adef"),
    ],
)
def test_applies(edits: list[Edit], expected: str) -> None:
    assert apply_edits("abcdef", edits) == expected


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(1, 3, ""), Edit(2, 4, "")],
        [Edit(1, 3, "x"), Edit(1, 3, "y")],
        [Edit(1, 4, ""), Edit(2, 2, "x")],
    ],
)
def test_clashes_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ConflictingEditsError):
        merged(edits)


def test_shifted_offsets() -> None:
    edits = merged([Edit(0, 0, "??"), Edit(2, 4, "")])
    assert [shifted(offset, edits) for offset in (0, 1, 4, 6)] == [2, 3, 4, 6]

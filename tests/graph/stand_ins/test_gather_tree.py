"""GatherTree, alone and in a beam search."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.stand_ins.bits import assert_same_bits


@pytest.mark.parametrize("fixture", ["gather_tree", "beam_search"])
def test_it_gives_what_tensorflow_1_gave(fixture: str, tmp_path: Path) -> None:
    assert_same_bits(fixture, tmp_path)

"""Random programs of reads, aliases, writes and conditionals, in total order, give what TensorFlow 1.15.5 gave."""

from __future__ import annotations

import pytest

from tests.ordered_programs import converted, differences, random_programs

GRAPHS = random_programs()


@pytest.mark.parametrize("number", range(len(GRAPHS)))
def test_programs(number: int) -> None:
    assert differences(GRAPHS[number], repeats=3) == []


def test_there_are_many() -> None:
    assert sum(len(graph.programs) for graph in GRAPHS) >= 250


def test_their_order_is_total() -> None:
    assert [converted(graph).unordered for graph in GRAPHS] == [()] * len(GRAPHS)

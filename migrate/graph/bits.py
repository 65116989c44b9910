"""Sets of small numbers as the bits of an integer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def bits(value: int) -> Iterator[int]:
    """Yield the places of the bits that are set, lowest first."""
    while value:
        lowest = value & -value
        yield lowest.bit_length() - 1
        value ^= lowest


def union(values: Iterable[int]) -> int:
    """Return the bits that any value has."""
    result = 0
    for value in values:
        result |= value
    return result

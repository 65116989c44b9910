"""Looks for requests that take both sides of a signature's conditions, and tells which sides none took."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from migrate.verify.decisions import Decisions
from migrate.verify.signature_tensors import Array, Values

_MOST_ADDED = 6
_MOST_NAMED = 3
Probe = Callable[[Values, tuple[str, ...]], "dict[str, Array]"]
Answer = Callable[[Values], "Values | None"]


@dataclass(frozen=True, slots=True)
class Exercise:
    """Requests beside the first ones with their outputs, and what all of them together leave untried, in words."""

    added: tuple[Values, ...] = ()
    outputs: tuple[Values, ...] = ()
    note: str = ""


def exercise(
    found: Decisions, given: Iterable[Values], candidates: Iterable[Values], probe: Probe, answer: Answer
) -> Exercise:
    """Choose those of the candidates that take a side which no request before took.

    Args:
        found: what decides.
        given: the requests that will be run in any case.
        candidates: further ones, the likeliest first.
        probe: gives the values of tensors for a request, as far as they have one (a branch that does not run has none).
        answer: runs a request, None where the model does not take it.
    """
    taken: set[tuple[str, bool]] = set()
    for request in given:
        taken |= _sides(probe(request, found.tensors))
    added: list[tuple[Values, Values]] = []
    for request in candidates:
        open_ones = tuple(name for name in found.tensors if _is_open(name, taken))
        if not open_ones or len(added) == _MOST_ADDED:
            break
        sides = _sides(probe(request, open_ones))
        if sides - taken and (outputs := answer(request)) is not None:
            taken |= sides
            added.append((request, outputs))
    return Exercise(tuple(each for each, _ in added), tuple(each for _, each in added), _told(found, taken))


def _sides(values: dict[str, Array]) -> set[tuple[str, bool]]:
    return {(name, bool(side)) for name, value in values.items() for side in np.unique(np.asarray(value, bool))}


def _is_open(name: str, taken: set[tuple[str, bool]]) -> bool:
    return (name, True) not in taken or (name, False) not in taken


def _told(found: Decisions, taken: set[tuple[str, bool]]) -> str:
    one_sided = list(_one_sided(found, taken))
    parts = []
    if one_sided:
        listed = ", ".join(one_sided[:_MOST_NAMED]) + (", ..." if len(one_sided) > _MOST_NAMED else "")
        parts.append(f"{len(one_sided)} of {len(found.tensors)} conditions were not run both ways ({listed})")
    if found.unseen:
        what = "1 condition" if found.unseen == 1 else f"{found.unseen} conditions"
        parts.append(f"{what} in loops and functions could not be watched")
    return f"{'; '.join(parts)}: what was not run is compared by structure alone" if parts else ""


def _one_sided(found: Decisions, taken: set[tuple[str, bool]]) -> Iterator[str]:
    for name in found.tensors:
        sides = [side for side in (True, False) if (name, side) in taken]
        if not sides:
            yield f"{name} never computed"
        elif len(sides) == 1:
            yield f"{name} always {str(sides[0]).lower()}"

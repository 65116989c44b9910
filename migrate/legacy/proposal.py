"""Finds the signature that a model without one most obviously has, or lists what it could have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from migrate.errors import RefusedModelError
from migrate.graph.tensor_name import TensorName
from migrate.legacy.asked import DEFAULT_KEY, FORM, AskedSignature, named
from migrate.legacy.forward_graph import ForwardGraph, before_losses, forward_graph

_MOST_LISTED = 6
_MOST_OUTPUTS = 12


def obvious_signature(graph_def: Any, model: object) -> AskedSignature:
    """Return the signature of a graph all of whose results come from the same inputs.

    Of a graph that was trained, results that need labels too are no part of it where others do not need them.

    Args:
        graph_def: the graph.
        model: what messages call it.

    Raises:
        RefusedModelError: there is none, or several are possible; the message lists them as they can be given.
    """
    forward = forward_graph(graph_def)
    found = _obvious(forward)
    if found is not None:
        return found
    possible = (
        *_candidates(before_losses(graph_def, forward), forward.feeds),
        *_candidates(forward.sinks, forward.feeds),
    )
    if not possible:
        raise RefusedModelError(
            f"{model}: nothing in its graph looks like the result of a computation; say what it gives, --signature "
            f"{FORM!r}."
        )
    listed = "\n".join(f"  --signature '{each}'" for each in possible[:_MOST_LISTED])
    more = f"\n  and {len(possible) - _MOST_LISTED} more" if len(possible) > _MOST_LISTED else ""
    raise RefusedModelError(
        f"{model} names no inputs and outputs, and no one signature is obvious; choose:\n{listed}{more}"
    )


def _obvious(forward: ForwardGraph) -> AskedSignature | None:
    results = {sink: needs for sink, needs in forward.sinks.items() if sink not in forward.losses}
    if not results:
        return None
    least = frozenset.intersection(*results.values())
    outputs = [sink for sink, needs in results.items() if needs == least]
    is_one = len(outputs) == len(results) or bool(forward.losses)
    if not is_one or not 0 < len(outputs) <= _MOST_OUTPUTS:
        return None
    return AskedSignature(DEFAULT_KEY, named(feed for feed in forward.feeds if feed in least), named(outputs))


def _candidates(
    sinks: Mapping[TensorName, frozenset[TensorName]], feeds: Iterable[TensorName]
) -> tuple[AskedSignature, ...]:
    """Return a signature for each set of feeds that results need, those of fewest feeds first."""
    groups: dict[frozenset[TensorName], list[TensorName]] = defaultdict(list)
    for sink, needs in sinks.items():
        groups[needs].append(sink)
    order = list(feeds)
    found = sorted(groups.items(), key=lambda group: (len(group[0]), sorted(map(order.index, group[0]))))
    return tuple(
        AskedSignature(DEFAULT_KEY, named(feed for feed in order if feed in needs), named(outputs))
        for needs, outputs in found
    )

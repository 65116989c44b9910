"""What an earlier run did to a file, as far as the file shows it by what the rules write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from codemods.rule import Rule
from codemods.source.mode import Mode


@dataclass(frozen=True, slots=True)
class Begun:
    """A file that is rewritten already.

    Attributes:
        mode: The mode of the program that it was rewritten for, None where it suits both.
        packages: Distributions that it needs now.
        keeps_estimators: It goes on using `tf.estimator` where the target has it.
        exports: It held an export of its own, and is not only rewritten because others of its program do.
    """

    mode: Mode | None
    packages: frozenset[str]
    keeps_estimators: bool
    exports: bool


def begun(rules: Iterable[Rule], data: bytes) -> Begun | None:
    """Return what the bytes of a file show of an earlier run, None where they show nothing."""
    traces = [(rule, trace) for rule in rules for trace in rule.traces]
    shown = {token for token in {trace.token for _, trace in traces} if token in data}  # several traces share one
    found = [(rule, trace) for rule, trace in traces if trace.token in shown and trace.is_in(data)]
    if not found:
        return None
    return Begun(
        Mode.GRAPH if any(trace.mode is Mode.GRAPH for _, trace in found) else None,
        frozenset[str]().union(*(trace.packages for _, trace in found)),
        any(rule.keeps_estimators for rule, _ in found),
        any(trace.is_export for _, trace in found),
    )

"""Runs training steps of reference variables over and over, to see whether any run gives other numbers.

    python -m tests.fuzz.race --rounds 200000 --processes 4

Every optimizer of `tests/graph/test_resource_state.py` takes turns. A round sets all variables back and calls the step
three times; the machine should be busy, so that operations that wait for nothing run in any order. Prints for each
optimizer how many rounds gave which numbers, and exits with status 1 where there are two.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections import Counter
from pathlib import Path
from typing import Any

FEEDS = (1.0, 2.5, -3.0)


def main() -> None:
    """Share the rounds among the processes and print what they saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20000, help="of all optimizers together")
    parser.add_argument("--processes", type=int, default=4)
    options = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        parts = pool.map(seen_numbers, [options.rounds // options.processes] * options.processes)
    seen: dict[str, Counter[tuple[float, ...]]] = {}
    for part in parts:
        for name, counts in part.items():
            seen.setdefault(name, Counter()).update(counts)
    for name, counts in seen.items():
        print(f"{name}: {counts.total()} rounds, {len(counts)} result(s) {dict(counts.most_common(3))}")
    sys.exit(any(len(counts) > 1 for counts in seen.values()))


def seen_numbers(rounds: int) -> dict[str, Counter[tuple[float, ...]]]:
    """Return for each optimizer how often a round gave which losses and variables."""
    from tests.graph.test_resource_state import OPTIMIZERS, optimizer_name

    modules = {optimizer_name(one): _module(one) for one in OPTIMIZERS}
    seen: dict[str, Counter[tuple[float, ...]]] = {name: Counter() for name in modules}
    for _ in range(max(1, rounds // len(modules))):
        for name, (module, step, start) in modules.items():
            seen[name][_round(module, step, start)] += 1
    return seen


def _module(optimizer: Any) -> Any:
    import tensorflow as tf

    from migrate.legacy.model import LegacyModel
    from migrate.shim import MetaGraphModule
    from tests.graph.test_resource_state import training_step
    from tests.graph.twin import tf1_control_flow

    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session, tf1_control_flow():
        loss = training_step(optimizer)
        session.run(v1.global_variables_initializer())
        start = {variable.op.name: session.run(variable) for variable in v1.global_variables()}
    module = MetaGraphModule(
        LegacyModel.in_folder(Path("not-on-disk"), v1.MetaGraphDef(graph_def=graph.as_graph_def()))
    )
    return module, loss.name, {name: tf.constant(value) for name, value in start.items()}


def _round(module: Any, step: str, start: Any) -> tuple[float, ...]:
    for name, value in start.items():
        module.state.variable(name).assign(value)
    losses = [float(module.run(step, {"x:0": value})) for value in FEEDS]
    return (*losses, *(float(module.state.variable(name).numpy().sum()) for name in start))


if __name__ == "__main__":
    main()

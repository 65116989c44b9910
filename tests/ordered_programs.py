"""Programs over reference variables and what TensorFlow 1.15.5 computed with them: fixtures/ordered_programs."""

from __future__ import annotations

import base64
import functools
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from migrate.graph.cut import cut, nodes_by_name
from migrate.graph.resource_state import ResourceGraph, to_resource_state
from migrate.graph.tensor_name import parse_tensor
from migrate.legacy.model import LegacyModel
from migrate.shim import MetaGraphModule

_RECORDED = Path(__file__).parent.parent / "fixtures" / "ordered_programs" / "programs.json.gz"


@dataclass(frozen=True, slots=True)
class Program:
    """One program of a graph.

    Attributes:
        fetches: the tensors that its steps gave, in order.
        calls: what they were in each call.
        after: the variables after each call.
    """

    name: str
    fetches: Sequence[str]
    calls: Sequence[Sequence[Any]]
    after: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ProgramGraph:
    """Programs that stand beside each other in one graph, and the variables' first values."""

    graph_def: Any
    start: Mapping[str, Any]
    programs: tuple[Program, ...]
    feeds: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A result that is not that of TensorFlow 1.15.5."""

    program: str
    call: int
    tensor: str
    wanted: Any
    found: Any


def differences(graph: ProgramGraph, repeats: int = 1) -> list[Difference]:
    """Run all programs of a graph as TensorFlow 2 functions, and compare results and variables call by call."""
    module = MetaGraphModule(
        LegacyModel.in_folder(Path("not-on-disk"), tf.compat.v1.MetaGraphDef(graph_def=graph.graph_def))
    )
    found: list[Difference] = []
    fetches = [list(program.fetches) for program in graph.programs]
    for _ in range(repeats):
        for name, value in graph.start.items():
            module.state.variable(name).assign(np.array(value, np.float32))
        for call, feeds in enumerate(graph.feeds):
            results = module.run(fetches, {f"{key}:0": value for key, value in feeds.items()})
            for program, values in zip(graph.programs, results, strict=True):
                found += _compared(program, call, program.fetches, values, program.calls[call])
                after = program.after[call]
                state = [module.state.variable(name).numpy() for name in after]
                found += _compared(program, call, list(after), state, list(after.values()))
    return found


def converted(graph: ProgramGraph, programs: Sequence[Program] | None = None) -> ResourceGraph:
    """Convert what these programs need, all by default, as one graph."""
    wanted = [parse_tensor(name) for one in programs or graph.programs for name in one.fetches]
    feeds = [parse_tensor(f"{key}:0") for key in graph.feeds[0]]
    return to_resource_state(cut(nodes_by_name(graph.graph_def), wanted, [], feeds).nodes, wanted)


def random_programs() -> list[ProgramGraph]:
    """Return the random programs."""
    return [_graph(one, _recorded()["calls"]) for one in _recorded()["graphs"]]


def programs_by_op() -> dict[str, ProgramGraph]:
    """Return, by the kind of write, a graph with a program for each op that may hand a buffer on."""
    return {name: _graph(one, _recorded()["calls"]) for name, one in _recorded()["by_op"].items()}


def read_programs(path: Path) -> list[ProgramGraph]:
    """Read the random programs of another file that fixtures/ordered_programs/make.py wrote."""
    recorded = json.loads(gzip.decompress(path.read_bytes()))
    return [_graph(one, recorded["calls"]) for one in recorded["graphs"]]


@functools.cache
def _recorded() -> Any:
    return json.loads(gzip.decompress(_RECORDED.read_bytes()))


def _graph(recorded: Any, calls: Any) -> ProgramGraph:
    graph_def = tf.compat.v1.GraphDef.FromString(base64.b64decode(recorded["graph_def"]))
    programs = tuple(
        Program(one["name"] or f"program {number}", one["fetches"], one["calls"], one["after"])
        for number, one in enumerate(recorded["programs"])
    )
    return ProgramGraph(graph_def, recorded["variables"], programs, calls)


def _compared(program: Program, call: int, names: Sequence[str], found: Any, wanted: Any) -> list[Difference]:
    return [
        Difference(program.name, call, name, one, np.asarray(other).tolist())
        for name, one, other in zip(names, wanted, found, strict=True)
        if not np.array_equal(np.asarray(one, np.float32), np.asarray(other))
    ]

"""The programs of a run: which files share a process, in which mode, and where each of them starts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from codemods.compat.v1_usage import runs_on_tensorflow2
from codemods.engine.file_plans import Surroundings
from codemods.engine.guards import is_test_path
from codemods.source.mode import Mode
from migrate.codemod.crew import Crew
from migrate.codemod.grouping import Group, groups
from migrate.codemod.worker import LEGACY_KERAS, Scan, Worker

_NAMES_TENSORFLOW = re.compile(rb"tensorflow|keras|tf\b")
_SPEAKS_OF_TENSORFLOW = re.compile(rb"tensorflow|keras|import\s+\*")
_TENSORFLOW2 = re.compile(rb"tf\.function\b|GradientTape|saved_model\.(save|load)\b|wrap_function|compat\.v2")


def changed_programs(crew: Crew, scans: Mapping[str, Scan]) -> Iterator[tuple[str, Surroundings]]:
    """Yield the files of changed programs of several files, with what the second plan of each must know."""
    changed = [scan.path for scan in scans.values() if scan.changes]
    imports = {scan.path: scan.imports for scan in scans.values()}
    for group in groups(changed, imports):
        if len(group.members) > 1:
            yield from _surroundings(crew, group, scans)


def _surroundings(crew: Crew, group: Group, scans: Mapping[str, Scan]) -> Iterator[tuple[str, Surroundings]]:
    local = crew.here
    options = local.options
    wanted = [path for path in group.members if options.include_tests or scans[path].result or not is_test_path(path)]
    contents = {path: (local.root / path).read_bytes() for path in wanted}
    taken: dict[str, set[str]] = {}
    for path, data in contents.items():
        for target, name in local.repository.taken_names(path, data):
            taken.setdefault(target, set()).add(name)
    # Files that say nothing of TensorFlow, and take nothing by star, hold nothing to change.
    members = sorted(
        path for path, data in contents.items() if scans[path].result or _SPEAKS_OF_TENSORFLOW.search(data)
    )
    # A file that only passes on what others import does not start graph mode: the files that it imports do.
    starting = [path for path in members if _NAMES_TENSORFLOW.search(contents[path])]
    entries = group.first_of(starting, wanted)
    is_tensorflow2 = _is_tensorflow2(crew, contents, members)
    mode = options.mode or (Mode.EAGER if is_tensorflow2 else _mode(crew, members, scans))
    legacy = {path for path, data in contents.items() if LEGACY_KERAS.search(data)}
    for path in members:
        needs_keras = not legacy.isdisjoint(group.closure(path))
        around = Surroundings(
            mode,
            options.include_tests,
            migrates=True,
            is_entry=path in entries,
            runs_on_tensorflow2=is_tensorflow2,
            legacy_keras=needs_keras,
            taken_names=frozenset(taken.get(path, ())),
            todo=options.todo,
            keras=options.keras,
            target=options.target,
        )
        yield path, around


def _is_tensorflow2(crew: Crew, contents: Mapping[str, bytes], members: list[str]) -> bool:
    """Whether the program runs on TensorFlow 2 as it is; that most do not is seen without parsing."""
    if not any(_TENSORFLOW2.search(contents[path]) for path in members):
        return False
    return runs_on_tensorflow2(each for found in crew.map(Worker.generations, members) for each in found)


def _mode(crew: Crew, members: list[str], scans: Mapping[str, Scan]) -> Mode:
    """Return eager mode where every file of the group runs in it once its sites are applied."""
    if any(scans[path].needs_graph for path in members):
        return Mode.GRAPH
    others = [path for path in members if not scans[path].changes]
    return Mode.GRAPH if any(crew.map(Worker.needs_graph, others)) else Mode.EAGER

"""The programs of a run: which files share a process, in which mode, and where each of them starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from codemods.compat.v1_usage import runs_on_tensorflow2
from codemods.engine.file_plans import Surroundings
from codemods.engine.guards import is_test_path
from codemods.source.mode import Mode
from migrate.codemod.crew import Crew
from migrate.codemod.grouping import Group, groups
from migrate.codemod.worker import Marks, Scan, Worker


def changed_programs(crew: Crew, scans: Mapping[str, Scan]) -> Iterator[tuple[str, Surroundings]]:
    """Yield the files of changed programs of several files, with what the second plan of each must know.

    Files that no process could bear are not among them: theirs is the result of the scan.
    """
    changed = [scan.path for scan in scans.values() if scan.changes]
    imports = {scan.path: scan.imports for scan in scans.values()}
    for group in groups(changed, imports):
        if len(group.members) > 1:
            yield from _surroundings(crew, group, scans)


def _surroundings(crew: Crew, group: Group, scans: Mapping[str, Scan]) -> Iterator[tuple[str, Surroundings]]:
    options = crew.here.options
    wanted = [path for path in group.members if options.include_tests or scans[path].result or not is_test_path(path)]
    marks = dict(zip(wanted, crew.map(Worker.marks, wanted, lambda *_: Marks()), strict=True))
    taken: dict[str, set[str]] = {}
    for found in marks.values():
        for target, name in found.taken:
            taken.setdefault(target, set()).add(name)
    # Files that say nothing of TensorFlow, and take nothing by star, hold nothing to change.
    members = sorted(path for path, found in marks.items() if scans[path].result or found.speaks_of_tensorflow)
    # A file that only passes on what others import does not start graph mode: the files that it imports do.
    starting = [path for path in members if marks[path].names_tensorflow]
    entries = group.first_of(starting, wanted)
    is_tensorflow2 = _is_tensorflow2(crew, marks, members)
    mode = options.mode or (Mode.EAGER if is_tensorflow2 else _mode(crew, members, scans, marks))
    needing_keras = group.running(path for path, found in marks.items() if found.is_legacy_keras)
    for path in members:
        if path in crew.spoiled:
            continue
        around = Surroundings(
            mode,
            options.include_tests,
            migrates=True,
            is_entry=path in entries,
            runs_on_tensorflow2=is_tensorflow2,
            legacy_keras=path in needing_keras,
            taken_names=frozenset(taken.get(path, ())),
            todo=options.todo,
            keras=options.keras,
            self_contained=options.self_contained,
            python2=options.python2,
            target=options.target,
        )
        yield path, around


def _is_tensorflow2(crew: Crew, marks: Mapping[str, Marks], members: list[str]) -> bool:
    """Whether the program runs on TensorFlow 2 as it is; that most do not is seen without parsing."""
    if not any(marks[path].is_tensorflow2 for path in members):
        return False
    readable = [path for path in members if path not in crew.spoiled]
    found = list(crew.map(Worker.generations, readable, lambda *_: ()))
    return runs_on_tensorflow2(each for one in found for each in one)


def _mode(crew: Crew, members: list[str], scans: Mapping[str, Scan], marks: Mapping[str, Marks]) -> Mode:
    """Return eager mode where every file of the group runs in it once its sites are applied."""
    if any(scans[path].needs_graph for path in members):
        return Mode.GRAPH
    doubtful = [path for path in members if not scans[path].changes and marks[path].has_graph_code]
    if any(path in crew.spoiled for path in doubtful):
        return Mode.GRAPH
    return Mode.GRAPH if any(list(crew.map(Worker.needs_graph, doubtful, lambda *_: True))) else Mode.EAGER

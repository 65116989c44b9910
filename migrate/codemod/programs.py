"""The programs of a run: which files share a process, in which mode, and where each of them starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from codemods.compat.generations import Written
from codemods.compat.standing import Standing
from codemods.edit.traces import LEGACY_KERAS_PACKAGE
from codemods.engine.file_plans import Surroundings
from codemods.engine.guards import is_test_path
from codemods.source.generation import Generation, of_program
from codemods.source.mode import Mode
from migrate.codemod.crew import Crew
from migrate.codemod.grouping import Group, groups
from migrate.codemod.worker import Marks, Scan, Worker, generation_of


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """A file of a program of several: what its second plan must know, and a path of the program that names it."""

    path: str
    around: Surroundings
    program: str


def changed_programs(crew: Crew, scans: Mapping[str, Scan]) -> Iterator[ProgramFile]:
    """Yield the files of changed programs of several files.

    A program that an earlier run left half rewritten is among them. Files that no process could bear are not: theirs is
    the result of the scan.
    """
    changed = [scan.path for scan in scans.values() if scan.changes or (scan.begun is not None and scan.begun.exports)]
    imports = {scan.path: scan.imports for scan in scans.values()}
    for group in groups(changed, imports):
        if len(group.members) > 1:
            name = min(group.members)
            for path, around in _Program(crew, group, scans).surroundings():
                yield ProgramFile(path, around, name)


class _Program:
    """A program of several files, with what the bytes of each say.

    Attributes:
        members: The files that may hold something to change.
    """

    def __init__(self, crew: Crew, group: Group, scans: Mapping[str, Scan]) -> None:
        self._crew = crew
        self._group = group
        self._scans = scans
        options = crew.here.options
        self._wanted = [
            path for path in group.members if options.include_tests or scans[path].result or not is_test_path(path)
        ]
        found = crew.map(Worker.marks, self._wanted, lambda *_: Marks())
        self._marks = dict(zip(self._wanted, found, strict=True))
        # Files that say nothing of TensorFlow, and take nothing by star, hold nothing to change.
        self.members = sorted(
            path for path, marks in self._marks.items() if scans[path].result or marks.speaks_of_tensorflow
        )

    def surroundings(self) -> Iterator[tuple[str, Surroundings]]:
        """Yield the members with what is known of the program around each; nothing where none is to change."""
        changes = any(self._scans[path].changes for path in self._group.members)
        if not changes and not self._is_half_rewritten():
            return
        options = self._crew.here.options
        generation, own_mode = self._generation()
        mode = options.mode or own_mode or self._mode()
        keeps_keras = generation is Generation.V2 and mode is Mode.EAGER
        needing_keras = self._needing_keras_of_v1 if keeps_keras else self._needing_keras
        taken = self._taken()
        for path in self.members:
            if path not in self._crew.spoiled and not self._is_done(path):
                around = Surroundings(
                    mode,
                    options.include_tests,
                    migrates=True,
                    is_entry=path in self._entries,
                    generation=generation,
                    legacy_keras=path in needing_keras,
                    taken_names=frozenset(taken.get(path, ())),
                    todo=options.todo,
                    keras=options.keras,
                    self_contained=options.self_contained,
                    python2=options.python2,
                    target=options.target,
                )
                yield path, around

    def _is_done(self, path: str) -> bool:
        """Whether an earlier run wrote the file: it writes files whole, so one without a site is as it shall be."""
        return self._scans[path].begun is not None and not self._scans[path].changes

    @cached_property
    def _entries(self) -> frozenset[str]:
        """Where it starts; a file that only passes on what others import does not start graph mode."""
        starting = [
            path
            for path in self._wanted
            if self._scans[path].begun or (path in self.members and self._marks[path].names_tensorflow)
        ]
        return self._group.first_of(starting, self._wanted)

    @cached_property
    def _needing_keras(self) -> frozenset[str]:
        return self._group.running(path for path, marks in self._marks.items() if marks.is_legacy_keras)

    @cached_property
    def _needing_keras_of_v1(self) -> frozenset[str]:
        return self._group.running(path for path, marks in self._marks.items() if marks.is_keras_of_v1)

    def _taken(self) -> dict[str, set[str]]:
        taken: dict[str, set[str]] = {}
        for marks in self._marks.values():
            for target, name in marks.taken:
                taken.setdefault(target, set()).add(name)
        return taken

    @property
    def _readable(self) -> list[str]:
        return [path for path in self.members if path not in self._crew.spoiled]

    def _generation(self) -> tuple[Generation, Mode | None]:
        """Return what it is written for and, where that is TensorFlow 2, the mode in which it runs there.

        A changed file that is written for TensorFlow 1 tells it; only without one are the other files parsed for it.
        One that an earlier run began to rewrite for graph mode was one of TensorFlow 1, but what has names with two
        meanings may have come since. What that run wrote for eager mode tells nothing: its names are TensorFlow 2's.
        """
        if any(self._scans[path].generation is Generation.V1 for path in self.members):
            return Generation.V1, None
        begun = {path: self._scans[path].begun for path in self._readable}
        telling = [path for path, done in begun.items() if done is None or done.mode is Mode.GRAPH]
        found: list[Written] = [each for one in self._crew.map(Worker.written, telling, lambda *_: ()) for each in one]
        generation = generation_of(found)
        if generation is Generation.V2:
            return generation, Mode.GRAPH if any(each.switches_to_graphs for each in found) else Mode.EAGER
        if self._is_begun_in_graphs() and not any(each.may_mean_either for each in self._standings(telling)):
            return Generation.V1, None
        return generation, None

    def _mode(self) -> Mode:
        """Return the mode in which it was begun; eager mode where every file runs in it once its sites are applied."""
        if self._is_begun_in_graphs():
            return Mode.GRAPH
        left = [path for path in self.members if not self._is_done(path)]
        done = set(self._readable).difference(left)
        if any(self._scans[path].needs_graph for path in left) or any(each.switches for each in self._standings(done)):
            return Mode.GRAPH
        doubtful = [path for path in left if not self._scans[path].changes and self._marks[path].has_graph_code]
        if any(path in self._crew.spoiled for path in doubtful):
            return Mode.GRAPH
        needing = list(self._crew.map(Worker.needs_graph, doubtful, lambda *_: True))
        return Mode.GRAPH if any(needing) else Mode.EAGER

    def _is_begun_in_graphs(self) -> bool:
        begun = (self._scans[path].begun for path in self._group.members)
        return any(each is not None and each.mode is Mode.GRAPH for each in begun)

    def _is_half_rewritten(self) -> bool:
        """Whether an earlier run rewrote some of its files and left others, though all exports are done.

        Something must be there that this project wrote, and something that cannot run beside it on TensorFlow 2: what
        a person ported, or added since, is left as it is.
        """
        if self._lacks_legacy_keras():
            return True
        done = [path for path in self._readable if self._is_done(path)]
        found_done = self._standings(done)
        found_left = self._standings(set(self._readable).difference(done))
        found = (*found_done, *found_left)
        if any(each.is_left for each in found) or any(each.takes_contrib for each in found_left):
            return True
        if self._is_begun_in_graphs() and any(each.may_mean_either for each in found_left):
            return True
        if any(each.switches for each in found) or of_program(each.generation for each in found) is Generation.V2:
            return False
        return any(each.needs_graph for each in found)

    def _lacks_legacy_keras(self) -> bool:
        """Whether a file that must ask for legacy Keras does not, though the program was rewritten for that."""
        begun = [done for path in self._group.members if (done := self._scans[path].begun) is not None]
        return any(LEGACY_KERAS_PACKAGE in done.packages for done in begun) and any(
            not self._is_done(path)
            and not self._marks[path].asks_for_legacy_keras
            and (self._marks[path].is_legacy_keras or path in self._entries)
            for path in self.members
            if path in self._needing_keras
        )

    def _standings(self, paths: Iterable[str]) -> tuple[Standing, ...]:
        """How far the modules of some of its files are."""
        found = self._crew.map(Worker.standings, sorted(paths), lambda *_: ())
        return tuple(each for one in found for each in one)

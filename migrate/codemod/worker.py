"""What one process of a run does with files: scan them, and plan those of programs whose mode is known.

Whatever a file holds gives a result. Only what the process itself cannot bear (no memory) goes through to the crew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from codemods.compat.generations import Written
from codemods.compat.standing import Standing
from codemods.engine.begun import Begun, begun
from codemods.engine.file_plans import Failure, FilePlan, OpenFile, Surroundings, open_file, prefilter
from codemods.errors import CodemodError, UnparsableSourceError
from codemods.rules.registry import select_rules
from codemods.source.generation import Generation, of_program
from codemods.source.mode import Mode
from migrate.codemod.options import RunOptions
from migrate.codemod.project import LocalProject, Repository
from migrate.codemod.reading import read_source
from migrate.codemod.result import FileResult, FileStatus
from migrate.errors import Tf1to2Error

PlannedT = TypeVar("PlannedT")
LEGACY_KERAS = re.compile(
    rb"TF_USE_LEGACY_KERAS|\btf\.layers\.|\brnn_cell\b|\bkeras\b|contrib\.(layers|slim|rnn)\b|tf\.keras"
)
"""What a file that needs legacy Keras says."""
KERAS_OF_V1 = re.compile(rb"\bv1\.(keras|layers|nn\.rnn_cell)\b|\bv1\s+import\s+[\w, ]*\b(keras|layers)\b")
"""What a file says that needs legacy Keras, though it is one of TensorFlow 2."""
_GRAPH_CODE = re.compile(
    rb"placeholder|Session|_initializer\b|get_session|import_meta_graph|import_graph_def|\.train\."
)
_NAMES_TENSORFLOW = re.compile(rb"tensorflow|keras|tf\b")
_SPEAKS_OF_TENSORFLOW = re.compile(rb"tensorflow|keras|import\s+\*")


@dataclass(frozen=True, slots=True)
class Marks:
    """What the bytes of a file of a program say, before it is parsed.

    `taken` are the names that it takes from other files of the run, each with that file.
    """

    taken: tuple[tuple[str, str], ...] = ()
    speaks_of_tensorflow: bool = False
    names_tensorflow: bool = False
    is_legacy_keras: bool = False
    is_keras_of_v1: bool = False
    has_graph_code: bool = False
    asks_for_legacy_keras: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """What the first pass learns of a file.

    `result` is right where the file is a program of its own, None where no rule finds anything. `imports` are the files
    of the run that it imports, `begun` is what an earlier run did to it; `generation` is what the file is written for,
    where a site changes it.
    """

    path: str
    result: FileResult | None = None
    needs_graph: bool = False
    imports: frozenset[str] = frozenset()
    begun: Begun | None = None
    generation: Generation | None = None

    @property
    def changes(self) -> bool:
        """Whether a site of the file changes it."""
        return self.result is not None and any(site.changes for site in self.result.sites)


class Worker:
    """One process of a run, with the rules loaded and the modules it parsed kept."""

    def __init__(self, root: Path, paths: tuple[str, ...], options: RunOptions) -> None:
        self.root = root
        self._paths = paths
        self.options = options
        self.rules = select_rules(options.select, options.ignore)
        self.wanted = prefilter(self.rules)
        self.repository = Repository(root, paths)
        self.project = LocalProject(self.repository)

    def __reduce__(self) -> tuple[type[Worker], tuple[Path, tuple[str, ...], RunOptions]]:
        """Make it anew in a process that is no fork."""
        return Worker, (self.root, self._paths, self.options)

    def prepare(self, spoiled: frozenset[str], reads: Callable[[str], None]) -> None:
        """Leave the spoiled modules alone from now on, and call `reads` with each module that is read ("" for none)."""
        self.project.spoiled = spoiled
        self.project.reads = reads

    def scan(self, path: str) -> Scan:
        """Read a file; plan it as a program of its own where a rule may find something."""
        try:
            data = read_source(self.root / path)
        except Tf1to2Error as error:
            return Scan(path, failed(path, str(error)))
        imports = self.repository.targets(path, data) if path.endswith(".py") else frozenset()
        done = begun(self.rules, data)
        if not self.wanted(data):
            return Scan(path, imports=imports, begun=done)
        planned = self._guard(path, lambda: self._scanned(path, data))
        if isinstance(planned, Failure):
            return Scan(path, failed(path, str(planned)), imports=imports, begun=done)
        return replace(planned, imports=imports, begun=done)

    def plan(self, item: tuple[str, Surroundings]) -> FileResult:
        """Plan a file of a program of several, whose mode is known."""
        path, around = item
        planned = self._guard(path, lambda: self._planned(path, around))
        return failed(path, str(planned), around.mode) if isinstance(planned, Failure) else planned

    def needs_graph(self, path: str) -> bool:
        """Whether a file without sites would not run in eager mode; False where it cannot be read."""
        around = Surroundings(
            Mode.EAGER,
            self.options.include_tests,
            migrates=True,
            self_contained=self.options.self_contained,
            python2=self.options.python2,
            target=self.options.target,
        )
        planned = self._guard(path, lambda: self._opened(path).sketch(self.rules, around))
        return not isinstance(planned, Failure) and planned.needs_graph is not None

    def written(self, path: str) -> tuple[Written, ...]:
        """Which TensorFlow a file is written for; none where it cannot be read."""
        found = self._guard(path, lambda: self._opened(path).written)
        return () if isinstance(found, Failure) else found

    def standings(self, path: str) -> tuple[Standing, ...]:
        """How far a file of a program is that may be half rewritten; none where it cannot be read."""
        found = self._guard(path, lambda: self._opened(path).standings)
        return () if isinstance(found, Failure) else found

    def imports(self, path: str) -> frozenset[str]:
        """The files of the run that a file imports; none where it cannot be read."""
        try:
            return self.repository.targets(path, read_source(self.root / path))
        except Tf1to2Error:
            return frozenset()

    def marks(self, path: str) -> Marks:
        """What the bytes of a file say; nothing where it cannot be read."""
        try:
            data = read_source(self.root / path)
        except Tf1to2Error:
            return Marks()
        return Marks(
            tuple(self.repository.taken_names(path, data)),
            _SPEAKS_OF_TENSORFLOW.search(data) is not None,
            _NAMES_TENSORFLOW.search(data) is not None,
            LEGACY_KERAS.search(data) is not None,
            KERAS_OF_V1.search(data) is not None,
            _GRAPH_CODE.search(data) is not None,
            b"TF_USE_LEGACY_KERAS" in data,
        )

    def _opened(self, path: str) -> OpenFile:
        return open_file(path, read_source(self.root / path), self.project)

    def _scanned(self, path: str, data: bytes) -> Scan:
        opened = open_file(path, data, self.project)
        plan = self._alone(opened, data)
        needs_graph = plan.needs_graph is not None or plan.mode is Mode.GRAPH
        generation = generation_of(opened.written) if any(site.changes for site in plan.sites) else None
        return Scan(path, result_of(plan, data) if plan.sites else None, needs_graph, generation=generation)

    def _planned(self, path: str, around: Surroundings) -> FileResult:
        data = read_source(self.root / path)
        return result_of(open_file(path, data, self.project).plan(self.rules, around), data)

    def _alone(self, opened: OpenFile, data: bytes) -> FilePlan:
        options = self.options
        around = Surroundings(
            options.mode or Mode.EAGER,
            options.include_tests,
            todo=options.todo,
            keras=options.keras,
            self_contained=options.self_contained,
            python2=options.python2,
            target=options.target,
        )
        plan = opened.sketch(self.rules, around)
        if not any(site.changes for site in plan.sites):
            return plan
        generation = generation_of(opened.written)
        needs_graph = plan.needs_graph is not None
        if generation is Generation.V2:
            needs_graph = any(part.switches_to_graphs for part in opened.written)
        mode = options.mode or (Mode.GRAPH if needs_graph else Mode.EAGER)
        keeps_keras = generation is Generation.V2 and mode is Mode.EAGER
        if options.self_contained and mode is Mode.GRAPH:  # without the shim, nothing may be left to do in this mode
            plan = opened.plan(self.rules, replace(around, mode=mode))
            if not any(site.changes for site in plan.sites):
                return plan
        return opened.plan(
            self.rules,
            replace(
                around,
                mode=mode,
                migrates=True,
                generation=generation,
                legacy_keras=(KERAS_OF_V1 if keeps_keras else LEGACY_KERAS).search(data) is not None,
            ),
        )

    def _guard(self, path: str, work: Callable[[], PlannedT]) -> PlannedT | Failure:
        try:
            return work()
        except UnparsableSourceError as error:
            return Failure(error.line, error.reason)
        except Tf1to2Error as error:
            return Failure(None, str(error))
        except RecursionError:
            return Failure(None, "it is nested too deeply to be worked on")
        except MemoryError:
            raise
        except Exception as error:  # a defect of a rule must not cost the run over all other files
            return Failure(None, f"a defect of tf1to2, please report it: {type(error).__name__}: {error}")


def generation_of(files: Iterable[Written]) -> Generation:
    """Return what files, or parts of one, are written for together."""
    return of_program(each.generation for each in files)


def result_of(plan: FilePlan, data: bytes) -> FileResult:
    """Return the result of applying every site of a plan."""
    if plan.document is None:
        return FileResult(plan.path, FileStatus.UNCHANGED, plan.mode)
    try:
        new = plan.apply_all()
    except CodemodError as error:
        return failed(plan.path, f"the rewrite was given up: {error}", plan.mode)
    if new == data:
        return FileResult(plan.path, FileStatus.UNCHANGED, plan.mode, plan.sites)
    return FileResult(plan.path, FileStatus.CHANGED, plan.mode, plan.sites, None, data, new, plan.document.encoding)


def failed(path: str, error: str, mode: Mode = Mode.EAGER) -> FileResult:
    """Return the result of a file that could not be worked on."""
    return FileResult(path, FileStatus.FAILED, mode, (), error)

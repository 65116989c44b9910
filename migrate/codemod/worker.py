"""What one process of a run does with files: scan them, and plan those of programs whose mode is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from codemods.compat.v1_usage import Generation, runs_on_tensorflow2
from codemods.engine.file_plans import Failure, FilePlan, Surroundings, open_file, prefilter
from codemods.errors import CodemodError, UnparsableSourceError
from codemods.rules.registry import select_rules
from codemods.source.mode import Mode
from migrate.codemod.options import RunOptions
from migrate.codemod.project import LocalProject, Repository
from migrate.codemod.result import FileResult, FileStatus

LEGACY_KERAS = re.compile(rb"\btf\.layers\.|\brnn_cell\b|\bkeras\b|contrib\.(layers|slim|rnn)\b|tf\.keras")
"""What a file that needs legacy Keras says."""
_GRAPH_CODE = re.compile(
    rb"placeholder|Session|_initializer\b|get_session|import_meta_graph|import_graph_def|\.train\."
)


@dataclass(frozen=True, slots=True)
class Scan:
    """What the first pass learns of a file.

    `result` is right where the file is a program of its own, None where no rule finds anything. `imports` are the files
    of the run that it imports.
    """

    path: str
    result: FileResult | None = None
    needs_graph: bool = False
    imports: frozenset[str] = frozenset()

    @property
    def changes(self) -> bool:
        """Whether a site of the file changes it."""
        return self.result is not None and any(site.changes for site in self.result.sites)


class Worker:
    """One process of a run, with the rules loaded and the modules it parsed kept."""

    def __init__(self, root: Path, paths: tuple[str, ...], options: RunOptions) -> None:
        self.root = root
        self.options = options
        self.rules = select_rules(options.select, options.ignore)
        self.wanted = prefilter(self.rules)
        self.repository = Repository(root, paths)
        self.project = LocalProject(self.repository)

    def scan(self, path: str) -> Scan:
        """Read a file; plan it as a program of its own where a rule may find something."""
        try:
            data = (self.root / path).read_bytes()
        except OSError as error:
            return Scan(path, _failed(path, f"cannot be read: {error.strerror or error}"))
        imports = self.repository.targets(path, data) if path.endswith(".py") else frozenset()
        if not self.wanted(data):
            return Scan(path, imports=imports)
        plan = self._guard(path, lambda: self._alone(path, data))
        needs_graph = plan.needs_graph is not None or plan.mode is Mode.GRAPH
        result = result_of(plan, data) if plan.sites or plan.failure is not None else None
        return Scan(path, result, needs_graph, imports)

    def plan(self, item: tuple[str, Surroundings]) -> FileResult:
        """Plan a file of a program of several, whose mode is known."""
        path, around = item
        data = (self.root / path).read_bytes()
        return result_of(self._guard(path, lambda: open_file(path, data, self.project).plan(self.rules, around)), data)

    def needs_graph(self, path: str) -> bool:
        """Whether a file without sites would not run in eager mode."""
        data = (self.root / path).read_bytes()
        if not _GRAPH_CODE.search(data):
            return False
        around = Surroundings(Mode.EAGER, self.options.include_tests, migrates=True, target=self.options.target)
        plan = self._guard(path, lambda: open_file(path, data, self.project).plan(self.rules, around))
        return plan.needs_graph is not None

    def generations(self, path: str) -> tuple[Generation, ...]:
        """Which TensorFlow a file is written for; none where it cannot be read."""
        try:
            return open_file(path, (self.root / path).read_bytes(), self.project).generations
        except (CodemodError, OSError):
            return ()

    def _alone(self, path: str, data: bytes) -> FilePlan:
        options = self.options
        opened = open_file(path, data, self.project)
        around = Surroundings(
            options.mode or Mode.EAGER,
            options.include_tests,
            todo=options.todo,
            keras=options.keras,
            target=options.target,
        )
        plan = opened.plan(self.rules, around)
        if not any(site.changes for site in plan.sites):
            return plan
        is_tensorflow2 = runs_on_tensorflow2(opened.generations)
        needs_graph = plan.needs_graph is not None and not is_tensorflow2
        return opened.plan(
            self.rules,
            replace(
                around,
                mode=options.mode or (Mode.GRAPH if needs_graph else Mode.EAGER),
                migrates=True,
                runs_on_tensorflow2=is_tensorflow2,
                legacy_keras=LEGACY_KERAS.search(data) is not None,
            ),
        )

    def _guard(self, path: str, plan: Callable[[], FilePlan]) -> FilePlan:
        try:
            return plan()
        except UnparsableSourceError as error:
            return FilePlan(path, failure=Failure(error.line, error.reason))
        except Exception as error:  # a defect of a rule must not cost the run over all other files
            reason = f"a defect of tf1to2, please report it: {type(error).__name__}: {error}"
            return FilePlan(path, failure=Failure(1, reason))


def result_of(plan: FilePlan, data: bytes) -> FileResult:
    """Return the result of applying every site of a plan."""
    if plan.failure is not None:
        return _failed(plan.path, str(plan.failure), plan.mode)
    if plan.document is None:
        return FileResult(plan.path, FileStatus.UNCHANGED, plan.mode)
    try:
        new = plan.document.apply(plan.sites)
    except CodemodError as error:
        return _failed(plan.path, f"the rewrite was given up: {error}", plan.mode)
    if new == data:
        return FileResult(plan.path, FileStatus.UNCHANGED, plan.mode, plan.sites)
    return FileResult(plan.path, FileStatus.CHANGED, plan.mode, plan.sites, None, data, new, plan.document.encoding)


def _failed(path: str, error: str, mode: Mode = Mode.EAGER) -> FileResult:
    return FileResult(path, FileStatus.FAILED, mode, (), error)

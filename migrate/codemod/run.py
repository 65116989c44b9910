"""One run of the codemods over a set of files.

Three passes: every file is scanned and those with export sites are planned on their own; the files are grouped into
programs, each with a mode; the files of these programs are planned again, now knowing their mode.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from codemods.engine import Failure, FilePlan, Surroundings, open_file, prefilter
from codemods.errors import CodemodError, UnparsableSourceError
from codemods.guards import is_test_path
from codemods.registry import select_rules
from codemods.site import Mode
from codemods.target import Target, installed_target
from codemods.v1_usage import Generation, runs_on_tensorflow2
from migrate.codemod.discover import FileSet
from migrate.codemod.grouping import Group, groups
from migrate.codemod.project import LocalProject, Repository
from migrate.codemod.requirements import requirement_results
from migrate.codemod.result import FileResult, FileStatus, RunResult

_CHUNK = 32
_FEW_FILES = 16
_NAMES_TENSORFLOW = re.compile(rb"tensorflow|keras|tf\b")
_LEGACY_KERAS = re.compile(rb"\btf\.layers\.|\brnn_cell\b|\bkeras\b|contrib\.(layers|slim|rnn)\b|tf\.keras")
_SPEAKS_OF_TENSORFLOW = re.compile(rb"tensorflow|keras|import\s+\*")
_TENSORFLOW2 = re.compile(rb"tf\.function\b|GradientTape|saved_model\.(save|load)\b|wrap_function|compat\.v2")
_GRAPH_CODE = re.compile(
    rb"placeholder|Session|_initializer\b|get_session|import_meta_graph|import_graph_def|\.train\."
)
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user chose. `mode` None lets the tool decide per group of files; `jobs` 0 means one per core.

    `target` is the TensorFlow that the rewritten code is to run on.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    mode: Mode | None = None
    include_tests: bool = False
    jobs: int = 0
    todo: bool = False
    keras: bool = False
    target: Target = field(default_factory=installed_target)


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


class _Worker:
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
        if not self.wanted.search(data):
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
                legacy_keras=_LEGACY_KERAS.search(data) is not None,
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


_worker: _Worker | None = None


def _start_worker(root: Path, paths: tuple[str, ...], options: RunOptions) -> None:
    global _worker  # noqa: PLW0603 - one per process, made by the pool's initialiser
    _worker = _Worker(root, paths, options)


def _scan(path: str) -> Scan:
    assert _worker is not None
    return _worker.scan(path)


def _plan(item: tuple[str, Surroundings]) -> FileResult:
    assert _worker is not None
    return _worker.plan(item)


def _generations(path: str) -> tuple[Generation, ...]:
    assert _worker is not None
    return _worker.generations(path)


def _needs_graph(path: str) -> bool:
    assert _worker is not None
    return _worker.needs_graph(path)


def run_codemods(files: FileSet, options: RunOptions, progress: Callable[[int], None] = lambda _: None) -> RunResult:
    """Plan every file and return what would change. `progress` gets the number of files done since the last call.

    Raises:
        UnknownRuleError: `select` or `ignore` names a rule that does not exist.
    """
    started = time.perf_counter()
    local = _Worker(files.root, files.paths, options)
    with _mapper(local, files, options) as mapper:
        scans = {}
        for scan in mapper(_scan, local.scan, files.paths):
            scans[scan.path] = scan
            progress(1)
        results = {scan.path: scan.result for scan in scans.values() if scan.result is not None}
        again = dict(_programs(local, scans, mapper))
        for item in mapper(_plan, local.plan, sorted(again.items())):
            results[item.path] = item
    if any(rule.id == "SM903" for rule in local.rules):
        changed = [item for item in results.values() if item.status is FileStatus.CHANGED]
        results.update(
            {item.path: item for item in requirement_results(files.root, files.folders, changed, options.target)}
        )
    kept = [item for item in results.values() if item.sites or item.status is FileStatus.FAILED]
    kept.sort(key=lambda item: item.path)
    return RunResult(files.root, len(files.paths), tuple(kept), time.perf_counter() - started, options.target)


Mapper = Callable[[Callable[[ItemT], ResultT], Callable[[ItemT], ResultT], Sequence[ItemT]], Iterator[ResultT]]


@contextmanager
def _mapper(local: _Worker, files: FileSet, options: RunOptions) -> Iterator[Mapper]:  # type: ignore[type-arg]
    workers = options.jobs or os.cpu_count() or 1
    if workers == 1 or len(files.paths) <= _FEW_FILES:
        yield lambda _, here, items: map(here, items)
        return
    arguments = (files.root, files.paths, options)
    with ProcessPoolExecutor(max_workers=workers, initializer=_start_worker, initargs=arguments) as pool:
        yield (
            lambda there, here, items: (
                pool.map(there, items, chunksize=min(_CHUNK, 1 + len(items) // (4 * workers)))
                if len(items) > _FEW_FILES
                else map(here, items)
            )
        )


def _programs(local: _Worker, scans: Mapping[str, Scan], mapper: Mapper) -> Iterator[tuple[str, Surroundings]]:  # type: ignore[type-arg]
    """Yield the files of changed programs of several files, with what the second plan of each must know."""
    changed = [scan.path for scan in scans.values() if scan.changes]
    imports = {scan.path: scan.imports for scan in scans.values()}
    for group in groups(changed, imports, lambda _: frozenset()):
        if len(group.members) > 1:
            yield from _surroundings(local, group, scans, mapper)


def _surroundings(
    local: _Worker,
    group: Group,
    scans: Mapping[str, Scan],
    mapper: Mapper,  # type: ignore[type-arg]
) -> Iterator[tuple[str, Surroundings]]:
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
    is_tensorflow2 = _is_tensorflow2(local, contents, members, mapper)
    mode = options.mode or (Mode.EAGER if is_tensorflow2 else _mode(local, members, scans, mapper))
    legacy = {path for path, data in contents.items() if _LEGACY_KERAS.search(data)}
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


def _is_tensorflow2(
    local: _Worker,
    contents: Mapping[str, bytes],
    members: list[str],
    mapper: Mapper,  # type: ignore[type-arg]
) -> bool:
    """Whether the program runs on TensorFlow 2 as it is; that most do not is seen without parsing."""
    if not any(_TENSORFLOW2.search(contents[path]) for path in members):
        return False
    return runs_on_tensorflow2(each for found in mapper(_generations, local.generations, members) for each in found)


def _mode(local: _Worker, members: list[str], scans: Mapping[str, Scan], mapper: Mapper) -> Mode:  # type: ignore[type-arg]
    """Return eager mode where every file of the group runs in it once its sites are applied."""
    if any(scans[path].needs_graph for path in members):
        return Mode.GRAPH
    others = [path for path in members if not scans[path].changes]
    return Mode.GRAPH if any(mapper(_needs_graph, local.needs_graph, others)) else Mode.EAGER


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

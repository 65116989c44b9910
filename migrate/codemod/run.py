"""One run of the codemods over a set of files.

Three passes: every file is scanned and those with export sites are planned on their own; the files are grouped into
programs, each with a mode; the files of these programs are planned again, now knowing their mode.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from codemods.engine.file_plans import Surroundings
from codemods.engine.guards import is_test_path
from migrate.codemod.crew import Crew, gather
from migrate.codemod.discover import FileSet
from migrate.codemod.options import RunOptions
from migrate.codemod.programs import changed_programs
from migrate.codemod.requirements import needs_of, requirement_results
from migrate.codemod.result import FileResult, FileStatus, RunResult
from migrate.codemod.worker import Scan, Worker, failed


def run_codemods(files: FileSet, options: RunOptions, progress: Callable[[int], None] = lambda _: None) -> RunResult:
    """Plan every file and return what would change. `progress` gets the number of files done since the last call.

    Raises:
        UnknownRuleError: `select` or `ignore` names a rule that does not exist.
    """
    started = time.perf_counter()
    with gather(files.root, files.paths, options) as crew:
        scans = {}
        for scan in crew.map(Worker.scan, files.paths, _lost_scan):
            scans[scan.path] = scan
            progress(1)
        _add_imports(crew, scans)
        results = {scan.path: scan.result for scan in scans.values() if scan.result is not None}
        again = {file.path: file for file in changed_programs(crew, scans)}
        planned = [(path, again[path].around) for path in sorted(again)]
        for item in crew.map(Worker.plan, planned, _lost_plan):
            results[item.path] = replace(item, program=again[item.path].program)
        for path, reason in crew.spoiled.items():  # one that no rule looks into, but that others import
            results.setdefault(path, failed(path, reason))
    changed = [item for item in results.values() if item.status is FileStatus.CHANGED]
    begun = [
        (scan.path, scan.begun)
        for scan in scans.values()
        if scan.begun is not None and (options.include_tests or not is_test_path(scan.path))
    ]
    needs = needs_of(changed, begun)
    required = requirement_results(files.root, files.folders, needs, options.target, crew.here.rules)
    results.update({item.path: item for item in required})
    kept = [item for item in results.values() if item.sites or item.status is FileStatus.FAILED]
    kept.sort(key=lambda item: item.path)
    return RunResult(
        files.root, len(files.paths), tuple(kept), time.perf_counter() - started, options.target, files.left_out
    )


def _lost_scan(path: str, reason: str) -> Scan:
    return Scan(path, failed(path, reason))


def _lost_plan(item: tuple[str, Surroundings], reason: str) -> FileResult:
    path, around = item
    return failed(path, reason, around.mode)


def _add_imports(crew: Crew, scans: dict[str, Scan]) -> None:
    """Find what the files import that no process could bear: their programs are the same without them."""
    lost = [path for path in crew.spoiled if path.endswith(".py")]
    for path, imports in zip(lost, crew.map(Worker.imports, lost, lambda *_: frozenset()), strict=True):
        scans[path] = replace(scans[path], imports=imports)

"""Runs the codemods over checkouts of public repositories and compares with an independent list of sites.

By hand: `python -m tests.corpus_check CHECKOUTS SITES.tsv [--apis builder,simple_save] [--show missed,manual,...]`.
CHECKOUTS holds one folder a repository, named `<owner>+<name>`. SITES.tsv has the columns repository, path, line, api,
graph, test. Prints sites found and missed, other functions of the same name (which must stay as they are), outcomes by
rule and by the origin of the graph, files that failed, whether every changed file parses and whether a second run
changes nothing.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import libcst as cst

from codemods.engine.decoded_file import open_document
from codemods.engine.file_plans import open_file
from codemods.errors import CodemodError
from codemods.estimators.uses import other_export, references
from codemods.site import Outcome, Site
from codemods.source.module import Module
from codemods.source.symbols import is_tensorflow
from migrate.codemod.discover import discover
from migrate.codemod.options import RunOptions
from migrate.codemod.project import LocalProject, Repository
from migrate.codemod.result import FileResult, FileStatus, RunResult
from migrate.codemod.run import run_codemods

_SYMBOLS = {
    "builder": ("saved_model.Builder",),
    "simple_save": ("saved_model.simple_save",),
    "export_saved_model": (".export_saved_model", ".export_savedmodel"),
    "exporter": (".FinalExporter", ".LatestExporter", ".BestExporter", "export_strategy"),
    "receiver": ("ServingInputReceiver", "serving_input_receiver_fn", ".InputFnOps"),
    "spec": ("EstimatorSpec",),
    "model_to_estimator": (".model_to_estimator",),
}
_NEAR = 3


@dataclass
class _Tally:
    """What a run over the repositories found."""

    apis: set[str]
    show: set[str]
    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unstable: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    near: list[str] = field(default_factory=list)

    def add(self, repository: str, folder: Path, rows: list[dict[str, str]]) -> None:
        """Run the codemods over a repository and compare with its rows of the list."""
        result = run_codemods(discover([folder]), RunOptions())
        files = {item.path: item for item in result.files}
        used: set[str] = set()
        for row in rows:
            self._add_row(repository, folder, row, files.get(row["path"]), used)
        for item in result.files:
            for site in item.sites:
                self.rules[site.rule, site.outcome.value] += 1
                if _api(site) in self.apis and site.id not in used:
                    self.extra.append(f"{repository} {item.path}:{site.line} {site.rule} {site.outcome.value}")
            if "failed" in self.show and item.status is FileStatus.FAILED:
                print(f"failed  {repository} {item.path}: {item.error}")
        self.broken += _broken(repository, result)
        self.unstable += _unstable(repository, folder, result)

    def _add_row(
        self, repository: str, folder: Path, row: dict[str, str], item: FileResult | None, used: set[str]
    ) -> None:
        site = _match(item, row, used)
        kind = "test" if row["test"] else "non-test"
        place = f"{repository} {row['path']}:{row['line']} {row['api']} {row['graph']}"
        group = row["api"] if row["graph"] == "estimator" else row["graph"]
        if site is not None:
            used.add(site.id)
            self.outcomes[kind, group, site.outcome.value] += 1
            if site.outcome.value in self.show:
                print(f"{site.outcome.value:7} {place}: {site.rule} {site.reason}")
            return
        other = _other(folder, row)
        if other is not None:
            self.outcomes[kind, group, "other"] += 1
            self.others.append(f"{place} calls {other}")
            self.near += [place] if _changed_lines(item, row) else []
            return
        reason = item.error if item is not None and item.status is FileStatus.FAILED else None
        self.outcomes[kind, group, "unparsable" if reason else "missed"] += 1
        self.missed.append(f"{place} {reason or ''}")


def main() -> int:
    """Print the table; exit 1 if a site is missed, a changed file does not parse, or a second run changes something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("sites", type=Path)
    parser.add_argument("--apis", default="builder,simple_save")
    parser.add_argument("--show", default="missed,manual,failed")
    options = parser.parse_args()
    tally = _Tally(set(options.apis.split(",")), set(options.show.split(",")))
    rows = [row for row in csv.DictReader(options.sites.open(), delimiter="\t") if row["api"] in tally.apis]
    by_repository: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        by_repository[row["repository"]].append(row)
    for repository in sorted(by_repository):
        folder = options.checkouts / repository.replace("/", "+")
        if folder.is_dir():
            tally.add(repository, folder, by_repository[repository])
        else:
            tally.missed.append(f"{repository}: no checkout")
    _table(tally.outcomes, tally.rules)
    for title, lines in (
        ("missed", tally.missed),
        ("other functions of the same name, by what the code says", tally.others),
        ("changes near those", tally.near),
        ("changed files that do not parse", tally.broken),
        ("files that a second run changes", tally.unstable),
        ("sites beyond the list", tally.extra),
    ):
        print(f"\n{title}: {len(lines)}")
        for line in lines:
            print(f"  {line}")
    return 1 if tally.missed or tally.broken or tally.unstable or tally.near else 0


def _api(site: Site) -> str | None:
    for api, endings in _SYMBOLS.items():
        is_known = is_tensorflow(site.symbol) or site.rule == "SM113"  # which reports those of other packages too
        if is_known and site.symbol.endswith(endings):
            return api
    return None


def _match(item: FileResult | None, row: dict[str, str], used: set[str]) -> Site | None:
    if item is None:
        return None
    candidates = [site for site in item.sites if _api(site) == row["api"] and site.id not in used]
    if row["path"].endswith(".ipynb"):
        return candidates[0] if candidates else None
    near = [site for site in candidates if abs(site.line - int(row["line"])) <= _NEAR]
    return min(near, key=lambda site: abs(site.line - int(row["line"])), default=None)


def _other(folder: Path, row: dict[str, str]) -> str | None:
    """Return what a line of the list calls instead of the API that it is listed for, as far as the code tells."""
    if row["api"] != "export_saved_model":
        return None
    try:
        opened = open_file(row["path"], (folder / row["path"]).read_bytes(), _project(folder))
    except (OSError, CodemodError):
        return None
    for module in opened.modules:
        uses = tuple(references(module))
        for call in module.calls:
            what = other_export(module, call, uses)
            is_there = row["path"].endswith(".ipynb") or abs(_line(module, call) - int(row["line"])) <= _NEAR
            if what is not None and is_there:
                return what
    return None


def _line(module: Module, call: cst.Call) -> int:
    return module.line_of(module.start(call))


def _project(folder: Path) -> LocalProject:
    return LocalProject(Repository(folder, discover([folder]).paths))


def _changed_lines(item: FileResult | None, row: dict[str, str]) -> bool:
    """Whether a run changes the line of the list, or the one after it."""
    if item is None or item.status is not FileStatus.CHANGED or row["path"].endswith(".ipynb"):
        return False
    line = int(row["line"])
    new = item.new.decode(item.encoding).splitlines()
    return not all(each in new for each in item.old.decode(item.encoding).splitlines()[line - 1 : line + 1])


def _broken(repository: str, result: RunResult) -> list[str]:
    found = []
    for item in result.changed:
        if not item.path.endswith((".py", ".ipynb")):
            continue  # a requirement file
        try:
            for part in open_document(item.path, item.new).parts:
                compile(part.masked, item.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            found.append(f"{repository} {item.path}: {error}")
    return found


def _unstable(repository: str, folder: Path, result: RunResult) -> list[str]:
    from tempfile import TemporaryDirectory

    found = []
    with TemporaryDirectory() as name:
        copy = Path(name, "copy")
        for item in result.files:
            if item.status is FileStatus.FAILED and not (folder / item.path).exists():
                continue
            target = copy / item.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(item.new if item.status is FileStatus.CHANGED else (folder / item.path).read_bytes())
        if not copy.exists():
            return []
        again = run_codemods(discover([copy]), RunOptions())
        found += [f"{repository} {item.path}" for item in again.changed]
    return found


def _table(outcomes: Counter[tuple[str, str, str]], rules: Counter[tuple[str, str]]) -> None:
    columns = [*(outcome.value for outcome in Outcome), "other", "missed", "unparsable"]
    for kind in ("non-test", "test"):
        graphs = sorted({graph for k, graph, _ in outcomes if k == kind})
        print(f"\n{kind:<24}" + "".join(f"{column:>11}" for column in columns) + f"{'all':>7}")
        for graph in [*graphs, "all"]:
            row = [
                sum(n for (k, g, o), n in outcomes.items() if k == kind and o == column and graph in (g, "all"))
                for column in columns
            ]
            print(f"{graph:<24}" + "".join(f"{number:>11}" for number in row) + f"{sum(row):>7}")
    print(f"\n{'rule':<24}" + "".join(f"{outcome.value:>11}" for outcome in Outcome))
    for rule in sorted({rule for rule, _ in rules}):
        print(f"{rule:<24}" + "".join(f"{rules[rule, outcome.value]:>11}" for outcome in Outcome))


if __name__ == "__main__":
    sys.exit(main())

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
from pathlib import Path

import libcst as cst

from codemods.document import open_document
from codemods.engine import open_file
from codemods.errors import CodemodError
from codemods.estimators import other_export, references
from codemods.module import Module
from codemods.site import Outcome, Site
from codemods.symbols import is_tensorflow
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


def main() -> int:
    """Print the table; exit 1 if a site is missed, a changed file does not parse, or a second run changes something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("sites", type=Path)
    parser.add_argument("--apis", default="builder,simple_save")
    parser.add_argument("--show", default="missed,manual,failed")
    options = parser.parse_args()
    show = set(options.show.split(","))
    apis = set(options.apis.split(","))
    rows = [row for row in csv.DictReader(options.sites.open(), delimiter="\t") if row["api"] in apis]
    by_repository: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        by_repository[row["repository"]].append(row)
    outcomes: Counter[tuple[str, str, str]] = Counter()
    rules: Counter[tuple[str, str]] = Counter()
    missed, broken, unstable, extra, others, near = [], [], [], [], [], []
    for repository in sorted(by_repository):
        folder = options.checkouts / repository.replace("/", "+")
        if not folder.is_dir():
            missed.append(f"{repository}: no checkout")
            continue
        result = run_codemods(discover([folder]), RunOptions())
        files = {item.path: item for item in result.files}
        used: set[str] = set()
        for row in by_repository[repository]:
            site = _match(files.get(row["path"]), row, used)
            kind = "test" if row["test"] else "non-test"
            place = f"{repository} {row['path']}:{row['line']} {row['api']} {row['graph']}"
            group = row["api"] if row["graph"] == "estimator" else row["graph"]
            if site is None:
                failed = files.get(row["path"])
                reason = failed.error if failed is not None and failed.status is FileStatus.FAILED else None
                other = _other(folder, row)
                if other is not None:
                    outcomes[kind, group, "other"] += 1
                    others.append(f"{place} calls {other}")
                    near += [place] if _changed_lines(files.get(row["path"]), row) else []
                    continue
                outcomes[kind, group, "unparsable" if reason else "missed"] += 1
                missed.append(f"{place} {reason or ''}")
                continue
            used.add(site.id)
            outcomes[kind, group, site.outcome.value] += 1
            if site.outcome.value in show:
                print(f"{site.outcome.value:7} {place}: {site.rule} {site.reason}")
        for item in result.files:
            for site in item.sites:
                rules[site.rule, site.outcome.value] += 1
                if _api(site) in apis and site.id not in used:
                    extra.append(f"{repository} {item.path}:{site.line} {site.rule} {site.outcome.value}")
        broken += _broken(repository, result)
        unstable += _unstable(repository, folder, result)
        if "failed" in show:
            for item in result.files:
                if item.status is FileStatus.FAILED:
                    print(f"failed  {repository} {item.path}: {item.error}")
    _table(outcomes, rules)
    for title, lines in (
        ("missed", missed),
        ("other functions of the same name, by what the code says", others),
        ("changes near those", near),
        ("changed files that do not parse", broken),
        ("files that a second run changes", unstable),
        ("sites beyond the list", extra),
    ):
        print(f"\n{title}: {len(lines)}")
        for line in lines:
            print(f"  {line}")
    return 1 if missed or broken or unstable or near else 0


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

"""Looks every TensorFlow symbol of rewritten files up in the real TensorFlow beside this Python.

By hand: `python -m tests.names_check CHECKOUTS [--jobs 1] [--draw 30] [--seed 11] [--only owner+name,...]`. CHECKOUTS
holds one folder a repository. All are planned; then each import and each use of TensorFlow's names in every file of
theirs that changes is imported, or taken with `getattr`, for real, in a process with the Keras that the file asks for.
Prints the names that are not there and of which the report says nothing (there must be none: the exit status is 1
otherwise), the sites of SM904 by name, and of some files, drawn at random, what is reported.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import libcst as cst

from codemods.engine.file_plans import open_file
from codemods.errors import CodemodError
from codemods.gone.after_edits import AfterEdits
from codemods.gone.guarded import is_guarded
from codemods.rules.sm904_gone import Gone
from codemods.site import Outcome
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.tensorflow_uses import tensorflow_uses
from migrate.codemod.discover import discover
from migrate.codemod.options import RunOptions
from migrate.codemod.project import LocalProject, Repository
from migrate.codemod.result import FileResult, FileStatus
from migrate.codemod.run import run_codemods

_LOOK = """
import importlib, json, sys, types, warnings
warnings.simplefilter("ignore")
import tensorflow

def brought(dotted):
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        except BaseException:
            return None, True
        for part in parts[count:]:
            if not isinstance(value, types.ModuleType):
                return value, False
            value = getattr(value, part)
        return value, False
    raise ImportError(dotted)

def is_missing(imported, members):
    try:
        value, unknown = brought(imported)
        for member in members:
            if unknown or not isinstance(value, types.ModuleType):
                return False
            value = getattr(value, member)
    except (ImportError, AttributeError):
        return True
    return False

def is_missing_in_all(alternatives):
    return all(is_missing(*asked) for asked in alternatives)

json.dump([is_missing_in_all(asked) for asked in json.load(sys.stdin)], sys.stdout)
"""


@dataclass(frozen=True)
class _Asked:
    """A name of a rewritten file: what an import brings, and the members taken from it."""

    place: str
    imported: str
    members: tuple[str, ...]
    is_others: bool
    is_legacy: bool
    told: str

    @property
    def name(self) -> str:
        return ".".join((self.imported, *self.members))

    @property
    def alternatives(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What may be meant: what another file hands on is looked up as it stands there now, and switched."""
        if not self.is_others:
            return ((self.imported, self.members),)
        inner = self.name.replace("tensorflow.compat.v1.", "tensorflow.", 1).split(".")[1:]
        return tuple((root, tuple(inner)) for root in ("tensorflow", "tensorflow.compat.v1"))


@dataclass
class _Found:
    """What the repositories hold."""

    files: int = 0
    guarded: int = 0
    asked: list[_Asked] = field(default_factory=list)
    reported: dict[str, list[str]] = field(default_factory=dict)
    gone: Counter[tuple[str, str]] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)

    def add(self, folder: Path, jobs: int) -> None:
        """Plan a repository, and collect the names of the files that change."""
        files = discover([folder])
        run = run_codemods(files, RunOptions(jobs=jobs))
        project = LocalProject(Repository(folder, files.paths))
        for item in run.files:
            sites = [site for site in item.sites if site.rule == Gone.id]
            for site in sites:
                self.gone[site.outcome.value, site.symbol] += 1
            if item.status is not FileStatus.CHANGED or not item.path.endswith((".py", ".ipynb")):
                continue
            self.files += 1
            place = f"{folder.name} {item.path}"
            lines = [f"{site.line} {site.rule} {site.outcome.value}: {site.reason}" for site in item.sites]
            self.reported[place] = [line for line in lines if Gone.id in line]
            self._collect(project, item, place)

    def _collect(self, project: LocalProject, item: FileResult, place: str) -> None:
        told = " ".join(site.reason for site in item.sites if site.outcome in (Outcome.MANUAL, Outcome.SKIP))
        try:
            opened = open_file(item.path, item.new, project)
        except CodemodError as error:
            print(f"unparsable after: {place}: {error}")
            return
        legacy = item.mode is Mode.GRAPH or b"TF_USE_LEGACY_KERAS" in item.new
        for module in opened.modules:
            for node, imported, members, is_others in _names(module):
                if is_guarded(module, node, lambda _: False):
                    self.guarded += 1
                    continue
                where = f"{place}:{module.line_of(module.start(node))}"
                self.asked.append(_Asked(where, imported, members, is_others, legacy, told))


def _names(module: Module) -> Iterator[tuple[cst.CSTNode, str, tuple[str, ...], bool]]:
    after = AfterEdits(module, ())
    for node in module.nodes:
        if isinstance(node, (cst.Import, cst.ImportFrom)):
            for brought in after.imports(node):
                if brought.module.split(".")[0] == "tensorflow":
                    is_whole = brought.name in (None, "*")
                    yield node, brought.module if is_whole else f"{brought.module}.{brought.name}", (), False
    for use in tensorflow_uses(module):
        named = after.named(use.node)
        if named is not None and named.imported.split(".")[0] == "tensorflow":
            yield use.node, named.imported, named.members, named.statement is None


def _missing(asked: list[_Asked]) -> list[_Asked]:
    missing: list[_Asked] = []
    for legacy in (False, True):
        mine = [each for each in asked if each.is_legacy is legacy]
        questions = sorted({each.alternatives for each in mine})
        done = subprocess.run(
            [sys.executable, "-c", _LOOK],
            input=json.dumps(questions),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={**os.environ, "TF_USE_LEGACY_KERAS": str(int(legacy)), "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        answers = json.loads(done.stdout[done.stdout.rindex("[") :])
        gone = {question for question, answer in zip(questions, answers, strict=True) if answer}
        missing.extend(each for each in mine if each.alternatives in gone)
    return missing


def _is_told(each: _Asked) -> bool:
    """Whether the report of the file names it, or a part of it that is no package of TensorFlow's own."""
    parts = each.name.replace("tensorflow.compat.v1.", "tensorflow.").split(".")
    spoken = [".".join(parts[:count]) for count in range(2, len(parts) + 1)]
    spoken += [f"tf.{name.partition('.')[2]}" for name in spoken]
    return any(name in each.told for name in spoken) or ("contrib" in parts and "tf.contrib" in each.told)


def main() -> int:
    """Print what is missing and not told, and what is told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--draw", type=int, default=30)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    found = _Found()
    for folder in sorted(options.checkouts.iterdir()):
        if folder.is_dir() and (not options.only or folder.name in options.only.split(",")):
            found.add(folder, options.jobs)
            print(folder.name, found.files, file=sys.stderr, flush=True)
    missing = _missing(found.asked)
    untold = [each for each in missing if not _is_told(each)]
    print(f"{found.files} files change; {len(found.asked)} names in them, {found.guarded} more under a guard")
    print(f"{len(missing)} of them are not in TensorFlow; not reported: {len(untold)}")
    for each in untold:
        print(f"  {each.place} {each.name}")
    print("\nsites of SM904 by outcome and name")
    for (outcome, name), count in sorted(found.gone.items(), key=lambda item: (item[0][0], -item[1], item[0][1])):
        print(f"  {outcome:7} {count:4} {name}")
    drawn = random.Random(options.seed).sample(sorted(found.reported), min(options.draw, len(found.reported)))
    by_place: dict[str, list[str]] = {place: [] for place in drawn}
    by_place.update({each.place.rpartition(":")[0]: [] for each in missing})
    for each in missing:
        by_place[each.place.rpartition(":")[0]].append(each.name)
    print("\ndrawn at random")
    for place in drawn:
        print(f"  {place}\n    missing: {', '.join(dict.fromkeys(by_place[place])) or 'nothing'}")
        for line in found.reported[place]:
            print(f"    {line}")
    return 1 if untold else 0


if __name__ == "__main__":
    sys.exit(main())

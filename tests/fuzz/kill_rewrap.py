"""Kills `tf1to2 rewrap` at random times and looks at what is left, and at what the same command makes of it afterwards.

    python -m tests.fuzz.kill_rewrap [--kills 100] [--seed 1]

After every kill each source is as it was and each folder at a target is a whole model, the old one or the new one. The
same command, without `--force` where the first had none, then ends with 0, all targets are new, and nothing else is
left beside them or among the temporary files. Exit status 1: something was found.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from migrate.errors import Tf1to2Error
from migrate.legacy.detect import checkpoint_of, detect
from migrate.legacy.kind import ModelKind
from tests.benchmarks.measure import print_table
from tests.faults.running import command, tf1to2
from tests.golden import MODELS_DIR

_SOURCES = {
    "scorer/1": "ref_simple_save",
    "scorer/2": "ref_simple_save",
    "table": "tensor_table",
    "two": "two_meta_graphs",
}
_TARGETS = ("scorer/1", "scorer/2", "table", "two/serve", "two/train")
_SECONDS_TO_DIE = 3.0
# It proves four models; the machine may be busy.
_SECONDS_OF_RERUN = 900.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to run: over old models with `--force` or into an empty place, with or without proof."""

    force: bool
    prove: bool

    @property
    def flags(self) -> tuple[str, ...]:
        """The options of the command."""
        return (*(["--force"] if self.force else []), *([] if self.prove else ["--no-verify"]))


class Ground:
    """A folder with the sources, the targets and the temporary files of one run."""

    def __init__(self, root: Path, kind: Kind) -> None:
        """Make sources and, for `--force`, old models at every target."""
        self.models, self.out, self.temporary = root / "models", root / "new" / "out", root / "tmp"
        self.kind = kind
        self.said = root / "said"
        self.temporary.mkdir()
        self.out.parent.mkdir()
        for name, model in _SOURCES.items():
            shutil.copytree(MODELS_DIR / model / "model", self.models / name)
        if kind.force:
            for target in _TARGETS:
                shutil.copytree(MODELS_DIR / "ref_simple_save" / "model", self.out / target)
        self.command = ("rewrap", self.models, "-o", self.out, "--jobs", "2", *kind.flags)
        self.environment = {"TMPDIR": str(self.temporary)}
        self.sources = digest(self.models)

    def after_kill(self) -> Iterator[str]:
        """Yield what is wrong with sources, targets and processes."""
        if digest(self.models) != self.sources:
            yield "a source was touched"
        for target in _TARGETS:
            yield from self._torn(target)
        if survivors(self.temporary):
            yield "a process lives on"

    def _torn(self, target: str) -> Iterator[str]:
        folder = self.out / target
        if not folder.exists():
            return
        try:
            found = detect(folder)
            checkpoint_of(found)
        except Tf1to2Error as error:
            yield f"{target} is torn: {error}"
            return
        if found.kind == ModelKind.SAVED_MODEL_V2:
            if not (folder / "fingerprint.pb").exists():
                yield f"{target} is torn: it has no fingerprint"
        elif not self.kind.force or digest(folder) != digest(MODELS_DIR / "ref_simple_save" / "model"):
            yield f"{target} is neither the old model nor the new one"

    def after_rerun(self) -> Iterator[str]:
        """Run the command again and yield what is wrong afterwards."""
        ended = tf1to2(*self.command, environment=self.environment, seconds=_SECONDS_OF_RERUN)
        if ended.status != 0:
            yield f"the rerun ends with {ended.status}: {ended.stderr.strip()}"
            return
        for target in _TARGETS:
            yield from self._torn(target)
            if not (self.out / target).exists() or detect(self.out / target).kind != ModelKind.SAVED_MODEL_V2:
                yield f"{target} is not the new model"
        wanted = {*_SOURCES, "scorer", *_TARGETS}
        above = {str(path.relative_to(self.out)) for path in self.out.rglob("*") if path.is_dir()}
        extra = [name for name in above if name not in wanted and not name.startswith(tuple(f"{t}/" for t in _TARGETS))]
        beside = [path.name for path in self.out.parent.iterdir() if path != self.out]
        left = [path.name for path in self.temporary.iterdir()]
        if extra or beside or left:
            yield f"left behind: {', '.join([*extra, *beside, *left])}"
        if digest(self.models) != self.sources:
            yield "the rerun touched a source"


def digest(folder: Path) -> str:
    """Return a digest of all files of a folder and their names."""
    result = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        result.update(str(path.relative_to(folder)).encode() + (path.read_bytes() if path.is_file() else b""))
    return result.hexdigest()


def survivors(temporary: Path) -> list[int]:
    """Return the processes with this folder of temporary files that do not end in a few seconds."""
    deadline = time.monotonic() + _SECONDS_TO_DIE
    while (found := list(_running_with(temporary))) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def _running_with(temporary: Path) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and f"TMPDIR={temporary}".encode() in (folder / "environ").read_bytes():
                yield int(folder.name)
        except OSError:  # it has ended, or is of another user
            continue


def main() -> None:
    """Kill, look, run again, and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    chance = random.Random(given.seed)
    kinds = [Kind(force, prove) for force, prove in itertools.product((False, True), (False, True))]
    seconds = {kind: _length(kind) for kind in kinds}
    counts: dict[tuple[Kind, bool], Counter[str]] = {}
    findings: list[str] = []
    for number in range(given.kills):
        kind, group = kinds[number % len(kinds)], chance.random() < 0.5
        # Half of the kills come at any time, half while models are made: most of a run is the import of TensorFlow.
        at_work = chance.random() < 0.5
        after = chance.uniform(0.0, 1.05 * (seconds[kind].at_work if at_work else seconds[kind].all))
        count = counts.setdefault((kind, group), Counter())
        with tempfile.TemporaryDirectory(prefix="tf1to2-kills-") as folder:
            ground = Ground(Path(folder), kind)
            hit = _killed(ground, after, group, at_work)
            count.update(kills=int(hit), runs=1, published=sum((ground.out / name).exists() for name in _TARGETS))
            found = [*ground.after_kill(), *(ground.after_rerun() if hit else ())]
        count["findings"] += len(found)
        findings += [
            f"kill {number} ({kind}, {'group' if group else 'process'}, {after:.3f} s): {one}" for one in found
        ]
        for finding in findings[-len(found) :] if found else ():
            print(finding, file=sys.stderr, flush=True)
        if (number + 1) % 10 == 0:
            in_time = sum(each["kills"] for each in counts.values())
            print(f"{number + 1} runs, {in_time} killed in time, {len(findings)} findings", file=sys.stderr, flush=True)
    print_table(
        ("options", "killed", "runs", "killed in time", "targets in place then", "findings"),
        [
            (
                " ".join(kind.flags) or "(none)",
                "group" if group else "process",
                *(str(count[key]) for key in ("runs", "kills", "published", "findings")),
            )
            for (kind, group), count in sorted(counts.items(), key=lambda item: (item[0][0].flags, item[0][1]))
        ],
    )
    sys.exit(1 if findings else 0)


@dataclass(frozen=True, slots=True)
class Length:
    """The seconds of an undisturbed run, and those of them in which models are made."""

    all: float
    at_work: float


def _length(kind: Kind) -> Length:
    with tempfile.TemporaryDirectory(prefix="tf1to2-kills-") as folder:
        ground = Ground(Path(folder), kind)
        started = time.monotonic()
        process = _start(ground)
        _wait_for_work(ground, process)
        at_work = time.monotonic()
        if process.wait() != 0:
            sys.exit(f"the undisturbed run ends with {process.returncode}")
        return Length(time.monotonic() - started, time.monotonic() - at_work)


def _killed(ground: Ground, after: float, group: bool, at_work: bool) -> bool:
    """Run the command and kill it after some seconds, of the run or of its work; tell whether it still ran."""
    process = _start(ground)
    if at_work:
        _wait_for_work(ground, process)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
        # Once the report is out the run is over; the command only ends.
        return ground.said.stat().st_size == 0
    return False


def _start(ground: Ground) -> subprocess.Popen[bytes]:
    with ground.said.open("wb") as said:
        return subprocess.Popen(
            command(*ground.command),
            env={**os.environ, **ground.environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def _wait_for_work(ground: Ground, process: subprocess.Popen[bytes]) -> None:
    """Wait until a worker has begun to write a model, or the process ends."""
    while process.poll() is None and not any(ground.out.parent.rglob(".tf1to2-work-*/finished")):
        time.sleep(0.005)


if __name__ == "__main__":
    main()

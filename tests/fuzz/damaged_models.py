"""Damages small models in many ways and runs `inspect`, `rewrap` and `verify` over them.

    python -m tests.fuzz.damaged_models --count 2000 --seed 1

Exit status 1 on a finding: an exception that is no expected failure, a hang, a source or a folder beside it that
changed, an unproven model called rewrapped. TensorFlow's own deaths in a worker are counted, not findings.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.errors import Tf1to2Error
from migrate.inspection.task import InspectTask, inspect_model
from migrate.preflight.model_options import ModelOptions
from migrate.processes.results import Died, Finished, Raised, Result, TimedOut
from migrate.processes.workers import Workers, in_order
from migrate.rewrap_tree.plan import Job
from migrate.rewrap_tree.row import RowOutcome
from migrate.rewrap_tree.run import Settings, run
from migrate.rewrap_tree.tasks import warm_up
from migrate.verify.fresh_process import ProofTask, run_proof
from migrate.verify.proof import ProofOptions
from tests.fuzz.model_damage import DAMAGES
from tests.golden import MODELS_DIR

SECONDS = 60.0
MODELS = (
    "ref_simple_save", "resource_variables", "no_variables", "legacy_init_op", "saved_model_pbtxt", "two_meta_graphs",
    "vocab_classify_regress_predict", "sharded_checkpoint", "mutable_hash_table", "partitioned_axis0", "cond_v1",
    "while_v1", "control_flow_v2", "tensor_table", "sparse_input", "main_op_computes", "defun", "saved_model_pbtxt",
    "table_legacy_init_op", "warmup_requests", "string_ops", "counter_ref",
)  # fmt: skip
_BATCH = 100
_QUICK = ProofOptions(model=ModelOptions(frozenset({"serve"})), seconds_per_request=5.0)


@dataclass(frozen=True, slots=True)
class Found:
    """What one command made of one damaged model; `finding` is empty where it did what it should."""

    kind: str
    model: str
    command: str
    outcome: str
    finding: str = ""


def damaged_models(root: Path, count: int, seed: int, first: int = 0) -> dict[Path, str]:
    """Make damaged copies below `root` and return the kind of damage of each."""
    kinds = sorted(DAMAGES)
    made: dict[Path, str] = {}
    for number in range(first, first + count):
        chance = random.Random(f"{seed}-{number}")
        kind = kinds[number % len(kinds)]
        name = chance.choice(MODELS)
        model = root / f"{number:04d}_{kind}_{name}"
        shutil.copytree(MODELS_DIR / name / "model", model)
        DAMAGES[kind](model, chance)
        made[model] = kind
    return made


def check(root: Path, models: dict[Path, str], *, proof: ProofOptions | None, verify_every: int) -> Iterator[Found]:
    """Run the commands over damaged models in `root` and yield what became of each."""
    before = _state_of(root)
    work = root.parent / f"{root.name}-out"
    with Workers(2, timeout=SECONDS, warm_up=warm_up) as workers:
        tasks = [InspectTask(model) for model in models]
        results = in_order(lambda task: workers.call(inspect_model, task), tasks, threads=2)
        for model, result in zip(models, results, strict=True):
            yield _found(models[model], model, "inspect", result)
        proofs = [ProofTask(one, one, _QUICK) for one in list(models)[::verify_every]]
        verified = in_order(lambda task: workers.call(run_proof, task), proofs, threads=2)
        for task, proven in zip(proofs, verified, strict=True):
            yield _found(models[task.old], task.old, "verify", proven)
    jobs = [Job(model, work / model.name) for model in models]
    for rows in run(jobs, Settings(proof=proof, processes=2, timeout=SECONDS)):
        for row in rows:
            note = " | ".join(row.notes)
            finding = ""
            if row.traceback or "unexpected way" in note:
                finding = note
            elif "took longer than" in note:
                finding = f"hangs: {note}"
            elif row.outcome is RowOutcome.REWRAPPED and proof is not None and not (row.proof and row.proof.passed):
                finding = "called rewrapped without a proof"
            dead = " (TensorFlow died)" if "TensorFlow died" in note else ""
            yield Found(models[row.source], row.source.name, "rewrap", f"{row.outcome.value}{dead}", finding)
    for changed in sorted(before ^ _state_of(root)):
        yield Found("", changed[0], "all", "changed", "a source, or a file beside the sources, changed")
    shutil.rmtree(work, ignore_errors=True)


def _found(kind: str, model: Path, command: str, result: Result[Any]) -> Found:
    match result:
        case Finished(_):
            return Found(kind, model.name, command, "answered")
        case Raised(error) if isinstance(error, Tf1to2Error):
            return Found(kind, model.name, command, "refused")
        case Raised(error, traceback):
            return Found(kind, model.name, command, "failed", f"{type(error).__name__}: {error}\n{traceback}")
        case TimedOut():
            return Found(kind, model.name, command, "hangs", f"no end within {SECONDS:g} s")
        case Died(cause):
            return Found(kind, model.name, command, f"died ({cause})")


def _state_of(root: Path) -> frozenset[tuple[str, str]]:
    """Every file and folder below `root`, with a digest of its bytes (of large sparse files: their size)."""
    state = set()
    for folder, _, files in os.walk(root):
        state.add((folder, ""))
        for name in files:
            path = Path(folder) / name
            size = path.stat().st_size
            content = path.read_bytes() if size < 1 << 24 else str(size).encode()
            state.add((str(path), hashlib.sha256(content).hexdigest()))
    return frozenset(state)


def table(found: Iterable[Found]) -> str:
    """Return the outcomes by kind of damage and command, and the findings."""
    everything = list(found)
    counts = Counter((one.kind, one.command, one.outcome) for one in everything)
    lines = [
        f"{kind:22} {command:8} {outcome:32} {count:5}" for (kind, command, outcome), count in sorted(counts.items())
    ]
    findings = [one for one in everything if one.finding]
    lines += [f"FINDING {one.command} {one.model}: {one.finding}" for one in findings]
    totals = Counter((one.command, one.outcome) for one in everything)
    lines += [f"{'all':22} {command:8} {outcome:32} {count:5}" for (command, outcome), count in sorted(totals.items())]
    return "\n".join([*lines, f"{len(findings)} findings"])


def main() -> None:
    """Run by hand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first model, to repeat one")
    parser.add_argument("--verify-every", type=int, default=4)
    options = parser.parse_args()
    started = time.monotonic()
    found: list[Found] = []
    with tempfile.TemporaryDirectory(prefix="tf1to2-fuzz-") as folder:
        for first in range(options.first, options.first + options.count, _BATCH):
            root = Path(folder) / f"batch-{first}"
            root.mkdir()
            count = min(_BATCH, options.first + options.count - first)
            models = damaged_models(root, count, options.seed, first)
            found += check(root, models, proof=_QUICK, verify_every=options.verify_every)
            shutil.rmtree(root)
            print(f"{first + count} models, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        if sorted(Path(folder).iterdir()):
            found.append(Found("", folder, "all", "left over", f"left behind: {sorted(Path(folder).iterdir())}"))
    print(table(found))
    sys.exit(any(one.finding for one in found))


if __name__ == "__main__":
    main()

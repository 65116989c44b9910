"""Runs `scan`, `codemod` and `codemod --write` over folders of damaged and hostile files, by hand.

`python -m tests.fuzz.hostile_sources --count 500 --seed 1` makes the files from those of `fixtures/`, puts valid ones
beside them, and prints what it found: tracebacks, "defects", runs that were lost or took too long, neighbours that were
not rewritten, files that changed without `--write`, files that do not parse after it. The exit status is 1 for any.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.running import Ended, tf1to2
from tests.fuzz.source_damage import EXPORT, Damaged, damaged, notebook

_ROOT = Path(__file__).parents[2]
_NEIGHBOURS = 3
_FILE_SECONDS = 20
_RUN_SECONDS = 600


def main() -> None:
    """Print a table of the runs and what was found; exit with 1 for any finding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-run", type=int, default=50)
    parser.add_argument("--keep", type=Path, help="Put the inputs of runs with findings here.")
    options = parser.parse_args()
    inputs = damaged(options.seed, options.count, *valid_sources())
    total = 0
    for first in range(0, len(inputs), options.per_run):
        batch = inputs[first : first + options.per_run]
        with TemporaryDirectory() as folder:
            findings, seconds = check(batch, Path(folder))
        total += len(findings)
        print(
            f"inputs {first:>5} to {first + len(batch) - 1:<5} {seconds:6.1f} s  {len(findings)} findings", flush=True
        )
        for finding in findings:
            print(f"    {finding}")
        if findings and options.keep is not None:
            write(batch, options.keep / f"{options.seed}-{first}")
    kinds = Counter(item.kind for item in inputs)
    print(", ".join(f"{number} {kind}" for kind, number in kinds.most_common()))
    print(f"{len(inputs)} inputs, {total} findings")
    sys.exit(1 if total else 0)


def valid_sources() -> tuple[list[bytes], list[bytes]]:
    """Return the programs and notebooks of the fixtures that the damage is done to."""
    programs = sorted((_ROOT / "fixtures" / "programs").glob("*/before/**/*.py"))
    notebooks = sorted((_ROOT / "fixtures" / "programs").glob("*/before/**/*.ipynb"))
    made = notebook("import tensorflow as tf\n", ["!ls\n", "tf.saved_model.simple_save(s, d, i, o)\n"])
    return [path.read_bytes() for path in programs if path.stat().st_size], [*map(Path.read_bytes, notebooks), made]


def write(batch: Sequence[Damaged], folder: Path) -> dict[str, bytes]:
    """Write the inputs and valid neighbours into a folder and return what each file holds."""
    contents = {f"f{number:03}{item.suffix}": item.data for number, item in enumerate(batch)}
    contents |= {f"valid{number}.py": EXPORT for number in range(_NEIGHBOURS)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return contents


def check(batch: Sequence[Damaged], folder: Path) -> tuple[list[str], float]:
    """Run the commands over a folder of these inputs; return what is wrong and the seconds of the slowest run."""
    contents = write(batch, folder)
    findings: list[str] = []
    seconds = 0.0
    budget = ("--file-timeout", str(_FILE_SECONDS))
    for words in (("scan", "--json", "-"), ("codemod", "--json", "-"), ("codemod", "--write", "--json", "-")):
        before = _contents(folder)
        try:
            ended = tf1to2(*words, *budget, folder, seconds=_RUN_SECONDS)
        except subprocess.TimeoutExpired:
            findings.append(f"{' '.join(words)}: not over after {_RUN_SECONDS} s")
            continue
        seconds = max(seconds, ended.seconds)
        findings += [f"{' '.join(words[:2])}: {each}" for each in _of_run(ended)]
        if "--write" not in words and _contents(folder) != before:
            findings.append(f"{words[0]}: a file changed without --write")
    findings += _of_files(contents, folder, batch)
    return findings, seconds


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _of_run(ended: Ended) -> Iterator[str]:
    if "Traceback (most recent call last)" in ended.said:
        yield f"a traceback: {ended.stderr[-400:]}"
    if ended.status not in (0, 1):
        yield f"exit status {ended.status}: {ended.stderr[-400:]}"
        return
    for file in json.loads(ended.stdout)["files"]:
        error = file["error"] or ""
        if "defect" in error or "given up" in error or "killed by" in error:
            yield f"{file['path']}: {error}"
        if file["path"].startswith("valid") and file["status"] == "failed":
            yield f"{file['path']}: a valid neighbour failed: {error}"


def _of_files(contents: dict[str, bytes], folder: Path, batch: Sequence[Damaged]) -> Iterator[str]:
    for name, before in contents.items():
        after = (folder / name).read_bytes()
        kind = batch[int(name[1:4])].kind if not name.startswith("valid") else "valid"
        if kind == "valid" and b"export_session" not in after:
            yield f"{name}: a valid neighbour was not rewritten"
        if after != before and not _parses(name, after) and _parses(name, before):
            yield f"{name} ({kind}): rewritten, and it does not parse"
    for path in folder.iterdir():
        if path.name not in contents:
            yield f"{path.name}: left behind"


def _parses(name: str, data: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if name.endswith(".ipynb"):
                json.loads(data.decode("utf-8-sig"))
            else:
                ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


if __name__ == "__main__":
    main()

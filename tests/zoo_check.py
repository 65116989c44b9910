"""Rewraps a folder of legacy models that third parties made, and tells about each what became of it.

By hand: `python -m tests.zoo_check ZOO OUT [--only TEXT] [--markdown FILE] [--json FILE]`.
ZOO holds the models and `manifest.json`, a list of objects with `id`, `dir`, `kind`, `tf_version`, `complete`, `files`,
`tags`, `signatures` (key: method, inputs, outputs by key), `assets` and `assets_extra`. OUT must not exist.
Beside the proof of every rewrap it asks TensorFlow's own TF1 loader whether it runs the original, compares the contract
of the new model with the manifest, which this project did not write, and asks `inspect` whether a rewrap would be
refused: both must say the same.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.cli.rewrap_table import as_json, proof_in_words
from migrate.inspection.facts import ModelFacts
from migrate.inspection.task import InspectTask, inspect_model
from migrate.inspection.verdict import verdict
from migrate.legacy.readers import reader_of
from migrate.processes.results import Finished
from migrate.processes.workers import run_all
from migrate.rewrap_tree.plan import Job
from migrate.rewrap_tree.row import Row, RowOutcome
from migrate.rewrap_tree.run import Settings, run

_SUFFIXES = {"metagraph": ".meta", "frozen-graphdef": ".pb", "unfrozen-graphdef": ".pb", "keras-h5": ".h5"}
_LONGEST_CAUSE = 170
_WRITTEN = (RowOutcome.REWRAPPED, RowOutcome.NOT_PROVEN)
_HEADINGS = (
    "model", "kind", "TF", "complete", "TF1 loader", "outcome", "keys, methods, tags, assets", "variables", "requests",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A model of the manifest, and where it is."""

    facts: dict[str, Any]
    source: Path

    @property
    def is_legacy(self) -> bool:
        """Whether the TF1 loader is asked about it."""
        return str(self.facts["kind"]) in ("savedmodel-v1", "hub-v1")


@dataclass(frozen=True, slots=True)
class Original:
    """What TensorFlow's own TF1 loader did with one MetaGraph."""

    tags: frozenset[str]
    runs: bool
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    entry: Entry
    row: Row
    original: Original | None
    contract: tuple[str, ...]


def main() -> int:
    """Print the table and a summary; exit 1 where a model that the TF1 loader runs was not rewrapped and proven."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zoo", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="", help="models whose id holds this text")
    parser.add_argument("--markdown", type=Path, help="write the table to this file, too")
    parser.add_argument("--json", type=Path, help="write the rows of the rewrap as `tf1to2 rewrap --json` does")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if options.out.exists():
        parser.error(f"{options.out} exists")
    entries = [entry for entry in read_manifest(options.zoo) if options.only in entry.facts["id"]]
    rows = rewrap_all(entries, options.out, options.jobs)
    lines = list(judged(entries, rows, options.jobs))
    disagreed = list(disagreements(entries, rows, options.jobs))
    text = "\n".join((*table(lines), "", *summary(lines), *disagreed, f"inspect disagrees about {len(disagreed)}"))
    print(text)
    if options.markdown:
        options.markdown.write_text(text + "\n")
    if options.json:
        options.json.write_text(json.dumps(as_json([row for group in rows for row in group]), indent=1))
    return 1 if list(missed(lines)) or disagreed else 0


def read_manifest(zoo: Path) -> list[Entry]:
    """Return the models; one that is a single file is passed as that file."""
    entries = []
    for facts in json.loads((zoo / "manifest.json").read_text()):
        folder = zoo / facts["dir"]
        suffix = _SUFFIXES.get(facts["kind"])
        named = [folder / name for name in facts["files"] if suffix and name.endswith(suffix)]
        entries.append(Entry(facts, named[0] if named else folder))
    return entries


def rewrap_all(entries: Sequence[Entry], out: Path, jobs: int) -> list[tuple[Row, ...]]:
    """Return the rows of every model, as `tf1to2 rewrap` makes them."""
    plan = [Job(entry.source, out / entry.facts["id"]) for entry in entries]
    return list(run(plan, Settings(processes=jobs, timeout=600)))


def judged(entries: Sequence[Entry], rows: Sequence[tuple[Row, ...]], jobs: int) -> Iterator[Line]:
    """Put to every row what the TF1 loader says of the original and what the manifest says of the contract."""
    asked = [entry for entry in entries if entry.is_legacy]
    answered = run_all(run_original, [entry.source for entry in asked], jobs=jobs)
    answers = {entry.source: answer for entry, answer in zip(asked, answered, strict=True)}
    written = [(entry, row) for entry, group in zip(entries, rows, strict=True) for row in group]
    tasks = [(entry.facts, row.target, row.tags) for entry, row in written if row.outcome in _WRITTEN]
    contracts = iter(list(run_all(contract_differences, tasks, jobs=1)))
    for entry, row in written:
        answer = answers.get(entry.source)
        originals = answer.value if isinstance(answer, Finished) else ()
        if answer is not None and not isinstance(answer, Finished):
            originals = (Original(row.tags, False, f"crashes: {answer}"),)
        mine = [one for one in originals if one.tags == row.tags or not row.tags]
        contract: tuple[str, ...] = ()
        if row.outcome in _WRITTEN:
            compared = next(contracts)
            contract = compared.value if isinstance(compared, Finished) else (f"not compared: {compared}",)
        yield Line(entry, row, mine[0] if mine else None, contract)


def run_original(source: Path) -> tuple[Original, ...]:
    """Load every MetaGraph with TensorFlow's TF1 loader and run every signature. In a worker process."""
    import tensorflow as tf

    from migrate.errors import Tf1to2Error
    from migrate.legacy.saved_model import read_saved_model

    tf.get_logger().setLevel("ERROR")
    try:
        graphs = read_saved_model(source).meta_graphs
    except Tf1to2Error as error:
        return (Original(frozenset(), False, str(error)),)
    return tuple(_run_meta_graph(source, graph) for graph in graphs)


def _run_meta_graph(source: Path, meta_graph: Any) -> Original:
    from migrate.method_names.proto_file import proto_path
    from migrate.verify.error_text import first_line
    from migrate.verify.inputs import RequestPlanner
    from migrate.verify.proof import ProofOptions
    from migrate.verify.session_model import SessionModel
    from migrate.verify.signature_tensors import client_signatures

    tags = frozenset(meta_graph.meta_info_def.tags)
    try:
        model = SessionModel(source, tags)
    except Exception as error:  # TensorFlow raises errors of many classes here
        return Original(tags, False, f"does not load: {first_line(error)}")
    with model:
        planner = RequestPlanner(model, ProofOptions(), proto_path(source))
        failures = []
        signatures = client_signatures(meta_graph)
        for key, signature in signatures.items():
            failure = _first_failure(model, signature, (plan.requests for plan in planner.plans(key, signature)))
            if failure:
                failures.append(f"{key}: {failure}")
        cleared = " (device placements cleared)" if model.devices_cleared else ""
        if failures:
            return Original(tags, False, f"runs {len(signatures) - len(failures)} of {len(signatures)}: {failures[0]}")
        return Original(tags, True, f"runs{cleared}" if signatures else f"loads{cleared}")


def _first_failure(model: Any, signature: Any, plans: Iterable[Any]) -> str:
    """Return the error of the first plan where no plan is answered, else an empty string."""
    from migrate.verify.error_text import first_line

    failure = ""
    for requests in plans:
        try:
            for request in requests:
                model.run(signature, request)
        except Exception as error:  # as above
            failure = failure or first_line(error)
        else:
            return ""
    return failure


def contract_differences(task: tuple[dict[str, Any], Path, frozenset[str]]) -> tuple[str, ...]:
    """Compare a new model with the manifest: keys, methods, tags, assets. In a worker process."""
    from migrate.legacy.saved_model import read_saved_model
    from migrate.verify.signature_tensors import client_signatures

    facts, target, tags = task
    if facts["kind"] not in ("savedmodel-v1", "hub-v1"):
        return ()  # what signatures it has now, the manifest does not know
    (meta_graph,) = read_saved_model(target).meta_graphs
    found = client_signatures(meta_graph)
    several = len(facts["tags"]) > 1
    expected = {key: value for key, value in facts["signatures"].items() if not key.startswith("__saved_model_")}
    differences = []
    if frozenset(meta_graph.meta_info_def.tags) != tags or sorted(tags) not in map(sorted, facts["tags"]):
        differences.append("tags")
    if (not several and expected.keys() != found.keys()) or not expected.keys() >= found.keys():
        differences.append("signature keys")
    for key in expected.keys() & found.keys():
        differences += [f"{key}: {what}" for what in _signature_differences(expected[key], found[key])]
    here = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    differences += [name for name in (*facts["assets"], *facts["assets_extra"]) if name not in here]
    return tuple(differences)


def _signature_differences(expected: dict[str, Any], found: Any) -> Iterator[str]:
    if expected["method"] != found.method_name:
        yield "method"
    if expected["inputs"].keys() != found.inputs.keys():
        yield "inputs"
    if expected["outputs"].keys() != found.outputs.keys():
        yield "outputs"


def disagreements(entries: Sequence[Entry], rows: Sequence[tuple[Row, ...]], jobs: int) -> Iterator[str]:
    """Yield the models, or their MetaGraphs, of which `inspect` foretells another end than the rewrap comes to."""
    inspected = run_all(inspect_model, [InspectTask(entry.source) for entry in entries], jobs=jobs)
    for entry, group, result in zip(entries, rows, inspected, strict=True):
        foretold = result.value if isinstance(result, Finished) else None
        for row in group:
            expected = "refused" if foretold is None else _foretold(foretold, row)
            found = "written" if row.outcome in (*_WRITTEN, RowOutcome.PROOF_FAILED) else row.outcome.value
            if expected != found:
                why = "; ".join(foretold.all_problems) if foretold is not None else str(result)
                yield f"- DISAGREES: {entry.facts['id']}: inspect: {expected} ({why}); rewrap: {found} ({row.notes})"


def _foretold(facts: ModelFacts, row: Row) -> str:
    """What `inspect` says would become of the MetaGraph that a row is about."""
    if not verdict(facts).needed:
        return RowOutcome.NOTHING_TO_DO.value
    if reader_of(facts.kind) is None:
        return "refused"
    graphs = [one for one in facts.meta_graphs if one.tags == row.tags or not row.tags]
    return "refused" if facts.problems or any(one.problems for one in graphs) else "written"


def table(lines: Sequence[Line]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield f"| {' | '.join(_HEADINGS)} |"
    yield f"|{'---|' * len(_HEADINGS)}"
    for line in lines:
        cells = (*_about(line), _outcome(line), *_found(line))
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _about(line: Line) -> tuple[str, ...]:
    facts, row = line.entry.facts, line.row
    tags = f" [{','.join(sorted(row.tags))}]" if len(facts["tags"]) > 1 else ""
    complete = "yes" if facts["complete"] else "no"
    loader = textwrap.shorten(line.original.words, _LONGEST_CAUSE, placeholder=" ...") if line.original else ""
    return (f"{facts['id']}{tags}", facts["kind"], str(facts["tf_version"] or ""), complete, loader)


def _outcome(line: Line) -> str:
    row = line.row
    if row.outcome in _WRITTEN:
        notes = f" ({'; '.join(row.notes)})" if row.outcome is RowOutcome.NOT_PROVEN else ""
        return f"{row.outcome.value}, {proof_in_words(row.proof)}{notes}"
    notes = "; ".join(row.notes).replace(f"{line.entry.source}", line.entry.source.name)
    return f"{row.outcome.value}: {notes}" if row.outcome is not RowOutcome.NOTHING_TO_DO else row.outcome.value


def _found(line: Line) -> tuple[str, str, str]:
    proof = line.row.proof
    if line.row.outcome not in _WRITTEN or proof is None:
        return "", "", ""
    contract = "; ".join((*line.contract, *proof.contract)) or "equal"
    weights = proof.weights
    counted = "" if weights is None else f"{weights.equal} of {weights.compared} equal"
    if weights is not None and weights.by_chance:
        counted += f", {len(weights.by_chance)} random by its init op"
    return contract, counted, str(sum(check.requests for check in proof.checks))


def missed(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines of models that the TF1 loader runs and that were not rewrapped, proven, with all they hold."""
    for line in lines:
        runs = line.original is not None and line.original.runs
        if runs and (line.row.outcome is not RowOutcome.REWRAPPED or line.contract):
            yield line


def summary(lines: Sequence[Line]) -> Iterator[str]:
    """Yield the counts, and the models that fell short."""
    outcomes = Counter(line.row.outcome for line in lines)
    yield ", ".join(f"{count} {outcome.value}" for outcome, count in outcomes.most_common())
    runnable = [line for line in lines if line.original is not None and line.original.runs]
    right = len(runnable) - len(list(missed(lines)))
    exact = sum(line.row.proof is not None and line.row.proof.bit_exact for line in runnable)
    yield f"{right} of {len(runnable)} MetaGraphs that the TF1 loader runs are right, {exact} of them bit for bit"
    more = [line for line in lines if line.original and not line.original.runs and line.row.outcome in _WRITTEN]
    yield f"{len(more)} more were rewrapped that it does not run as they are"
    for line in missed(lines):
        yield f"- FELL SHORT: {line.entry.facts['id']}: {line.row.outcome.value} {'; '.join(line.contract)}"


if __name__ == "__main__":
    sys.exit(main())

"""Compares rewrapped models with what a real TensorFlow 1.15 makes of their originals, on the inputs of the proof.

By hand: `python -m tests.cross_check ROWS.json EXCHANGE --python PYTHON [--only TEXT] [--jobs N]`.
ROWS.json comes from `tf1to2 rewrap --json` (the rewrapped models must still be at their targets); EXCHANGE is a folder
to make, which holds the inputs and both sides' outputs; PYTHON is an interpreter with TensorFlow 1.15.

The proof compares on one TensorFlow. Here the original runs where it came from: this holds the stand-ins for ops that
TensorFlow 2 lost (both kinds of bucketizing) against the true kernels too, at every boundary, one float below and above
it through the signatures, and with infinities and NaN by feeding the op itself.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from migrate.processes.results import Finished, Raised
from migrate.processes.workers import run_all
from migrate.verify.compare import Comparison, compare, worst
from migrate.verify.proof import Outcome, ProofOptions
from migrate.verify.signature_tensors import Array, Slot, SlotTensor, Values, slot_tensors

if TYPE_CHECKING:
    from migrate.verify.reference import Run

_TENSORFLOW_1_SIDE = Path(__file__).parents[1] / "fixtures" / "cross_check" / "run_originals.py"
_LOST_OPS = ("BoostedTreesBucketize", "BucketizeWithInputBoundaries")
_RUNS = 3  # of the original, by the script
# Kernels of two TensorFlow versions add up in another order: more than between two runs on one.
_OPTIONS = ProofOptions(rtol=1e-4, atol=1e-5)
_SPECIAL = (0.0, -0.0, float("inf"), float("-inf"), float("nan"), 3.4e38, -3.4e38)


@dataclass(frozen=True, slots=True)
class Case:
    """One rewrapped MetaGraph, and the place of its exchange files without their suffixes."""

    source: Path
    target: Path
    tags: frozenset[str]
    place: Path


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one case gave."""

    case: Case
    comparison: Comparison | None
    reason: str
    requests: int = 0
    at_boundaries: int = 0
    buckets: int = 0
    by_chance: tuple[tuple[str, str], ...] = ()


def main() -> int:
    """Print a line for every model; exit 1 where one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    parser.add_argument("exchange", type=Path)
    parser.add_argument("--python", required=True)
    parser.add_argument("--only", default="", help="models whose path holds this text")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    options.exchange.mkdir(parents=True)
    cases = list(read_cases(options.rows, options.exchange, options.only))
    unexported = dict(export_all(cases, options.jobs))
    subprocess.run([options.python, str(_TENSORFLOW_1_SIDE), str(options.exchange)], check=True)
    verdicts = [judge(case, unexported.get(case.place, "")) for case in cases]
    for verdict in verdicts:
        print(_sentence(verdict))
    outcomes = Counter(v.comparison.outcome.value if v.comparison else "not compared" for v in verdicts)
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))
    print(
        f"{sum(v.requests for v in verdicts)} requests, {sum(v.at_boundaries for v in verdicts)} of them at boundaries"
    )
    return 1 if any(v.comparison is not None and v.comparison.outcome is Outcome.DIFFERENT for v in verdicts) else 0


def read_cases(rows: Path, exchange: Path, only: str) -> Iterator[Case]:
    """Yield the rewrapped models of a report of `tf1to2 rewrap --json`."""
    for number, row in enumerate(json.loads(rows.read_text())["models"]):
        if row["outcome"] in ("rewrapped", "not_proven") and only in row["source"]:
            yield Case(Path(row["source"]), Path(row["target"]), frozenset(row["tags"]), exchange / f"{number:03d}")


def export_all(cases: Sequence[Case], jobs: int) -> Iterator[tuple[Path, str]]:
    """Write inputs and the new models' outputs; yield the cases that could not be exported, with the cause."""
    for case, result in zip(cases, run_all(export, cases, jobs=jobs, timeout=900), strict=True):
        if not isinstance(result, Finished):
            yield case.place, f"{result.error}" if isinstance(result, Raised) else str(result)


def export(case: Case) -> None:
    """Run the new model on the proof's inputs, and write both down. In a worker process."""
    import tensorflow as tf

    from migrate.legacy.saved_model import read_saved_model
    from migrate.verify.native_model import NativeModel
    from migrate.verify.reference import run_reference

    tf.get_logger().setLevel("ERROR")
    (meta_graph,) = [g for g in read_saved_model(case.source).meta_graphs if _tags(g) == case.tags]
    (new_graph,) = read_saved_model(case.target).meta_graphs
    reference = run_reference(case.source, case.tags, meta_graph, ProofOptions())
    model = NativeModel(case.target, case.tags, dict(new_graph.signature_def))
    boundaries = bucket_boundaries(case, meta_graph, list(reference.runs.values()))
    steps: list[dict[str, Any]] = []
    arrays: dict[str, Array] = {}
    for key, run in reference.runs.items():
        inputs, outputs = slot_tensors(run.signature.inputs), slot_tensors(run.signature.outputs)
        at_boundaries = [replaced(run.requests[0], value) for value in around(boundaries)]
        for number, request in enumerate((*run.requests, *at_boundaries)):
            found = model.run(key, run.signature, request)
            step = {"what": key, "at_boundary": number >= len(run.requests)}
            steps.append(_written(step, inputs, request, outputs, found, arrays))
    for step, feeds, fetches in lost_op_steps(case, meta_graph, boundaries):
        steps.append(_fed(step, feeds, fetches, arrays))
    plan = {"source": str(case.source), "tags": sorted(case.tags), "steps": steps}
    packed: dict[str, Any] = {name: _packed(array) for name, array in arrays.items()}
    np.savez(f"{case.place}.npz", **packed)
    Path(f"{case.place}.json").write_text(json.dumps(plan))


def _tags(meta_graph: Any) -> frozenset[str]:
    return frozenset(meta_graph.meta_info_def.tags)


def _written(
    step: dict[str, Any],
    inputs: Sequence[SlotTensor],
    request: Values,
    outputs: Sequence[SlotTensor],
    found: Values,
    arrays: dict[str, Array],
) -> dict[str, Any]:
    """Two keys on one tensor take one value: the last one's, as a Session's feed does."""
    feeds = {each.tensor: request[each.slot] for each in inputs if each.slot in request}
    return _fed(step, feeds, [(str(each.slot), each.tensor, found[each.slot]) for each in outputs], arrays)


def _fed(
    step: dict[str, Any],
    feeds: Mapping[str, Array],
    fetches: Sequence[tuple[str, str, Array]],
    arrays: dict[str, Array],
) -> dict[str, Any]:
    """Return a step in JSON values; its arrays go to `arrays` under names that it holds."""
    step |= {"feeds": {}, "fetches": {}, "tensors": {}}
    for tensor, value in feeds.items():
        step["feeds"][tensor] = name = f"a{len(arrays)}"
        arrays[name] = value
    for slot, tensor, value in fetches:
        step["tensors"][slot] = tensor
        step["fetches"][slot] = name = f"a{len(arrays)}"
        arrays[name] = value
    return step


def _packed(array: Array) -> Array:
    """Serialize as a TensorProto: every dtype, strings too, and no pickle between Pythons that are years apart."""
    import tensorflow as tf

    return np.frombuffer(tf.make_tensor_proto(array).SerializeToString(), np.uint8)


def _unpacked(packed: Array) -> Array:
    import tensorflow as tf
    from tensorflow.core.framework import tensor_pb2

    array: Array = tf.make_ndarray(tensor_pb2.TensorProto.FromString(packed.tobytes()))
    return array


def bucket_boundaries(case: Case, meta_graph: Any, runs: Sequence[Run]) -> dict[str, list[Array]]:
    """Return the boundaries of each feature of every lost op, by node: they may depend on what is fed."""
    from migrate.verify.edited_copy import edited_copy, replace_lost_kernels
    from migrate.verify.session_model import SessionModel

    nodes = [node for node in meta_graph.graph_def.node if node.op in _LOST_OPS]
    if not nodes:
        return {}
    # Without its kernel the original may not even load here.
    with edited_copy(case.source, case.tags, (replace_lost_kernels,)) as copy, SessionModel(copy, case.tags) as model:
        feeds = {e.tensor: run.requests[0][e.slot] for run in runs for e in slot_tensors(run.signature.inputs)}
        return {node.name: model.session.run([_tensor(e) for e in _features(node)[1]], feeds) for node in nodes}


def _features(node: Any) -> tuple[list[str], list[str]]:
    """Return the edges of values and of boundaries, one of each per feature."""
    count = node.attr["num_features"].i or 1
    return list(node.input[:count]), list(node.input[count : 2 * count])


def _tensor(edge: str) -> str:
    return edge if ":" in edge else f"{edge}:0"


def around(boundaries: Mapping[str, Sequence[Array]]) -> list[np.float32]:
    """Return every boundary and the floats next to it."""
    exact = {np.float32(value) for each in boundaries.values() for array in each for value in array.ravel()}
    # A graph may negate values and boundaries, to turn "left" into "right".
    exact |= {-value for value in exact}
    below = {np.nextafter(value, np.float32("-inf")) for value in exact}
    above = {np.nextafter(value, np.float32("inf")) for value in exact}
    return sorted(exact | below | above)


def replaced(request: Values, value: np.float32) -> dict[Slot, Array]:
    """Return the request with every float, in tf.Examples too, set to `value`."""
    return {slot: _replaced(array, value) for slot, array in request.items()}


def _replaced(array: Array, value: np.float32) -> Array:
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    if np.issubdtype(array.dtype, np.floating):
        return np.full_like(array, value)
    if array.dtype != object:
        return array
    result: Array = array.copy()
    for index, element in np.ndenumerate(array):
        try:
            example = tf.train.Example.FromString(element)
        except DecodeError:
            continue
        for feature in example.features.feature.values():
            if feature.HasField("float_list"):
                feature.float_list.value[:] = [float(value)] * len(feature.float_list.value)
        if example.features.feature:
            result[index] = example.SerializeToString(deterministic=True)
    return result


def lost_op_steps(
    case: Case, meta_graph: Any, boundaries: Mapping[str, Sequence[Array]]
) -> Iterator[tuple[dict[str, Any], dict[str, Array], list[tuple[str, str, Array]]]]:
    """Yield feeds of the lost ops themselves, with what the stand-ins give."""
    from migrate.verify.edited_copy import edited_copy, replace_lost_kernels
    from migrate.verify.session_model import SessionModel

    if not boundaries:
        return
    values = np.array([*around(boundaries), *_SPECIAL], np.float32)
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    with edited_copy(case.source, case.tags, (replace_lost_kernels,)) as copy, SessionModel(copy, case.tags) as model:
        for name in boundaries:
            tensors = [_tensor(edge) for edge in _features(nodes[name])[0]]
            feeds = {tensor: _shaped(values, model.graph.get_tensor_by_name(tensor).shape) for tensor in tensors}
            feeds |= {_tensor(e): b for e, b in zip(_features(nodes[name])[1], boundaries[name], strict=True)}
            outputs = [f"{name}:{place}" for place in range(len(tensors))]
            found = model.session.run(outputs, feeds)
            fetches = [(output, output, value) for output, value in zip(outputs, found, strict=True)]
            yield {"what": f"op {name}", "at_boundary": True, "op": True}, feeds, fetches


def _shaped(values: Array, shape: Any) -> Array:
    return values.reshape(-1, 1) if shape.rank == 2 else values


def judge(case: Case, unexported: str) -> Verdict:
    """Compare what both sides gave."""
    golden, failure = Path(f"{case.place}.golden.npz"), Path(f"{case.place}.error")
    if unexported:
        return Verdict(case, None, f"the new model did not run: {unexported}")
    if not golden.exists():
        words = failure.read_text().strip() if failure.exists() else "TensorFlow 1 died"
        return Verdict(case, None, f"TensorFlow 1 does not run the original: {words}")
    steps = json.loads(Path(f"{case.place}.json").read_text())["steps"]
    with np.load(golden) as original, np.load(f"{case.place}.npz") as found:
        answers = [
            _Answer(
                number,
                step,
                slot,
                tuple(_unpacked(original[f"{number}|{run}|{slot}"]) for run in range(_RUNS)),
                _unpacked(found[name]),
            )
            for number, step in enumerate(steps)
            for slot, name in step["fetches"].items()
        ]
    chance = {answer.place for answer in answers if answer.differs_from_itself()}
    summary = worst(answer.compared() for answer in answers if answer.place not in chance)
    buckets = {(one.slot, int(bucket)) for one in answers if one.step.get("op") for bucket in one.original[0].ravel()}
    reason = summary.reason if summary.outcome is Outcome.DIFFERENT else ""
    at_boundaries = sum(step["at_boundary"] for step in steps)
    return Verdict(case, summary, reason, len(steps), at_boundaries, len(buckets), tuple(sorted(chance)))


@dataclass(frozen=True, slots=True)
class _Answer:
    """One output of one step: what each run of the original gave, and what the new model gave."""

    number: int
    step: dict[str, Any]
    slot: str
    original: tuple[Array, ...]
    found: Array

    @property
    def place(self) -> tuple[str, str]:
        return str(self.step["what"]), self.slot

    def differs_from_itself(self) -> bool:
        first, *others = self.original
        return any(compare(first, other, _OPTIONS).outcome is Outcome.DIFFERENT for other in others)

    def compared(self) -> Comparison:
        comparison = compare(self.original[0], self.found, _OPTIONS)
        reason = f"{self.step['what']!r} request {self.number} output {self.slot}: {comparison.reason}"
        return replace(comparison, reason=reason)


def _sentence(verdict: Verdict) -> str:
    name = f"{verdict.case.source.parent.name}/{verdict.case.source.name}"
    comparison = verdict.comparison
    if comparison is None:
        return f"{name}: not compared: {verdict.reason}"
    figures = f", absolute {comparison.max_absolute:.1e}, relative {comparison.max_relative:.1e}"
    exact = comparison.outcome is Outcome.BIT_EXACT
    bounds = f", {verdict.at_boundaries} at boundaries, {verdict.buckets} buckets hit" if verdict.at_boundaries else ""
    chance = f"; TensorFlow 1 differs from itself in {', '.join(slot for _, slot in verdict.by_chance)}"
    words = f"{comparison.outcome.value}{'' if exact else figures}; {verdict.requests} requests{bounds}"
    words += chance if verdict.by_chance else ""
    return f"{name}: {words}{': ' + verdict.reason if verdict.reason else ''}"


if __name__ == "__main__":
    sys.exit(main())

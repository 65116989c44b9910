"""Call time of rewrapped signatures beside the original in a v1 Session.

    python -m tests.benchmarks.inference_speed [MODEL...] [--calls 2000]

MODEL is a legacy SavedModel folder; by default a few fixtures. Each is rewrapped to a temporary folder, and each of its
signatures is called with a request that the proof makes: in the original in a v1 Session, in the new model in a v1
Session (as TensorFlow Serving does), and in the new model through `tf.saved_model.load`. Values go in and come out as
NumPy arrays everywhere. The calls take turns in blocks, so that a busy machine slows all of them alike. Shown are
medians in microseconds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import tensorflow as tf

from migrate.errors import Tf1to2Error
from migrate.legacy.saved_model import read_saved_model
from migrate.rewrap import ModelOptions, rewrap
from migrate.verify.proof import ProofOptions
from migrate.verify.reference import run_reference
from migrate.verify.session_model import SessionModel
from migrate.verify.signature_tensors import Values, slot_tensors
from tests.benchmarks.measure import print_table

FIXTURES = Path(__file__).parents[2] / "fixtures" / "models"
DEFAULT = (
    "ref_simple_save",
    "dnn_classifier",
    "vocab_classify_regress_predict",
    "dynamic_rnn",
    "while_v1",
    "counter_ref",
)
BLOCKS = 20
Call = Callable[[], Any]


def main() -> None:
    """Measure and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("models", type=Path, nargs="*", default=[FIXTURES / name / "model" for name in DEFAULT])
    options.add_argument("--calls", type=int, default=2000)
    given = options.parse_args()
    rows = [row for model in given.models for row in measure(model, given.calls)]
    header = ("signature", "original, Session", "new, Session", "new, TF 2", "Session ratio", "TF 2 ratio")
    print_table(header, rows)


def measure(model: Path, calls: int) -> Iterator[tuple[str, ...]]:
    """Yield a row for each signature of the first MetaGraph."""
    meta_graph = read_saved_model(model).meta_graphs[0]
    tags = frozenset(meta_graph.meta_info_def.tags)
    name = model.parent.name if model.name == "model" else model.name
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        new = Path(folder) / "new"
        try:
            rewrap(model, new, ModelOptions(tags=tags))
            reference = run_reference(model, tags, meta_graph, ProofOptions())
        except Tf1to2Error as error:
            sys.stderr.write(f"{name}: {error}\n")
            return
        original, session = stack.enter_context(SessionModel(model, tags)), stack.enter_context(SessionModel(new, tags))
        loaded = tf.saved_model.load(str(new), tags=sorted(tags))
        for key, run in reference.runs.items():
            if run.error or not run.requests:
                sys.stderr.write(f"{name} {key}: no request that the original answers\n")
                continue
            native = native_call(loaded.signatures[key], run.requests[0])
            if native is None:
                sys.stderr.write(f"{name} {key}: its keys are no arguments\n")
                continue
            ways = [session_call(one, key, run.requests[0]) for one in (original, session)]
            old, new_session, new_native = medians([*ways, native], calls)
            times = (f"{old:.0f}", f"{new_session:.0f}", f"{new_native:.0f}")
            yield (f"{name} {key}", *times, f"{new_session / old:.2f}", f"{new_native / old:.2f}")


def session_call(model: SessionModel, key: str, request: Values) -> Call:
    """Return a call of a signature by tensor names."""
    signature = model.meta_graph.signature_def[key]
    feeds = {one.tensor: request[one.slot] for one in slot_tensors(signature.inputs) if one.slot in request}
    run = model.session.make_callable([one.tensor for one in slot_tensors(signature.outputs)], list(feeds))
    values = list(feeds.values())
    return lambda: run(*values)


def native_call(function: Any, request: Values) -> Call | None:
    """Return a call of a loaded signature by keyword, None where a key is no argument."""
    specs: Mapping[str, Any] = function.structured_input_signature[1]
    values = {str(slot): value for slot, value in request.items()}
    if values.keys() != specs.keys():
        return None

    def call() -> Any:
        outputs = function(**{name: tf.constant(value, specs[name].dtype) for name, value in values.items()})
        return [output.numpy() for output in outputs.values()]

    return call


def medians(ways: list[Call], calls: int) -> list[float]:
    """Return the median time of each call, in microseconds."""
    times: list[list[float]] = [[] for _ in ways]
    for way in ways:
        for _ in range(20):
            way()
    for _ in range(BLOCKS):
        for way, found in zip(ways, times, strict=True):
            for _ in range(max(1, calls // BLOCKS)):
                start = time.perf_counter()
                way()
                found.append(time.perf_counter() - start)
    return [statistics.median(found) * 1e6 for found in times]


if __name__ == "__main__":
    main()

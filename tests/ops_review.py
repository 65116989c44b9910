"""Lists the ops of a TensorFlow that nobody judged, for a person to review and to add to `judged_ops.txt`.

By hand: `python -m tests.ops_review [REGISTRY]`, with the TensorFlow to be reviewed installed. REGISTRY is a serialized
OpList of another TensorFlow, written there by `TF_GetBuffer(TF_GetAllOpList())`; TensorFlow 1.15 has both functions in
`tensorflow.python.pywrap_tensorflow`. Each op comes with what makes it suspect, as a comment, and a line in the format
of the list. `?` is no judgement: the tests fail until a person has put one there.

The list was made like this, for the registries of TensorFlow 1.15.5, 2.15.1 and 2.21.0 (what `import tensorflow` and
`import tf_keras` register; not the op libraries of tf.contrib):

1. The registries were joined: 1,959 ops. 772 have no state, no strings, no resources, variants or functions; their
   names were read, for what computes and nothing else.
2. Of the other 1,187 each was looked at: its attributes, inputs and summary, and its kernel where these left a doubt
   (debug and logging ops, proto descriptors, iterators, calibration, SparseCore). An op is not `pure` as soon as some
   attribute or input makes it touch files, sockets, Python, other devices, or code that came as data.
3. The judgement is of the op, not of this build: that no kernel runs it on a CPU is not a reason to call it `pure`.
   Markers that are rewritten before anything runs (`TPUReplicatedInput`), and handles that do nothing by themselves
   (`SummaryWriter`, whose file `CreateSummaryFileWriter` makes) are `pure`.
4. Where the effect comes from one attribute, the list has the effect, and a rule in `judged_ops.py` says which literal
   values have none. Where it comes from an input, the list names the input.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from migrate.preflight.judged_ops import Judgement, judgement_of

_TYPE_STRING, _TYPE_RESOURCE, _TYPE_VARIANT = 7, 20, 21

# Words of op names that tell of an effect, most telling first.
_TELLING: tuple[tuple[str, Judgement], ...] = (
    (r"PyFunc|Python", Judgement.PYTHON),
    (r"TPU|Tpu|Infeed|Outfeed|Fdo", Judgement.DRIVES_DEVICE),
    (r"FromGraph|Module|Mlir|TRT|Program|Execute|Remote|Plugin|Subgraph", Judgement.HIDDEN_GRAPH),
    (r"CustomCall|Launch|Custom", Judgement.NATIVE_CODE),
    (r"Rpc|Server|Service|Http|Grpc|BigQuery|BigTable|Kafka|Heartbeat|Register", Judgement.TALKS_TO_SERVER),
    (r"Send|Recv|Receive|Collective|AllReduce|AllGather|AllToAll|CrossReplica|Permute|Nccl|Host",
     Judgement.EXCHANGES_TENSORS),
    (r"Sql|Database|Db[A-Z]", Judgement.OPENS_DATABASE),
    (r"FileSystem|Credential|Configure|Gcs|S3", Judgement.SETS_FILE_SYSTEM),
    (r"Checkpoint|Restore", Judgement.READS_CHECKPOINT),
    (r"Summary|Event", Judgement.WRITES_EVENTS),
    (r"Print|Debug", Judgement.PRINTS_TO_FILE),
    (r"Write|Save|Dump|Export|Cache|Snapshot", Judgement.WRITES_FILES),
    (r"Read|File|Load|Import|Path|Csv|CSV|LMDB|Memmap|Immutable|Record|Vocab|TextLine", Judgement.READS_FILES),
    (r"Abort|Shutdown|Kill", Judgement.ENDS_PROCESS),
    (r"Sleep|Wait|Delay", Judgement.STALLS),
)  # fmt: skip


def proposal(name: str) -> Judgement | None:
    """Return the effect that an op's name tells of, if it does."""
    return next((judgement for words, judgement in _TELLING if re.search(words, name)), None)


def unjudged(ops: Iterable[Any]) -> list[str]:
    """Return, for each OpDef that nobody judged, a comment and a line to be completed."""
    return [line for op in ops if judgement_of(op.name) is None for line in (f"# {_traits(op)}", _line(op))]


def main() -> None:
    """Print what there is to review."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("registry", type=Path, nargs="?", help="a serialized OpList; default: the installed TensorFlow")
    registry = parser.parse_args().registry
    print("\n".join(unjudged(_installed() if registry is None else _stored(registry))))


def _installed() -> Iterable[Any]:
    import tf_keras  # noqa: F401  (registers what it registers)

    from migrate.tensorflow_private.op_defs import registered_ops

    return registered_ops()


def _stored(registry: Path) -> Iterable[Any]:
    from tensorflow.core.framework import op_def_pb2

    ops: Iterable[Any] = op_def_pb2.OpList.FromString(registry.read_bytes()).op
    return ops


def _traits(op: Any) -> str:
    attributes = [one.name for one in op.attr if one.type in ("string", "list(string)")]
    functions = [one.name for one in op.attr if one.type in ("func", "list(func)")]
    inputs = [one.name for one in op.input_arg if one.type == _TYPE_STRING]
    traits = [
        "stateful" if op.is_stateful else "",
        f"string attributes: {', '.join(attributes)}" if attributes else "",
        f"functions: {', '.join(functions)}" if functions else "",
        f"string inputs: {', '.join(inputs)}" if inputs else "",
        op.summary,
    ]
    return "; ".join(filter(None, traits)) or "no state, no strings"


def _line(op: Any) -> str:
    told = proposal(op.name)
    if told is not None:
        return f"{op.name}\t{told.value}?"
    return f"{op.name}\t{'?' if _is_suspect(op) else Judgement.PURE.value}"


def _is_suspect(op: Any) -> bool:
    """Whether an op can keep state or be told a path, an address or a program."""
    telling = (_TYPE_STRING, _TYPE_RESOURCE, _TYPE_VARIANT)
    return (
        op.is_stateful
        or any(one.type in ("string", "list(string)", "func", "list(func)") for one in op.attr)
        or any(one.type in telling for one in op.input_arg)
    )


if __name__ == "__main__":
    main()

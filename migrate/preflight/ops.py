"""Finds the ops that this TensorFlow cannot run, in a set of nodes and the functions they call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from migrate.errors import UnreadableModelError
from migrate.preflight.kernels import dtypes_of, has_cpu_kernel
from migrate.preflight.problem import Problem, ProblemKind
from migrate.preflight.unknown_ops import origin_and_remedy
from migrate.tensorflow_private.op_defs import op_def


@dataclass(frozen=True, slots=True)
class _Call:
    """A node where it stands: `place` is `scope/node`, followed by the function's name inside one."""

    node: Any
    place: str


def check_ops(nodes: Iterable[Any], library: Any) -> tuple[Problem, ...]:
    """Return the problems of these NodeDefs and of the functions that they call, one per op and cause.

    What they do outside of the process is the business of `migrate.preflight.effects`.

    Args:
        nodes: the NodeDefs that would be executed, less those that the rewrap replaces by others.
        library: the graph's FunctionDefLibrary.
    """
    found: dict[tuple[ProblemKind, str], list[tuple[str, Problem]]] = {}
    for call in _reached(nodes, library):
        for problem in _problems_of(call, library):
            found.setdefault((problem.kind, problem.op), []).append((call.place, problem))
    return tuple(_merged(group) for group in found.values())


def load_op_libraries(paths: Iterable[Path]) -> None:
    """Load op libraries (`.so`) into this process; their ops are known from then on.

    Raises:
        UnreadableModelError: TensorFlow cannot load one.
    """
    for path in paths:
        _load(path, path.resolve())


@cache
def _load(path: Path, place: Path) -> None:
    """Load one, once in a process."""
    import tensorflow as tf

    try:
        tf.load_op_library(str(place))
    except (tf.errors.OpError, OSError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UnreadableModelError(
            f"the op library {path} cannot be loaded into TensorFlow {tf.__version__}: {reason}; "
            "it must be built for this TensorFlow version."
        ) from error


def _reached(nodes: Iterable[Any], library: Any) -> Iterator[_Call]:
    """Yield the nodes and those of every function that they call, each function once."""
    functions = {function.signature.name: function for function in library.function}
    waiting: list[_Call] = [_Call(node, node.name) for node in nodes]
    seen: set[str] = set()
    while waiting:
        siblings, waiting = waiting, []
        index_nodes = {call.node.name: call.node for call in siblings if call.node.op == "DeviceIndex"}
        for call in siblings:
            yield call
            for name in _called_functions(call.node, functions, index_nodes):
                if name in functions and name not in seen:
                    seen.add(name)
                    inside = partial("{1} in function {0}".format, name)
                    waiting.extend(_Call(node, inside(node.name)) for node in functions[name].node_def)


def _called_functions(node: Any, functions: Any, index_nodes: dict[str, Any]) -> list[str]:
    if node.op in functions:
        return [node.op]
    if node.op == "Case" and node.input and node.input[0].partition(":")[0] in index_nodes:
        # A layer with one body per device: on a CPU only its own body is ever run.
        return [_cpu_branch(node, index_nodes[node.input[0].partition(":")[0]])]
    return [
        function.name
        for value in node.attr.values()
        for function in ((value.func,) if value.WhichOneof("value") == "func" else value.list.func)
    ]


def _cpu_branch(case: Any, device_index: Any) -> str:
    devices = [name.decode() for name in device_index.attr["device_names"].list.s]
    branches = case.attr["branches"].list.func
    index = devices.index("CPU") if "CPU" in devices else len(devices)
    return str(branches[min(index, len(branches) - 1)].name)


def _problems_of(call: _Call, library: Any) -> Iterator[Problem]:
    node = call.node
    functions = {function.signature.name for function in library.function}
    for name in _called_functions(node, functions, {}):
        if name not in functions and name != node.op and name and op_def(name) is None:
            yield Problem(
                ProblemKind.MISSING_FUNCTION,
                node.op,
                call.place,
                f"a node {node.op} calls the function {name!r}, which is not in the model; export the model again.",
            )
    if node.op in functions:
        return
    definition = op_def(node.op)
    if definition is None:
        yield Problem(ProblemKind.UNKNOWN_OP, node.op, call.place, _unknown_message(node.op))
    elif definition.HasField("deprecation") and definition.deprecation.version <= _graph_def_version():
        yield Problem(ProblemKind.UNKNOWN_OP, node.op, call.place, _old_message(node.op, definition.deprecation))
    elif not has_cpu_kernel(node):
        yield Problem(ProblemKind.NO_CPU_KERNEL, node.op, call.place, _no_kernel_message(node))


def _unknown_message(op: str) -> str:
    import tensorflow as tf

    origin, remedy = origin_and_remedy(op)
    source = f" (it comes from {origin})" if origin else ""
    return f"the op {op} is not known to TensorFlow {tf.__version__}{source}; {remedy}."


def _old_message(op: str, deprecation: Any) -> str:
    import tensorflow as tf

    version = deprecation.version
    return (
        f"TensorFlow {tf.__version__} runs the op {op} in graphs of GraphDef versions before {version} only "
        f"and writes none of these ({deprecation.explanation.rstrip('.')}); export the model again without it."
    )


def _graph_def_version() -> int:
    import tensorflow as tf

    return int(tf.version.GRAPH_DEF_VERSION)


def _no_kernel_message(node: Any) -> str:
    import tensorflow as tf

    from migrate.tensorflow_private.op_registry import cpu_kernels

    if cpu_kernels(node.op):
        return (
            f"TensorFlow {tf.__version__} has no CPU kernel of {node.op} for {dtypes_of(node)}; "
            "export the model with dtypes that a CPU can run."
        )
    if node.op.startswith("Cudnn"):
        remedy = "rebuild the graph with the CudnnCompatible cell on the same checkpoint and export that"
    elif "TPU" in node.op or node.op.startswith("Xla"):
        remedy = "choose a MetaGraph that was exported for CPU (--tags), or export one"
    elif node.op.startswith("BoostedTrees"):
        remedy = "TensorFlow 2 dropped boosted trees: serve the model with TensorFlow 1.15, or train it anew"
    elif "Nccl" in node.op:
        remedy = "export from a graph without its multi-GPU training part"
    else:
        remedy = "export the model without it"
    return f"the op {node.op} is known to TensorFlow {tf.__version__}, but no kernel runs it on a CPU; {remedy}."


def _merged(group: list[tuple[str, Problem]]) -> Problem:
    """One problem for all nodes of a kind: it names the first and counts the rest."""
    place, first = group[0]
    more = f" and {len(group) - 1} more" if len(group) > 1 else ""
    message = f"{first.message.removesuffix('.')} (node {place}{more})."
    return Problem(first.kind, first.op, place, message)

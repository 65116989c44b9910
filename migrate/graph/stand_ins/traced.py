"""Makes the nodes of a stand-in by tracing TensorFlow code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from migrate.graph.stand_ins.nodes import Builder
from migrate.graph.tensor_name import is_control

_INPUT = "stand_in_input"


def traced(build: Builder, dtypes: Sequence[int], body: Callable[..., Any]) -> Iterator[Any]:
    """Yield the nodes that `body` makes of the inputs, the last of them under the name of the original.

    Args:
        build: of the node that is replaced.
        dtypes: DataType numbers of its inputs.
        body: takes a tensor for each input and returns one, or a list of several outputs.
    """
    import tensorflow as tf

    with tf.Graph().as_default() as graph, _loops_of_nodes():
        arguments = [
            tf.compat.v1.placeholder(tf.as_dtype(dtype), name=f"{_INPUT}_{index}") for index, dtype in enumerate(dtypes)
        ]
        outputs = body(*arguments)
        listed = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    given = {f"{_INPUT}_{index}": edge for index, edge in enumerate(build.inputs)}
    name = build.node.name

    def moved(edge: str) -> str:
        if is_control(edge):
            return f"^{name}/{edge[1:]}"
        return given.get(edge) or f"{name}/{edge}"

    for made in graph.as_graph_def().node:
        if made.name in given:
            continue
        node = build.add(made.name, made.op, [moved(edge) for edge in made.input])
        for attribute, value in made.attr.items():
            if not attribute.startswith("_"):
                node.attr[attribute].CopyFrom(value)
        if "frame_name" in node.attr:
            node.attr["frame_name"].s = f"{name}/{made.attr['frame_name'].s.decode()}".encode()
        yield node
    ends = [moved(each.name.removesuffix(":0")) for each in listed]
    if len(ends) == 1:
        yield build.add("", "Identity", [*ends, *build.waits], T=listed[0].dtype.as_datatype_enum)
        return
    result = build.add("", "IdentityN", [*ends, *build.waits])
    result.attr["T"].list.type.extend(each.dtype.as_datatype_enum for each in listed)
    yield result


@contextmanager
def _loops_of_nodes() -> Iterator[None]:
    """Let `while_loop` make Enter, Merge and Exit: a stand-in has no functions of its own."""
    import tensorflow as tf

    enabled = tf.compat.v1.control_flow_v2_enabled()
    tf.compat.v1.disable_control_flow_v2()
    try:
        yield
    finally:
        if enabled:
            tf.compat.v1.enable_control_flow_v2()

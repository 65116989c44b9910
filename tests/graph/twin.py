"""Runs a small TF1 graph in a Session and, converted, as a TensorFlow 2 function, and compares call by call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from migrate.graph.tensor_name import TensorName
from migrate.legacy.model import LegacyModel
from migrate.shim import MetaGraphModule

v1 = tf.compat.v1

Feeds = Mapping[str, Any]


def node(name: str, op: str, *inputs: str, **attributes: Any) -> Any:
    """Make a NodeDef; attributes that are dtypes become types, bytes strings, integers integers."""
    made = v1.NodeDef(name=name, op=op, input=inputs)
    for key, value in attributes.items():
        if isinstance(value, tf.DType):
            made.attr[key].type = value.as_datatype_enum
        elif isinstance(value, bytes):
            made.attr[key].s = value
        else:
            made.attr[key].i = value
    return made


def graph_of(build: Callable[[], Any]) -> Any:
    """Return the GraphDef of what `build` makes with the control flow of TF1."""
    with tf.Graph().as_default() as graph, tf1_control_flow():
        build()
    return graph.as_graph_def()


def ops(nodes: Sequence[Any]) -> list[str]:
    """Return the ops, sorted."""
    return sorted(one.op for one in nodes)


def fetch(*names: str) -> list[TensorName]:
    """Return output 0 of these nodes."""
    return [TensorName(name, 0) for name in names]


@contextmanager
def tf1_control_flow() -> Iterator[None]:
    """Let `cond` and `while_loop` make Switch, Merge, Enter and Exit."""
    enabled = v1.control_flow_v2_enabled()
    v1.disable_control_flow_v2()
    try:
        yield
    finally:
        if enabled:
            v1.enable_control_flow_v2()


def assert_same_as_in_session(build: Callable[[], Any], calls: Sequence[Feeds] = ({},)) -> MetaGraphModule:
    """Run what `build` returns (a structure of tensors and operations) once per feeds, in both, and compare.

    The values of all variables are compared after the last call. Variables are ref variables where `build` makes them
    with `ref_variable`.
    """
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session, tf1_control_flow():
        fetches = build()
        session.run(v1.global_variables_initializer())
        before = _values(session)
        wanted = [session.run(fetches, dict(feeds)) for feeds in calls]
        after = _values(session)
        meta_graph = v1.MetaGraphDef(graph_def=graph.as_graph_def())
    module = MetaGraphModule(LegacyModel.in_folder(Path("not-on-disk"), meta_graph))
    for name, value in before.items():
        module.state.variable(name).assign(value)
    names = tf.nest.map_structure(lambda one: one.name, fetches)
    for number, (feeds, expected) in enumerate(zip(calls, wanted, strict=True)):
        found = module.run(names, feeds)
        for one, other in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
            if other is not None:
                np.testing.assert_allclose(one, other, rtol=1e-5, err_msg=f"call {number}")
    for name, value in after.items():
        np.testing.assert_allclose(module.state.variable(name), value, rtol=1e-5, err_msg=name)
    return module


def ref_variable(name: str, value: Any, dtype: Any = tf.float32, **options: Any) -> Any:
    """Make a variable as TF1 did by default."""
    return v1.Variable(np.asarray(value, tf.as_dtype(dtype).as_numpy_dtype), name=name, use_resource=False, **options)


def _values(session: Any) -> dict[str, Any]:
    return {variable.op.name: session.run(variable) for variable in v1.global_variables()}

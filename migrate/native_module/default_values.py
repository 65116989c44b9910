"""The values that optional inputs (`placeholder_with_default`) have when they are not fed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from migrate.graph.cut import Cut
from migrate.graph.tensor_name import TensorName
from migrate.tensorflow_private.op_defs import op_def

_INPUTS = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})


@dataclass(frozen=True, slots=True)
class ComputedDefault:
    """A default that is computed at each call: `tensor` of the nodes of `cut`, which needs only other inputs."""

    tensor: TensorName
    cut: Cut


def constant_value(tensor: TensorName, nodes: Sequence[Any], versions: Any) -> Any | None:
    """Return what the nodes compute for `tensor` as a TensorProto, None where that is not the same at every call.

    Args:
        tensor: an output of one of the nodes.
        nodes: all NodeDefs that it needs.
        versions: of the graph.
    """
    if not all(is_pure(node) for node in nodes):
        return None
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        graph_def = tf.compat.v1.GraphDef(node=nodes, versions=versions)
        try:
            (imported,) = tf.graph_util.import_graph_def(graph_def, return_elements=[str(tensor)], name="")
            return tf.make_tensor_proto(session.run(imported), imported.dtype)
        except (tf.errors.OpError, TypeError, ValueError):
            return None


def is_pure(node: Any) -> bool:
    """Tell whether a node gives the same at every call: no input of the model, no state, no chance, no function."""
    definition = op_def(node.op)
    return definition is not None and not definition.is_stateful and node.op not in _INPUTS

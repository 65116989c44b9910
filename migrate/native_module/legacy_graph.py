"""Compiles parts of a legacy graph into TensorFlow 2 functions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.graph.conditionals import with_awaited_nodes_whole
from migrate.graph.custom_gradients import forget_custom_gradients
from migrate.graph.cut import Cut, cut, nodes_by_name
from migrate.graph.function_library import called_functions, functions_by_name, with_renamed_functions
from migrate.graph.gradient_functions import with_own_gradients
from migrate.graph.op_arguments import output_argument, output_count
from migrate.graph.partitions import join_parts
from migrate.graph.resource_state import to_resource_state
from migrate.graph.stand_ins import with_stand_ins
from migrate.graph.tensor_name import TensorName, is_control, parse_tensor, source_node
from migrate.legacy.state import STATE_OPS
from migrate.native_module.default_values import ComputedDefault, constant_value, is_pure
from migrate.native_module.state import State
from migrate.preflight.content import unknown_feed
from migrate.preflight.executed import check_executed, executed

_SCOPE = "legacy"
_DONE = "done"
_SHAPES = "_output_shapes"
# Before this GraphDef version an unknown shape and a scalar look alike (tensorflow/core/ops/array_ops.cc, Placeholder).
_FIRST_VERSION_WITH_SCALAR_PLACEHOLDERS = 24
_serial = itertools.count()


@dataclass(frozen=True, slots=True)
class Feed:
    """An argument of a function: its name, and the tensor of the legacy graph that it is fed to."""

    argument: str
    tensor: TensorName


class LegacyGraph:
    """A MetaGraphDef's graph and the state that its functions share."""

    def __init__(self, meta_graph: Any) -> None:
        self._meta_graph = meta_graph
        self._graph_def = meta_graph.graph_def
        self.nodes = nodes_by_name(self._graph_def)
        self.functions = functions_by_name(self._graph_def.library)
        self._suffix = f"_tf1to2_{next(_serial)}"

    def argument_spec(self, feed: Feed) -> tf.TensorSpec:
        """Return dtype and static shape of a tensor that can be fed, as far as its node tells.

        Raises:
            RefusedModelError: the tensor is not in the graph.
        """
        node = self.nodes.get(feed.tensor.node)
        count = None if node is None else output_count(node, self.functions)
        if node is None or (count is not None and feed.tensor.index >= count):
            raise RefusedModelError(f"the tensor {str(feed.tensor)!r} is not in the graph.")
        dtype = output_argument(node, feed.tensor.index, self.functions).dtype
        if not dtype:
            raise RefusedModelError(unknown_feed(feed.tensor, node.op).message)
        return tf.TensorSpec(self._static_shape(node, feed.tensor.index), tf.as_dtype(dtype), name=feed.argument)

    def is_optional(self, tensor: TensorName) -> bool:
        """Tell whether a Session may leave this input out."""
        return bool(self.nodes[tensor.node].op == "PlaceholderWithDefault")

    def default_value(self, tensor: TensorName) -> Any | None:
        """Return the TensorProto that an input has when it is not fed; None where it is computed at each call."""
        if not self.is_optional(tensor):
            return None
        default = parse_tensor(self.nodes[tensor.node].input[0])
        nodes = cut(self.nodes, [default], [], []).nodes
        return constant_value(default, nodes, self._graph_def.versions)

    def computed_default(self, tensor: TensorName, inputs: Sequence[TensorName]) -> ComputedDefault | None:
        """Return how an input's default is computed from other inputs, None where more goes into it."""
        if not self.is_optional(tensor):
            return None
        default = parse_tensor(self.nodes[tensor.node].input[0])
        found = cut(self.nodes, [default], [], [each for each in inputs if each != tensor])
        is_known = all(is_pure(node) for node in found.nodes)
        if not is_known or any(called_functions(found.nodes, self.functions)):
            return None
        return ComputedDefault(default, found)

    def cut(self, fetches: Sequence[TensorName], operations: Sequence[str], feeds: Sequence[TensorName]) -> Cut:
        """Return the nodes that the fetches need.

        Raises:
            RefusedModelError: a placeholder that is not fed is needed, or a name is not in the graph.
        """
        return executed(self.nodes, self.functions, fetches, operations, feeds)

    def unordered_variables(self, fetches: Sequence[TensorName], feeds: Sequence[TensorName]) -> tuple[str, ...]:
        """Name the variables between whose reads and writes a call has no order: TF1 may give one number or another."""
        return to_resource_state(self.cut(fetches, [], feeds).nodes, fetches).unordered

    def check_ops(self, nodes: Sequence[Any]) -> None:
        """Refuse nodes that this TensorFlow cannot run.

        Raises:
            RefusedModelError: each such op is named, with the remedy.
        """
        problems = check_executed(nodes, self._graph_def.library)
        if problems:
            raise RefusedModelError(" ".join(problem.message for problem in problems))

    def function(
        self, state: State, feeds: Sequence[Feed], fetches: Mapping[str, TensorName], operations: Sequence[str] = ()
    ) -> Any:
        """Return a concrete function of the `feeds` that gives a dictionary of the `fetches`.

        Args:
            operations: nodes that must have run before the outputs are there; without fetches the only output says so.

        Raises:
            RefusedModelError: see `cut`; or the graph holds what TensorFlow 2 has no counterpart for. That it can run
                the ops is asked before: for the signatures and the init op by `preflight`, else by `check_ops`.
        """
        specs = [self.argument_spec(feed) for feed in feeds]
        cut_graph = self.cut(list(fetches.values()), operations, [feed.tensor for feed in feeds])
        graph = to_resource_state(cut_graph.nodes, fetches.values())
        nodes = with_awaited_nodes_whole(with_stand_ins(join_parts(graph.nodes, state.parts)), operations)
        importer = _Importer(self, state, nodes)
        values = {key: graph.values.get(tensor, tensor) for key, tensor in fetches.items()}

        def build(*arguments: Any) -> dict[str, Any]:
            fed = {feed.tensor: argument for feed, argument in zip(feeds, arguments, strict=True)}
            return importer.run(fed, values, operations)

        try:
            try:
                return tf.compat.v1.wrap_function(build, specs)
            except ValueError as error:
                if _SHAPES not in str(error):
                    raise
                # Recorded by TensorFlow 1, which inferred other shapes for some ops (FusedBatchNormGrad).
                importer.forget_recorded_shapes()
                return tf.compat.v1.wrap_function(build, specs)
        except (ValueError, TypeError, tf.errors.OpError) as error:
            raise RefusedModelError(f"TensorFlow {tf.__version__} cannot import its graph: {error}") from error

    def importable(self, nodes: Sequence[Any]) -> Any:
        """Return a GraphDef of these nodes with the functions that they call."""
        graph_def = type(self._graph_def)(node=nodes, versions=self._graph_def.versions)
        result = with_renamed_functions(*with_own_gradients(graph_def, self._graph_def.library), self._suffix)
        for body in (result.node, *(function.node_def for function in result.library.function)):
            forget_custom_gradients(body)
        return result

    @property
    def producer_ops(self) -> Any | None:
        """The ops as the writing TensorFlow knew them, for attributes that it stripped or that are newer."""
        stripped = self._meta_graph.meta_info_def.stripped_op_list
        return stripped if stripped.op else None

    def _static_shape(self, node: Any, index: int) -> tf.TensorShape:
        if node.op in ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault") and "shape" in node.attr:
            shape = node.attr["shape"].shape
            old = self._graph_def.versions.producer < _FIRST_VERSION_WITH_SCALAR_PLACEHOLDERS
            return tf.TensorShape(None) if old and not shape.dim else tf.TensorShape(shape)
        if _SHAPES in node.attr and index < len(node.attr[_SHAPES].list.shape):
            return tf.TensorShape(node.attr[_SHAPES].list.shape[index])
        return tf.TensorShape(None)


class _Importer:
    """Imports nodes into the function that is being built, with the state captured."""

    def __init__(self, graph: LegacyGraph, state: State, nodes: Sequence[Any]) -> None:
        self._state = state
        self._state_nodes = [node for node in nodes if node.op in STATE_OPS]
        state_names = {node.name for node in self._state_nodes}
        kept = [_without_control(node, state_names) for node in nodes if node.name not in state_names]
        self._graph_def = graph.importable(kept)
        self._producer_ops = graph.producer_ops
        self._used = {parse_tensor(edge) for node in kept for edge in node.input if not is_control(edge)}

    def forget_recorded_shapes(self) -> None:
        """Let TensorFlow infer all shapes."""
        for nodes in (self._graph_def.node, *(function.node_def for function in self._graph_def.library.function)):
            for node in nodes:
                node.attr.pop(_SHAPES, None)

    def run(
        self, fed: Mapping[TensorName, Any], fetches: Mapping[str, TensorName], operations: Sequence[str]
    ) -> dict[str, Any]:
        inputs = {**fed, **{TensorName(node.name, 0): self._capture(node) for node in self._state_nodes}}
        imported = sorted({tensor for tensor in fetches.values() if tensor not in fed})
        elements = tf.graph_util.import_graph_def(
            self._graph_def,
            input_map={str(tensor): value for tensor, value in inputs.items() if tensor in self._used},
            return_elements=[*map(str, imported), *operations],
            producer_op_list=self._producer_ops,
            name=_SCOPE,
        )
        by_name = dict(zip(imported, elements, strict=False))
        with tf.control_dependencies(elements[len(imported) :]):
            # Also where a fetch is an argument or appears twice: every output must be a tensor of its own.
            outputs = {key: tf.identity(fed[t] if t in fed else by_name[t]) for key, t in fetches.items()}
            # What no output waits for is not run.
            return outputs or {_DONE: tf.constant(True)}

    def _capture(self, node: Any) -> Any:
        graph = tf.compat.v1.get_default_graph()
        if node.op != "VarHandleOp" or self._state.is_scratch(node.name):
            return graph.capture(self._state.handle(node))
        variable = self._state.variable(node.name)
        # Tells gradient tapes that calling this function reads the variable.
        graph.watch_variable(variable)
        return graph.capture(variable.handle)


def _without_control(node: Any, removed: set[str]) -> Any:
    if not any(is_control(edge) and source_node(edge) in removed for edge in node.input):
        return node
    copy = type(node)()
    copy.CopyFrom(node)
    del copy.input[:]
    copy.input.extend(e for e in node.input if not (is_control(e) and source_node(e) in removed))
    return copy

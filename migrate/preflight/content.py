"""What is wrong with the inside of a model: its weights, and the parts of its graph that would be executed."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrate.errors import RefusedModelError, Tf1to2Error, UnreadableModelError
from migrate.graph.cut import nodes_by_name
from migrate.graph.function_library import functions_by_name
from migrate.graph.gradient_functions import lost_gradients
from migrate.graph.resource_state import to_resource_state
from migrate.graph.tensor_name import TensorName
from migrate.legacy.checkpoint_files import check_checkpoint
from migrate.legacy.collections import asset_tensors
from migrate.legacy.initialization import Initialization, read_initialization
from migrate.legacy.inlined_state import with_inlined_state
from migrate.legacy.model import LegacyModel
from migrate.legacy.restore import read_restore_map
from migrate.legacy.signatures import Signature, read_signatures
from migrate.legacy.state import TABLE_NODE_OPS, LegacyVariable, read_variables, state_identity
from migrate.preflight.executed import check_executed, executed
from migrate.preflight.missing_values import Touched, check_values
from migrate.preflight.problem import Problem, ProblemKind
from migrate.preflight.started import check_started
from migrate.tensorflow_private.op_defs import op_def


def check_content(model: LegacyModel) -> Iterator[Problem]:
    """Yield what stands against giving the model its weights, and against executing its signatures and its init op."""
    try:
        inlined = with_inlined_state(model)
        initialization = read_initialization(inlined.meta_graph)
        graph = _Graph.of(inlined.meta_graph)
        parts = tuple(_parts(inlined, initialization))
    except Tf1to2Error as error:
        yield _told(model, error)
        return
    used: set[str] = set()
    touched: list[Touched] = []
    called: set[str] = set()
    for part in parts:
        nodes = yield from graph.check(part)
        used.update(node.name for node in nodes)
        touched.append(Touched.by(part.signature, nodes, graph.functions))
        if part.signature is not None:
            called.update(node.name for node in nodes)
    yield from check_started(inlined.meta_graph, called)
    for part in _tables(graph, initialization, used, tuple(asset_tensors(model.meta_graph))):
        yield from graph.check(part)
    try:
        variables = _variables(inlined)
    except Tf1to2Error as error:
        yield _told(model, error)
    else:
        yield from check_values(variables, initialization, touched)


@dataclass(frozen=True, slots=True)
class _Part:
    """What is executed together: a signature (of this key), or a part of the init op."""

    place: str
    signature: str | None
    fetches: Sequence[TensorName]
    operations: Sequence[str]
    feeds: Sequence[TensorName]


def _parts(model: LegacyModel, initialization: Initialization) -> Iterator[_Part]:
    nodes = {node.name for node in model.meta_graph.graph_def.node}
    for one in _signatures(model):
        fetches, feeds = [end.tensor for end in one.outputs], [end.tensor for end in one.inputs]
        if all(tensor.node in nodes for tensor in (*fetches, *feeds)):  # else `check_signatures` tells
            yield _Part(f"signature {one.key!r}: ", one.key, fetches, (), feeds)
    paths = tuple(asset_tensors(model.meta_graph))
    for operations in (initialization.writes, initialization.path_writes):
        if operations:
            yield _Part("init op: ", None, (), operations, paths)


def _tables(
    graph: _Graph, initialization: Initialization, used: Collection[str], paths: Sequence[TensorName]
) -> Iterator[_Part]:
    """Yield what fills the tables that are used."""
    nodes = (graph.nodes[name] for name in sorted(used))
    identities = dict.fromkeys(state_identity(node) for node in nodes if node.op in TABLE_NODE_OPS)
    for operations in (initialization.tables.get(identity) for identity in identities):
        if operations:
            yield _Part("init op: ", None, (), operations, paths)


def _signatures(model: LegacyModel) -> Sequence[Signature]:
    try:
        return read_signatures(model.meta_graph)
    except RefusedModelError:  # an entry that names no tensor, which `check_signatures` tells
        return ()


@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph whose parts are checked."""

    nodes: Mapping[str, Any]
    functions: Mapping[str, Any]
    library: Any

    @classmethod
    def of(cls, meta_graph: Any) -> _Graph:
        graph_def = meta_graph.graph_def
        return cls(nodes_by_name(graph_def), functions_by_name(graph_def.library), graph_def.library)

    def check(self, part: _Part) -> Generator[Problem, None, Sequence[Any]]:
        """Yield the problems of one part, and return the nodes that it executes."""
        try:
            cut = executed(self.nodes, self.functions, part.fetches, part.operations, part.feeds)
        except RefusedModelError as error:
            yield Problem(ProblemKind.NO_COUNTERPART, "", "", f"{part.place}{error}")
            return ()
        for function, inner in lost_gradients(cut.nodes, self.library):
            yield _lost_gradient(part.place, function, inner)
        unknown = (*check_executed(cut.nodes, self.library), *self._unknown_feeds(part))
        yield from unknown
        if not unknown:
            try:
                to_resource_state(cut.nodes, part.fetches)
            except RefusedModelError as error:
                yield Problem(ProblemKind.NO_COUNTERPART, "", "", f"{part.place}{error}")
        return cut.nodes

    def _unknown_feeds(self, part: _Part) -> Iterator[Problem]:
        """A node that is fed is not executed, but what may be fed to it must be known."""
        for tensor in part.feeds:
            node = self.nodes.get(tensor.node)
            if node is not None and node.op not in self.functions and op_def(node.op) is None:
                yield unknown_feed(tensor, node.op)


def _lost_gradient(place: str, function: str, inner: str) -> Problem:
    message = (
        f"{place}it takes a gradient of the function {function!r}, which calls {inner!r}, whose own gradient "
        f"TensorFlow 2 forgets; call {inner!r} in no other function, and export the model again."
    )
    return Problem(ProblemKind.NO_COUNTERPART, "SymbolicGradient", function, message)


def unknown_feed(tensor: TensorName, op: str) -> Problem:
    """Return the problem of a tensor whose dtype is not known, as its op is not."""
    import tensorflow as tf

    message = (
        f"the tensor {str(tensor)!r} is an output of the op {op}, which TensorFlow {tf.__version__} "
        "does not know; feed another tensor, or load the op's library (--load-op-library)."
    )
    return Problem(ProblemKind.UNKNOWN_OP, op, tensor.node, message)


def _variables(model: LegacyModel) -> tuple[LegacyVariable, ...]:
    restores = read_restore_map(model.meta_graph)
    if restores.variables or restores.tables:
        check_checkpoint(model.checkpoint)
    return read_variables(model, restores)


def _told(model: LegacyModel, error: Tf1to2Error) -> Problem:
    kind = ProblemKind.DAMAGED if isinstance(error, UnreadableModelError) else ProblemKind.NO_COUNTERPART
    return Problem(kind, "", "", str(error).removeprefix(f"{model.path}: "))

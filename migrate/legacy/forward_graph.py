"""Which nodes of a graph compute what a model gives: without training, saving, summaries and input pipelines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.graph.op_arguments import output_argument, output_count
from migrate.graph.tensor_name import TensorName, is_control, parse_tensor, source_node
from migrate.graph.walk import dependent, followed, needed

_PLACEHOLDERS = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})
# Their outputs are elements of an input pipeline, which a served model is fed with.
_ELEMENTS = re.compile(r"(Iterator\w*GetNext\w*|QueueDequeue\w*|ReaderRead(UpTo)?(V2)?|Unstage)")
_GRADIENTS = re.compile(r"(^|/)gradients(_\d+)?/")
_TRAINS = re.compile(r"(Resource)?(Sparse)?Apply[A-Z]\w*")
_ASIDE = re.compile(
    r"(Resource)?(Sparse)?Apply[A-Z]\w*|Assign\w*|Scatter(Add|Sub|Update|NdAdd|NdSub|NdUpdate|Mul|Div|Max|Min)"
    r"|ResourceScatter\w*|\w*ConditionalAccumulator|Accumulator\w+|Save(V2|Slices)?|MergeV2Checkpoints|ShardedFilename"
    r"|Restore(V2|Slice)?|\w*Summary(V2)?|LookupTable(Import|Insert|Export|Remove)(V2)?|InitializeTable\w*"
    r"|IsVariableInitialized|VarIsInitializedOp|Queue(Enqueue|Close|Size)\w*|\w*Dataset\w*|MakeIterator"
    r"|Stage|StageSize|Assert|NoOp|PrintV2|WriteFile"
)
_INT32 = 3
_MOST_LOOKED_AT = 200
_REDUCES = frozenset({"Mean", "Sum", "AddN", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Neg", "Max", "Min"})
_CHECKS = frozenset({"Assert", "PrintV2"})
_OF_SHAPES = frozenset({"Shape", "ShapeN", "Size", "Rank", "BroadcastGradientArgs"})
_PASSES_ON = frozenset({"Reshape", "Identity", "StopGradient", "Squeeze", "ExpandDims"})
_OF_FILES = re.compile(r"(Save|Restore)(V2|Slices?)?|MergeV2Checkpoints|ShardedFile(name|spec)")
_STATE = frozenset({"Const", "Variable", "VariableV2", "VarHandleOp", "HashTable", "HashTableV2", "Placeholder"})


@dataclass(frozen=True, slots=True)
class ForwardGraph:
    """What a model can be fed, and what it ends in.

    Attributes:
        feeds: placeholders, and the elements of input pipelines.
        sinks: tensors that nothing of the forward graph takes, each with the feeds that it needs.
        losses: those of them that look like what a training minimises or measures.
    """

    feeds: tuple[TensorName, ...]
    sinks: Mapping[TensorName, frozenset[TensorName]]
    losses: frozenset[TensorName] = frozenset()


def forward_graph(graph_def: Any) -> ForwardGraph:
    """Find what a graph of TensorFlow 1, trained or frozen, takes and gives."""
    nodes = {node.name: node for node in graph_def.node}
    data_only = {name: _without_control(node) for name, node in nodes.items()}
    of_savers = _file_names(data_only)
    feeds = tuple(feed for feed in _feeds(nodes) if feed.node not in of_savers)
    fed = {feed.node for feed in feeds}
    behind_pipeline = {name: node for name, node in nodes.items() if name not in fed}
    trains = any(_TRAINS.fullmatch(node.op) for node in graph_def.node)  # else gradients are what it computes
    aside = {
        name
        for name, node in behind_pipeline.items()
        if _ASIDE.fullmatch(node.op) or (trains and _GRADIENTS.search(name))
    }
    aside |= dependent(data_only, aside | of_savers)
    forward = {name: node for name, node in nodes.items() if name not in aside}
    reached = dependent({name: data_only[name] for name in forward}, fed & forward.keys())
    computed = [name for name in forward if name in reached and name not in fed] or [
        name for name, node in forward.items() if node.op not in _STATE
    ]
    used_nodes = {source_node(edge) for name in forward for edge in data_only[name].input}
    # What is only asserted, or shown as one number, is no result.
    ends = (node for name, node in data_only.items() if name in aside and _is_end(node))
    used_nodes |= {source_node(edge) for node in ends for edge in node.input}
    functions = {function.signature.name: function for function in graph_def.library.function}
    sinks = {}
    for name in computed:
        if (
            nodes[name].op not in _STATE | _OF_SHAPES
            and name not in used_nodes
            and (count := output_count(nodes[name], functions)) != 0
        ):
            needs = frozenset(_feeds_of(nodes, name, feeds))
            for place in range(1 if count is None else count):
                sinks[TensorName(name, place)] = needs
    shown = {source_node(edge) for name in aside if nodes[name].op == "ScalarSummary" for edge in nodes[name].input}
    losses = frozenset(sink for sink in sinks if trains and (nodes[sink.node].op in _REDUCES or sink.node in shown))
    return ForwardGraph(feeds, sinks, losses)


def before_losses(graph_def: Any, forward: ForwardGraph) -> Mapping[TensorName, frozenset[TensorName]]:
    """Return what losses are computed from and needs fewer feeds than they do: predictions, which need no labels."""
    nodes = {node.name: node for node in graph_def.node}
    found: dict[TensorName, frozenset[TensorName]] = {}
    seen: set[str] = set()
    for loss in forward.losses:
        pending = [loss.node]
        while pending and len(seen) < _MOST_LOOKED_AT:
            for edge in nodes[pending.pop()].input:
                name = source_node(edge)
                if is_control(edge) or name in seen or nodes[name].op in _STATE | _PLACEHOLDERS:
                    continue
                seen.add(name)
                needs = frozenset(_feeds_of(nodes, name, forward.feeds))
                if needs == forward.sinks[loss]:
                    pending.append(name)
                elif needs:
                    tensor = parse_tensor(followed(nodes, edge, lambda node: node.op in _PASSES_ON))
                    if tensor not in forward.feeds and not _is_shape(nodes[tensor.node], tensor):
                        found[tensor] = needs
    most = max(map(len, found.values()), default=0)
    return {tensor: needs for tensor, needs in found.items() if len(needs) == most}


def _is_shape(node: Any, tensor: TensorName) -> bool:
    """Whether a tensor holds sizes, for a Reshape or the like, as far as its dtype tells."""
    return output_argument(node, tensor.index).dtype == _INT32


def _feeds(nodes: Mapping[str, Any]) -> Iterator[TensorName]:
    used = {parse_tensor(edge) for node in nodes.values() for edge in node.input if not is_control(edge)}
    for node in nodes.values():
        if node.op in _PLACEHOLDERS:
            yield TensorName(node.name, 0)
        elif _ELEMENTS.fullmatch(node.op):
            yield from sorted(tensor for tensor in used if tensor.node == node.name)


def _file_names(nodes: Mapping[str, Any]) -> set[str]:
    """Return the nodes that make the names of the files that a Saver writes and reads."""
    starts = [node.input[0] for node in nodes.values() if _OF_FILES.fullmatch(node.op) and node.input]
    found = needed(nodes, map(source_node, starts))
    return {name for name in found if nodes[name].op not in _STATE - {"Const"}}


def _is_end(node: Any) -> bool:
    return node.op in _CHECKS or "Enqueue" in node.op


def _without_control(node: Any) -> Any:
    copy = type(node)(name=node.name, op=node.op)
    copy.input.extend(edge for edge in node.input if not is_control(edge))
    return copy


def _feeds_of(nodes: Mapping[str, Any], start: str, feeds: tuple[TensorName, ...]) -> Iterator[TensorName]:
    """Yield the feeds that a node needs, in the order of `feeds`."""
    found, seen, pending = set(), {start}, [start]
    fed = {feed.node for feed in feeds}
    while pending:
        for edge in nodes[pending.pop()].input:
            name = source_node(edge)
            if name in fed:
                if not is_control(edge):
                    found.add(parse_tensor(edge))
            elif name in nodes and name not in seen:
                seen.add(name)
                pending.append(name)
    return (feed for feed in feeds if feed in found)

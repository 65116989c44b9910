"""Gives inputs and outputs the names of their tensors back, for clients that go by names and not by signatures.

Java, Go, Rust and `get_tensor_by_name` feed `x:0` and fetch `y:0`. TensorFlow 2 writes a placeholder for each argument
(`serving_default_x`) and calls (`StatefulPartitionedCall:0`). What a name cannot be given back to is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.graph.function_library import functions_by_name
from migrate.graph.op_arguments import output_argument
from migrate.graph.tensor_name import TensorName, is_control, parse_tensor, source_node
from migrate.legacy.signatures import SPARSE_PARTS
from migrate.native_module.signature_function import SignatureFunction

_DEFAULT_KEY = "serving_default"
_MOST_NAMES = 5


def keep_tensor_names(meta_graph: Any, signatures: Mapping[str, SignatureFunction]) -> tuple[str, ...]:
    """Edit a MetaGraphDef that shows the legacy contract; return which names clients must change, in sentences."""
    keys = sorted(signatures, key=lambda key: (key != _DEFAULT_KEY, key))
    names = _Names(meta_graph)
    for key in keys:
        names.keep_inputs(key, signatures[key])
    for key in keys:
        names.keep_outputs(key, signatures[key])
    names.apply()
    return tuple(names.lost(keys))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A tensor in a SignatureDef: its key as in `Endpoint`, its name as it was, and what reads and sets it."""

    key: str
    tensor: TensorName
    name: Callable[[], str]
    set_name: Callable[[str], None]


def _entries(infos: Any) -> Iterator[_Entry]:
    for key in sorted(infos):  # a proto's map has no order of its own
        info = infos[key]
        if info.WhichOneof("encoding") == "coo_sparse":
            for part in SPARSE_PARTS:
                yield _entry(f"{key}_{part}", info.coo_sparse, f"{part}_tensor_name")
        else:
            yield _entry(key, info, "name")


def _entry(key: str, message: Any, name: str) -> _Entry:
    tensor = parse_tensor(getattr(message, name))
    return _Entry(key, tensor, lambda: getattr(message, name), lambda value: setattr(message, name, value))


class _Names:
    def __init__(self, meta_graph: Any) -> None:
        self._meta_graph = meta_graph
        self._graph = meta_graph.graph_def
        self._nodes = {node.name: node for node in self._graph.node}
        self._taken = set(self._nodes)
        self._functions = functions_by_name(self._graph.library)
        self._renamed: dict[str, str] = {}
        self._merged: dict[str, str] = {}
        # By tensor of the legacy graph: the node of the new one.
        self._inputs: dict[TensorName, str] = {}
        self._outputs: dict[TensorName, SignatureFunction] = {}
        self._aliases: dict[str, TensorName] = {}
        self._lost: list[tuple[str, TensorName, _Entry]] = []

    def keep_inputs(self, key: str, function: SignatureFunction) -> None:
        endpoints = {endpoint.key: endpoint.tensor for endpoint in function.signature.inputs}
        arguments = dict(zip(endpoints, function.saved_names, strict=True))
        for entry in _entries(self._meta_graph.signature_def[key].inputs):
            wanted, now = endpoints[entry.key], entry.tensor.node
            if wanted in self._inputs and self._is_same(self._inputs[wanted], now):
                self._merged[now] = wanted.node
            elif arguments[entry.key] == entry.key and wanted.index == 0 and self._is_free(wanted.node):
                self._renamed[now] = wanted.node
                self._inputs[wanted] = now
                self._taken.add(wanted.node)
            else:
                # What an argument is called that is no key is told by the name of its placeholder.
                self._lost.append((key, wanted, entry))

    def keep_outputs(self, key: str, function: SignatureFunction) -> None:
        endpoints = {endpoint.key: endpoint.tensor for endpoint in function.signature.outputs}
        for entry in _entries(self._meta_graph.signature_def[key].outputs):
            wanted, now = endpoints[entry.key], entry.tensor
            if wanted in self._inputs:
                continue  # whoever feeds it fetches just that
            if wanted in self._outputs:
                same = {each.tensor for each in function.signature.inputs}
                if same != {each.tensor for each in self._outputs[wanted].signature.inputs}:
                    self._lost.append((key, wanted, entry))
            elif self._has_name(now, wanted) or self._give_name(now, wanted, entry):
                self._outputs[wanted] = function
            else:
                self._lost.append((key, wanted, entry))

    def _has_name(self, now: TensorName, wanted: TensorName) -> bool:
        """Tell whether another output of a node has given it the name."""
        return self._renamed.get(now.node) == wanted.node and now.index == wanted.index

    def _give_name(self, now: TensorName, wanted: TensorName, entry: _Entry) -> bool:
        if not self._is_free(wanted.node):
            return False
        is_body = now.node.endswith(f"/{wanted.node}") and now.node not in self._renamed
        if is_body and now.index == wanted.index:
            self._renamed[now.node] = wanted.node
        elif wanted.index == 0 and self._dtype(now):
            self._aliases[wanted.node] = now
            entry.set_name(str(wanted))
        else:
            return False
        self._taken.add(wanted.node)
        return True

    def apply(self) -> None:
        """Rename nodes, let those that are one be one, and add what hands outputs on."""
        for name, tensor in self._aliases.items():
            node = self._graph.node.add(name=name, op="Identity", input=[str(tensor)])
            node.attr["T"].type = self._dtype(tensor)
        new = {**self._renamed, **self._merged}
        kept = [node for node in self._graph.node if node.name not in self._merged]
        for node in kept:
            node.name = new.get(node.name, node.name)
            edges = [_renamed(edge, new) for edge in node.input]
            if edges != list(node.input):
                node.input[:] = edges
        copies = [type(node).FromString(node.SerializeToString()) for node in kept] if self._merged else []
        if copies:
            del self._graph.node[:]
            self._graph.node.extend(copies)
        for signature in self._meta_graph.signature_def.values():
            for entry in (*_entries(signature.inputs), *_entries(signature.outputs)):
                if entry.tensor.node in new:
                    entry.set_name(str(TensorName(new[entry.tensor.node], entry.tensor.index)))

    def lost(self, keys: list[str]) -> Iterator[str]:
        """Tell for each signature which names it has now."""
        for key in keys:
            pairs = [f"{entry.name()} for {wanted}" for where, wanted, entry in self._lost if where == key]
            if pairs:
                more = f" and {len(pairs) - _MOST_NAMES} more" if len(pairs) > _MOST_NAMES else ""
                yield f"{key}: clients that go by names of tensors use {', '.join(pairs[:_MOST_NAMES])}{more}."

    def _is_free(self, name: str) -> bool:
        return name not in self._taken

    def _dtype(self, tensor: TensorName) -> int:
        return output_argument(self._nodes[tensor.node], tensor.index, self._functions).dtype

    def _is_same(self, one: str, other: str) -> bool:
        """Tell whether two placeholders are alike, their defaults included."""
        return self._content(one) == self._content(other) and self._default(one) == self._default(other)

    def _content(self, name: str) -> bytes:
        copy = type(self._nodes[name])()
        copy.CopyFrom(self._nodes[name])
        copy.ClearField("name")
        copy.ClearField("input")
        return bytes(copy.SerializeToString(deterministic=True))

    def _default(self, name: str) -> bytes | None:
        if not self._nodes[name].input:
            return None
        node = self._nodes.get(source_node(self._nodes[name].input[0]))
        value = node.attr["value"] if node is not None and node.op == "Const" else None
        # A default that is computed is like no other.
        return name.encode() if value is None else bytes(value.SerializeToString(deterministic=True))


def _renamed(edge: str, new: Mapping[str, str]) -> str:
    node = source_node(edge)
    if node not in new:
        return edge
    return f"^{new[node]}" if is_control(edge) else new[node] + edge[len(node) :]

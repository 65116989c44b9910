"""Which tensors of a TF1 graph show the buffer of a variable as it is when they are used, not as it was when made.

TensorFlow 1 hands the buffer of a reference to whoever takes its value, and an op that has nothing to compute hands
it on: `Identity`, `Reshape`, the branches of a conditional. All assignments but those that change the number of
elements write into that buffer. Measured with TensorFlow 1.15.5 op by op: tests/graph/test_shared_buffers.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from migrate.graph.bits import union
from migrate.graph.flow import FRAME_OPS, MERGE_OPS, Flow, closes_loop
from migrate.graph.op_arguments import input_argument
from migrate.graph.reference_ops import PASSING_OPS, VARIABLE_OPS, WRITING_OPS
from migrate.graph.tensor_name import TensorName, is_control, parse_tensor, source_node

# Ops that hand a value on as it is, so that a handle can take its place.
HANDLE_OPS = frozenset({"Identity", "Switch", "Merge", "Enter", "Exit", "NextIteration"})
# Ops whose output is the buffer of input 0 in another shape or type, or with a check; some only where nothing is to do.
_VIEW_OPS = frozenset({
    "Bitcast", "CheckNumerics", "EnsureShape", "ExpandDims", "Identity", "IdentityN", "PlaceholderWithDefault",
    "PreventGradient", "Print", "Reshape", "Squeeze", "StopGradient", "Switch",
})  # fmt: skip
_VIEWS_OF_ONE = {"Pack": "N", "AddN": "N", "Split": "num_split", "SplitV": "num_split"}
_REDUCTIONS = ("All", "Any", "Max", "Mean", "Min", "Prod", "ReverseV2", "Sum")
# Ops that hand their input on where their other inputs are constants that leave nothing to do.
_IDLE_OPERANDS: dict[str, Callable[..., bool]] = {
    **dict.fromkeys(_REDUCTIONS, lambda axes: not axes),
    "Pad": lambda paddings: not any(paddings),
    "PadV2": lambda paddings, _: not any(paddings),
    "Tile": lambda multiples: all(each == 1 for each in multiples),
    "Transpose": lambda order: order == sorted(order),
    "Slice": lambda begin, size: not any(begin) and size is not None and all(each == -1 for each in size),
}
_COUNTING_OPS = frozenset({"CountUpTo"})


class Sharing(Enum):
    """How a node's outputs show a buffer."""

    HANDLE = "handle"  # its outputs become handles of the variable
    VIEW = "view"  # its outputs are made of inputs that share the buffer


@dataclass(frozen=True, slots=True)
class SharedBuffers:
    """Variables are bits, in the order of `variables`.

    Attributes:
        variables: the nodes that make variables.
        references: for the nodes that give references, the variables that these may be of.
        written: for the nodes that write variables, which.
        replaced: the variables that may get another buffer; values that were taken of them stay what they were.
        sharing: the nodes whose values show the buffer of a variable that is written.
        shown: for these, by output, the variables.
    """

    variables: tuple[str, ...]
    references: dict[int, int]
    written: dict[int, int]
    replaced: int
    sharing: dict[int, Sharing]
    shown: dict[int, dict[int, int]]

    @classmethod
    def of(cls, flow: Flow) -> SharedBuffers:
        """Follow the references through a graph, then the values that share their buffers."""
        variables = [number for number, node in enumerate(flow.nodes) if node.op in VARIABLE_OPS]
        references = _references(flow, {number: 1 << bit for bit, number in enumerate(variables)})
        written = {
            number: union(references.get(source, 0) for source in _written_sources(flow, node))
            for number, node in enumerate(flow.nodes)
            if node.op in WRITING_OPS or node.op in _COUNTING_OPS
        }
        replaced = union(bits for number, bits in written.items() if _may_replace(flow.nodes[number]))
        followed = _Followed(flow, references, union(written.values()), replaced)
        followed.follow()
        names = tuple(flow.nodes[number].name for number in variables)
        return cls(names, references, written, replaced, followed.sharing, followed.shown)

    def of_tensor(self, number: int, index: int) -> int:
        """Return the variables that are written and whose buffer a tensor shows."""
        return self.shown.get(number, {}).get(index, 0)


@dataclass(slots=True)
class _Followed:
    flow: Flow
    references: dict[int, int]
    all_written: int
    replaced: int
    sharing: dict[int, Sharing] = field(default_factory=dict)
    shown: dict[int, dict[int, int]] = field(default_factory=dict)
    # Loops whose variable does not stay the same buffer: what enters them is a copy.
    changed_loops: set[int] = field(default_factory=set)
    entries: set[int] = field(default_factory=set)

    def follow(self) -> None:
        while True:
            self.sharing.clear()
            self.shown.clear()
            for number in self.flow.order:
                self._visit(number, self.flow.nodes[number])
            changed = {loop for loop in self._loops() if self._changes(loop)}
            if changed <= self.changed_loops:
                return
            self.changed_loops |= changed
            self.entries.update(source for loop in changed for source in self.flow.sources[loop])

    def _visit(self, number: int, node: Any) -> None:
        if number in self.references:
            bits = self.references[number] & self.all_written
            if bits:
                self._set(number, Sharing.HANDLE, dict.fromkeys(range(2), bits))
        elif node.op in MERGE_OPS:
            self._visit_merge(number, node)
        elif node.op in FRAME_OPS:
            source, bits = self._input(node, 0)
            if bits and self.sharing[source] is Sharing.HANDLE and not self._enters_changed_loop(number, node):
                self._set(number, Sharing.HANDLE, {0: bits})
        elif node.op in _VIEW_OPS or self._has_nothing_to_do(node):
            self._visit_view(number, node)

    def _visit_view(self, number: int, node: Any) -> None:
        if node.op == "IdentityN":
            shown = {place: bits for place, _ in _data_inputs(node) if (bits := self._input(node, place)[1])}
            if shown:
                self._set(number, Sharing.VIEW, shown)
            return
        source, bits = self._input(node, 1 if node.op == "Split" else 0)
        if bits:
            is_handle = node.op in HANDLE_OPS and self.sharing[source] is Sharing.HANDLE
            outputs = 2 if node.op == "Switch" else 1
            self._set(number, Sharing.HANDLE if is_handle else Sharing.VIEW, dict.fromkeys(range(outputs), bits))

    def _has_nothing_to_do(self, node: Any) -> bool:
        """Whether an op that copies otherwise hands its input on, as its attributes and constants tell."""
        if node.op in _VIEWS_OF_ONE:
            return bool(node.attr[_VIEWS_OF_ONE[node.op]].i == 1)
        if node.op == "Cast":
            return bool(node.attr["SrcT"].type == node.attr["DstT"].type)
        if node.op == "StridedSlice":
            return _slices_all(node, self._constant(node.input[3]))
        if node.op not in _IDLE_OPERANDS or len(node.input) < 2:
            return False
        operands = [self._constant(edge) for edge in node.input[1:] if not is_control(edge)]
        return operands[0] is not None and _IDLE_OPERANDS[node.op](*operands)

    def _constant(self, edge: str) -> list[int] | None:
        source = self.flow.numbers.get(source_node(edge))
        if source is None or self.flow.nodes[source].op != "Const":
            return None
        import tensorflow as tf

        values: list[int] = tf.make_ndarray(self.flow.nodes[source].attr["value"].tensor).ravel().tolist()
        return values

    def _visit_merge(self, number: int, node: Any) -> None:
        if number in self.changed_loops:
            return
        inputs = [
            (source, bits)
            for place, tensor in _data_inputs(node)
            for source, bits in [self._input(node, place)]
            if not self._is_back(tensor)
        ]
        bits = union(bits for _, bits in inputs)
        if not bits:
            return
        if all(each and self.sharing[source] is Sharing.HANDLE for source, each in inputs):
            self._set(number, Sharing.HANDLE, {0: bits})
        elif len(inputs) == len(list(_data_inputs(node))):
            self._set(number, Sharing.VIEW, {0: bits})

    def _input(self, node: Any, place: int) -> tuple[int, int]:
        """Return the source of a data input, -1 for none, and the variables that may be replaced left out."""
        if place >= len(node.input) or is_control(node.input[place]):
            return -1, 0
        tensor = parse_tensor(node.input[place])
        source = self.flow.numbers.get(tensor.node, -1)
        return source, self.shown.get(source, {}).get(tensor.index, 0) & ~self.replaced

    def _set(self, number: int, sharing: Sharing, shown: dict[int, int]) -> None:
        self.sharing[number], self.shown[number] = sharing, shown

    def _is_back(self, tensor: TensorName) -> bool:
        source = self.flow.numbers.get(tensor.node)
        return source is not None and self.flow.nodes[source].op in ("NextIteration", "RefNextIteration")

    def _loops(self) -> Iterator[int]:
        for number, node in enumerate(self.flow.nodes):
            if node.op == "Merge" and any(closes_loop(self.flow.nodes[s], node) for s in self.flow.sources[number]):
                yield number

    def _changes(self, loop: int) -> bool:
        """Whether a loop's variable begins as a shared buffer and does not stay one."""
        node = self.flow.nodes[loop]
        handles = [
            bits and self.sharing[source] is Sharing.HANDLE
            for place, _ in _data_inputs(node)
            for source, bits in [self._input(node, place)]
        ]
        return any(handles) and not all(handles)

    def _enters_changed_loop(self, number: int, node: Any) -> bool:
        return node.op == "Enter" and not node.attr["is_constant"].b and number in self.entries


def _references(flow: Flow, references: dict[int, int]) -> dict[int, int]:
    for number in flow.order:
        node = flow.nodes[number]
        if node.op in PASSING_OPS or node.op in WRITING_OPS:
            tensors = [tensor for _, tensor in _data_inputs(node)]
            taken = tensors if node.op == "RefMerge" else tensors[:1]
            sources = (flow.numbers.get(tensor.node, -1) for tensor in taken)
            references[number] = union(references.get(source, 0) for source in sources)
    return references


def _written_sources(flow: Flow, node: Any) -> Iterator[int]:
    """Yield what an op writes to: an optimizer's step changes its slots, too."""
    for place, tensor in _data_inputs(node):
        if input_argument(node, place).is_ref:
            yield flow.numbers.get(tensor.node, -1)


def _slices_all(node: Any, strides: list[int] | None) -> bool:
    """Whether a slice names no borders, as `v[:]`, `v[...]` and `v[tf.newaxis]` do."""
    masks = {name: int(node.attr[f"{name}_mask"].i) for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    covered = masks["begin"] & masks["end"] | masks["ellipsis"] | masks["new_axis"]
    steps_by_one = bool(strides) and all(stride == 1 for stride in strides or ())
    return steps_by_one and covered == (1 << len(strides or ())) - 1 and not masks["shrink_axis"]


def _may_replace(node: Any) -> bool:
    """Whether an assignment of another size may give the variable another buffer."""
    return bool(node.op == "Assign" and "validate_shape" in node.attr and not node.attr["validate_shape"].b)


def _data_inputs(node: Any) -> Iterator[tuple[int, TensorName]]:
    for place, edge in enumerate(node.input):
        if not is_control(edge):
            yield place, parse_tensor(edge)

"""Turns the reference state of TF1 into resource state, so that a graph can live in a TF2 function.

Every edge that carries a reference becomes an edge that carries a resource handle. Where an op takes the value of a
reference, a `ReadVariableOp` is put in between. An op that changes a variable and hands its reference on becomes the
resource op, followed by an `Identity` of the handle under the old name: whoever used the reference sees the changed
variable, and control dependencies on the old name still wait for the change.

A variable that the graph does not change is read once for each edge. Otherwise ops share a read when the same writes
came before them: TF1 looks at a reference when an op runs (graph/read_order.py). A value that shares the variable's
buffer, as `Identity` of a reference does, shows what is written later (graph/shared_buffers.py): it is handed on as a
handle, or made again of a later read where the ops that use it run after a write that it did not wait for. What is
fetched of a buffer is what it holds when all has run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from migrate.errors import RefusedModelError
from migrate.graph.flow import MERGE_OPS, Flow
from migrate.graph.op_arguments import input_argument, output_argument
from migrate.graph.open_order import OpenOrder, Read
from migrate.graph.read_order import Past, ReadOrder
from migrate.graph.reference_ops import PASSING_OPS, TABLE_OPS, USING_OPS, VARIABLE_OPS, WRITING_OPS
from migrate.graph.shared_buffers import SharedBuffers, Sharing
from migrate.graph.tensor_name import TensorName, edge_to, is_control, parse_tensor
from migrate.tensorflow_private.op_defs import op_def

_DT_RESOURCE = 20
# Views that do something besides: they do it once, and what is made of a later read waits for them.
_CHECKING_VIEWS = frozenset({"CheckNumerics", "EnsureShape", "PlaceholderWithDefault", "Print"})
_NOBODY = -1


@dataclass(frozen=True, slots=True)
class ResourceGraph:
    """A graph without references.

    Attributes:
        nodes: NodeDefs; every variable is a VarHandleOp and every table a V2 table op, under their old names.
        values: what to fetch in place of a tensor that shows the buffer of a variable.
        unordered: the variables between whose reads and writes TF1's graph has no order.
    """

    nodes: tuple[Any, ...]
    values: Mapping[TensorName, TensorName]
    unordered: tuple[str, ...] = ()


def to_resource_state(nodes: Iterable[Any], fetches: Iterable[TensorName]) -> ResourceGraph:
    """Convert a cut graph; nodes without references are passed on as they are.

    Raises:
        RefusedModelError: an op works on a reference and has no resource counterpart.
    """
    flow = Flow.of(nodes)
    conversion = _Conversion(flow, ReadOrder(flow, SharedBuffers.of(flow)))
    for number, node in enumerate(flow.nodes):
        conversion.convert(number, node)
    values = conversion.fetched(tuple(dict.fromkeys(fetches)))
    unordered = conversion.settle_open_order()
    return ResourceGraph(tuple(conversion.result), values, unordered)


@dataclass(slots=True)
class _Conversion:
    flow: Flow
    order: ReadOrder
    result: list[Any] = field(default_factory=list)
    made: dict[str, int] = field(default_factory=dict)  # names of new nodes, and the next number for each
    made_reads: dict[tuple[TensorName, tuple[str, ...]], str] = field(default_factory=dict)
    made_views: dict[tuple[TensorName, int, int], str] = field(default_factory=dict)
    reads: list[Read] = field(default_factory=list)
    writes: dict[int, Any] = field(default_factory=dict)

    def convert(self, number: int, node: Any) -> None:
        if node.op in VARIABLE_OPS:
            self._add_variable(node)
        elif node.op in TABLE_OPS:
            self._add_renamed(number, node, TABLE_OPS[node.op])
        elif node.op in PASSING_OPS:
            self._add_passing(number, node, PASSING_OPS[node.op])
        elif node.op in USING_OPS:
            self._add_renamed(number, node, USING_OPS[node.op])
        elif node.op in WRITING_OPS:
            self._add_writing(number, node)
        elif self.order.buffers.sharing.get(number) is Sharing.HANDLE:
            self._add_passing(number, node, node.op)
        else:
            self._refuse_references(node)
            self._add_with_reads(number, node)

    def fetched(self, fetches: tuple[TensorName, ...]) -> dict[TensorName, TensorName]:
        """Return what to fetch in place of tensors that show the buffer of a variable."""
        numbers = {fetch: self.flow.numbers[fetch.node] for fetch in fetches if fetch.node in self.flow.numbers}
        end = self.order.before_the_end(numbers.values())
        found: dict[TensorName, TensorName] = {}
        for fetch, number in numbers.items():
            # A fetch holds on to the buffer that it found; assignments that give another do not show.
            replaced = self.order.buffers.of_tensor(number, fetch.index) & self.order.buffers.replaced
            found[fetch] = parse_tensor(self._value(fetch, None if replaced else end, _NOBODY))
        return {fetch: value for fetch, value in found.items() if fetch != value}

    def settle_open_order(self) -> tuple[str, ...]:
        """Put reads before writes where TF1 leaves their order open, and return the variables where it does."""
        if not self.order.writes:
            return ()
        open_order = OpenOrder(self.order)
        for number, names in open_order.reads_first(self.reads, self._add_group).items():
            if number in self.writes:
                self.writes[number].input.extend(f"^{name}" for name in dict.fromkeys(names))
        return open_order.unordered(self.reads)

    def _is_reference(self, tensor: TensorName) -> bool:
        """Tell whether `tensor` carries the reference of a variable; the handles of TF1 tables never need a read."""
        number = self.flow.numbers.get(tensor.node)
        if number is None or self.flow.nodes[number].op in TABLE_OPS:
            return False
        return output_argument(self.flow.nodes[number], tensor.index).is_ref

    def _add_variable(self, node: Any) -> None:
        handle = self._new(node, node.name, "VarHandleOp", [])
        _copy_attributes(node, handle, {"dtype": "dtype", "shape": "shape", "container": "container"})
        handle.attr["shared_name"].s = node.attr["shared_name"].s or node.name.encode()

    def _add_renamed(self, number: int, node: Any, op: str) -> None:
        copy = self._new(node, node.name, op, self._inputs(number, node))
        _copy_known_attributes(node, copy)

    def _add_passing(self, number: int, node: Any, op: str) -> None:
        """Add a node that hands a handle on; the condition of a Switch may be a variable's value, too."""
        handles = len(node.input) if node.op in MERGE_OPS else 1
        copy = self._new(node, node.name, op, self._inputs(number, node, handles))
        _copy_known_attributes(node, copy)
        copy.attr["T"].type = _DT_RESOURCE

    def _add_writing(self, number: int, node: Any) -> None:
        handle = next(edge for edge in node.input if not is_control(edge))
        self._refuse_own_rows(number, node)
        inputs = self._inputs(number, node)
        write = self._new(node, self._free_name(f"{node.name}/write"), WRITING_OPS[node.op], inputs)
        _copy_known_attributes(node, write)
        self.writes[number] = write
        passed_on = self._new(node, node.name, "Identity", [handle, f"^{write.name}"])
        passed_on.attr["T"].type = _DT_RESOURCE

    def _add_with_reads(self, number: int, node: Any) -> None:
        inputs = self._inputs(number, node)
        self.result.append(node if inputs == list(node.input) else _with_inputs(node, inputs))

    def _inputs(self, number: int, node: Any, handles: int = 0) -> list[str]:
        """Return the inputs of `node`, with a read wherever it takes a variable's value; the first may be handles."""
        past = None if node.op in MERGE_OPS else self.order.before(number)
        return [
            edge
            if index < handles or is_control(edge) or input_argument(node, index).is_ref
            else self._value(parse_tensor(edge), past, number, edge)
            for index, edge in enumerate(node.input)
        ]

    def _value(self, tensor: TensorName, past: Past | None, consumer: int, edge: str = "") -> str:
        """Return the edge to what `tensor` shows when the ops of `past` have run; without one, when it is there."""
        edge = edge or edge_to(tensor)
        source = self.flow.numbers.get(tensor.node)
        if source is None:
            return edge
        buffers = self.order.buffers
        shown = buffers.of_tensor(source, tensor.index)
        if not shown and not self._is_reference(tensor):
            return edge
        waits = self.order.waits(past or self.order.pasts[source], shown, source) if shown else ()
        if buffers.sharing.get(source) is not Sharing.VIEW:
            return self._read(tensor, waits, consumer, shown)
        if consumer != _NOBODY:
            self.reads.append(Read("", consumer, shown, self._looks(consumer)))
        if not waits or past is None:
            return edge
        key = (tensor, past.last, past.barriers)
        if key not in self.made_views:
            self.made_views[key] = self._later_view(tensor, past, consumer)
        return self.made_views[key]

    def _later_view(self, tensor: TensorName, past: Past, consumer: int) -> str:
        """Make what `tensor` is made of a buffer again, of reads at a later time."""
        node = self.flow.nodes[self.flow.numbers[tensor.node]]
        name = self._free_name(f"{node.name}/later")
        if node.op in _CHECKING_VIEWS or node.op == "IdentityN":
            shared = node.input[tensor.index]
            inputs = [self._value(parse_tensor(shared), past, consumer, shared), f"^{node.name}"]
            view = self._new(node, name, "Identity", inputs)
            view.attr["T"].type = output_argument(node, tensor.index).dtype
            return name
        view = _with_inputs(node, [
            edge if is_control(edge) else self._value(parse_tensor(edge), past, consumer, edge) for edge in node.input
        ])  # fmt: skip
        view.name = name
        self.result.append(view)
        return edge_to(TensorName(name, tensor.index))

    def _read(self, tensor: TensorName, waits: tuple[str, ...], consumer: int, variables: int) -> str:
        key = (tensor, waits)
        if key not in self.made_reads:
            producer = self.flow.nodes[self.flow.numbers[tensor.node]]
            suffix = "" if tensor.index == 0 else f"_{tensor.index}"
            name = self._free_name(f"{tensor.node}/read_value{suffix}")
            read = self._new(producer, name, "ReadVariableOp", [edge_to(tensor), *(f"^{each}" for each in waits)])
            read.attr["dtype"].type = output_argument(producer, tensor.index).dtype
            self.made_reads[key] = name
        if variables and consumer != _NOBODY:
            self.reads.append(Read(self.made_reads[key], consumer, variables, self._looks(consumer)))
        return self.made_reads[key]

    def _looks(self, consumer: int) -> bool:
        is_view = self.order.buffers.sharing.get(consumer) is Sharing.VIEW
        return not is_view or self.flow.nodes[consumer].op in _CHECKING_VIEWS

    def _add_group(self, variable: str, names: list[str]) -> str:
        group = self._new(self.flow.nodes[0], self._free_name(f"{variable}/reads"), "NoOp", [f"^{n}" for n in names])
        return str(group.name)

    def _free_name(self, name: str) -> str:
        number = self.made.get(name, 0)
        candidate = f"{name}_{number}" if number else name
        while candidate in self.flow.numbers or candidate in self.made:
            number += 1
            candidate = f"{name}_{number}"
        self.made[candidate] = 1
        self.made[name] = number + 1
        return candidate

    def _new(self, original: Any, name: str, op: str, inputs: list[str]) -> Any:
        node = type(original)(name=name, op=op, input=inputs)
        self.result.append(node)
        return node

    def _refuse_own_rows(self, number: int, node: Any) -> None:
        """Refuse what reads rows of a buffer while it writes others of it: which it has read by then is chance."""
        for index, edge in enumerate(node.input if _writes_rows(node.op) else ()):
            tensor = parse_tensor(edge.removeprefix("^"))
            shown = self.order.buffers.of_tensor(self.flow.numbers.get(tensor.node, -1), tensor.index)
            is_value = not is_control(edge) and not input_argument(node, index).is_ref
            if is_value and shown & self.order.buffers.written[number]:
                raise RefusedModelError(
                    f"the op {node.op} (node {node.name!r}) writes rows into the variable that it takes them from, and "
                    "TensorFlow 1 reads some after it has changed them; export the model with a copy of the value "
                    "(`value + 0`) in between."
                )

    def _refuse_references(self, node: Any) -> None:
        takes_reference = any(
            not is_control(edge) and input_argument(node, index).is_ref for index, edge in enumerate(node.input)
        )
        if takes_reference or output_argument(node, 0).is_ref:
            raise RefusedModelError(
                f"the op {node.op} (node {node.name!r}) works on a TF1 reference and TensorFlow 2 has no counterpart "
                "of it for resource variables; take the node out of what the signatures need."
            )


def _writes_rows(op: str) -> bool:
    return op.startswith(("Scatter", "SparseApply")) or op == "StridedSliceAssign"


def _with_inputs(node: Any, inputs: Iterable[str]) -> Any:
    copy = type(node)()
    copy.CopyFrom(node)
    del copy.input[:]
    copy.input.extend(inputs)
    return copy


def _copy_known_attributes(source: Any, target: Any) -> None:
    """Copy the attributes that the target op has; a variable op's `T` is called `dtype` in most resource ops."""
    definition = op_def(target.op)
    if definition is None:
        raise RefusedModelError(
            f"the node {source.name!r} needs the op {target.op}, which this TensorFlow does not know."
        )
    names = {attribute.name for attribute in definition.attr}
    _copy_attributes(source, target, {name: name for name in names})
    if "dtype" in names and "dtype" not in source.attr and "T" in source.attr:
        target.attr["dtype"].CopyFrom(source.attr["T"])


def _copy_attributes(source: Any, target: Any, names: Mapping[str, str]) -> None:
    for old, new in names.items():
        if old in source.attr:
            target.attr[new].CopyFrom(source.attr[old])

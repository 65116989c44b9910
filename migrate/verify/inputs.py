"""Plans the requests that a signature is run with."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from migrate.graph.tensor_name import parse_tensor
from migrate.verify.dataflow import DataFlow, Tensor
from migrate.verify.proof import ProofOptions
from migrate.verify.session_model import SessionModel, asset_files
from migrate.verify.shapes import ShapeHint, concrete_shape, shape_hint
from migrate.verify.signature_tensors import Array, Slot, SlotTensor, Values, slot_tensors
from migrate.verify.sparse_inputs import SparseGroup, sparse_groups, sparse_values
from migrate.verify.telling import nothing_dropped
from migrate.verify.user_inputs import user_requests
from migrate.verify.values import Filling, ValueMaker, Variation
from migrate.verify.vocabulary import Vocabulary
from migrate.verify.warmup import warmup_requests

_SIZES = (2, 1, 4, 5, 8, 10, 16, 28, 32, 64, 100, 128, 224, 256, 299, 784)
_BATCHES, _SINGLE = (1, 3), (1, 1)


# Numbers that send a graph another way than random ones do, or train and serve in turn.
_FURTHER = (
    Filling.VARIED, Filling.ONES, Filling.ZEROS, Filling.NEGATIVE, Filling.LARGE, Filling.LARGE_NEGATIVE, Filling.VARIED
)  # fmt: skip


def _none() -> Iterator[Values]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Plan:
    """The requests to try, in order; `further` are others of the same sizes, for what those leave untried."""

    requests: tuple[Values, ...]
    further: Callable[[], Iterator[Values]] = _none


class RequestPlanner:
    """Makes requests for the signatures of one loaded original."""

    def __init__(self, model: SessionModel, options: ProofOptions, readable: Path) -> None:
        """Read what the graph tells about its inputs.

        Args:
            model: the loaded original.
            options: may name a file of inputs.
            readable: a file that stays where it is, for inputs that name one.
        """
        self._graph = model.graph
        self._flow = DataFlow(model.meta_graph.graph_def)
        assets = model.export_dir / "assets"
        self._vocabulary = Vocabulary(
            self._flow, {tensor: assets / name for tensor, name in asset_files(model.meta_graph).items()}, readable
        )
        self._user = user_requests(Path(options.inputs), model.meta_graph) if options.inputs is not None else {}
        self._warmups = warmup_requests(model.export_dir, model.meta_graph)
        self.notes: list[str] = list(self._warmups.notes)

    def warmups(self, key: str) -> tuple[Values, ...]:
        """Return the recorded warm-up requests of a signature."""
        return self._warmups.requests.get(key, ())

    def plans(self, key: str, signature: Any) -> Iterator[Plan]:
        """Yield plans, the likeliest first; the inputs that the user gave are the only plan where there are any."""
        if key in self._user:
            yield Plan(self._user[key])
            return
        slots = slot_tensors(signature.inputs)
        inputs = _SignatureInputs(key, slots, self._flow, self._graph)
        for variation, batches in inputs.attempts():
            requests = (
                inputs.request(self._vocabulary, variation, number, batch) for number, batch in enumerate(batches)
            )
            yield Plan(tuple(requests), functools.partial(inputs.further, self._vocabulary, variation, batches))


class _SignatureInputs:
    """What is known of the inputs of one signature."""

    def __init__(self, key: str, slots: tuple[SlotTensor, ...], flow: DataFlow, graph: tf.Graph) -> None:
        self._seed = zlib.crc32(key.encode())
        self._flow = flow
        self._graph = graph
        self._slots = slots
        self._tensors = {each.slot: _tensor(each) for each in slots}
        self._shapes = {each.slot: self._shape(each) for each in slots}
        self._hints = {slot: shape_hint(flow, tensor, self.static_shape) for slot, tensor in self._tensors.items()}
        self._groups = sparse_groups(self._tensors, flow)
        self._has_batch = bool(self._groups) or any(shape is None or -1 in shape[:1] for shape in self._shapes.values())

    def attempts(self) -> Iterator[tuple[Variation, tuple[int, int]]]:
        """Yield what to try: the numbers and sizes, and the batch size of each request."""
        yield Variation(), _BATCHES
        yield Variation(row_values=1), _BATCHES
        yield Variation(), _SINGLE
        yield Variation(Filling.ONES, row_values=1), _BATCHES
        yield Variation(Filling.ZEROS, row_values=1), _BATCHES
        for size in dict.fromkeys((*self._hinted_sizes(), *_SIZES)):
            yield Variation(size=size, row_values=1), _BATCHES
            if self._has_batch:
                yield Variation(size=size, row_values=1), _SINGLE
        for batch in self._hinted_sizes():
            yield Variation(row_values=1), (batch, batch)

    def request(self, vocabulary: Vocabulary, variation: Variation, number: int, batch: int) -> dict[Slot, Array]:
        maker = ValueMaker(self._flow, vocabulary, self.static_shape, variation, number, self._seed)
        # Two keys may name one tensor, which takes one value.
        made: dict[Tensor, Array] = {}
        for group in self._groups:
            made.update(self._sparse(group, maker, variation, batch))
        for each in self._slots:
            tensor = self._tensors[each.slot]
            if tensor not in made:
                made[tensor] = self._dense(each, maker, variation, number, batch)
        return {each.slot: made[self._tensors[each.slot]] for each in self._slots}

    def further(
        self, vocabulary: Vocabulary, variation: Variation, batches: tuple[int, int]
    ) -> Iterator[dict[Slot, Array]]:
        """Yield more requests of the sizes of an attempt."""
        for number, filling in enumerate(_FURTHER, start=len(batches)):
            for batch in dict.fromkeys(reversed(batches)):
                yield self.request(vocabulary, replace(variation, filling=filling), number, batch)

    def static_shape(self, tensor: Tensor) -> tuple[int, ...] | None:
        """Return the shape that TensorFlow's shape inference found, -1 for unknown; of a handle, its variable's."""
        if tensor.scope:
            _, node = self._flow.origin(tensor)
        else:
            found = self._inferred(tensor)
            if found is not None:
                return found
            _, node = self._flow.origin(tensor)
        if node is not None and node.op == "ReadVariableOp":
            return self.static_shape(self._flow.inputs(tensor.scope, node)[0]) if not tensor.scope else None
        if node is not None and node.op in ("VarHandleOp", "VariableV2", "Variable"):
            return tuple(dim.size for dim in node.attr["shape"].shape.dim)
        if node is not None and node.op == "Const":
            return tuple(dim.size for dim in node.attr["value"].tensor.tensor_shape.dim)
        return None

    def _inferred(self, tensor: Tensor) -> tuple[int, ...] | None:
        try:
            found = self._graph.get_tensor_by_name(f"{tensor.node}:{tensor.place}")
        except (KeyError, ValueError):
            return None
        if found.dtype == tf.resource or found.shape.rank is None:
            return None
        return tuple(-1 if dim is None else dim for dim in found.shape.as_list())

    def _shape(self, each: SlotTensor) -> tuple[int, ...] | None:
        """Return the placeholder's shape, with what only the TensorInfo knows; the graph is right where they differ."""
        known = self._inferred(self._tensors[each.slot])
        if known is None:
            return each.shape
        if each.shape is None or len(each.shape) != len(known):
            return known
        return tuple(true if true >= 0 else stated for true, stated in zip(known, each.shape, strict=True))

    def _dtype(self, each: SlotTensor) -> tf.DType:
        try:
            dtype = self._graph.get_tensor_by_name(each.tensor).dtype
        except (KeyError, ValueError):
            dtype = tf.dtypes.as_dtype(each.dtype or 1)
        return dtype.base_dtype

    def _dense(self, each: SlotTensor, maker: ValueMaker, variation: Variation, number: int, batch: int) -> Array:
        tensor, dtype = self._tensors[each.slot], self._dtype(each)
        default = self._default(tensor)
        probability = nothing_dropped(self._flow, tensor) if dtype.is_floating else None
        if probability is not None:
            # What chance decides cannot be compared.
            shape = default.shape if default is not None else self._shapes[each.slot] or ()
            filled = [batch if dim < 0 else dim for dim in shape]
            return np.full(filled, probability).astype(dtype.as_numpy_dtype)
        if default is not None and variation.filling is Filling.VARIED:
            if number == 0:
                return default
            return maker.make(tensor, dtype, default.shape)
        shape = concrete_shape(self._shapes[each.slot], self._hints[each.slot], batch, variation.size)
        return maker.make(tensor, dtype, shape)

    def _default(self, tensor: Tensor) -> Array | None:
        """Return the constant that a `placeholder_with_default` falls back to."""
        node = self._flow.node(tensor)
        if node is None or node.op != "PlaceholderWithDefault":
            return None
        return self._flow.constant(self._flow.inputs("", node)[0])

    def _sparse(
        self, group: SparseGroup, maker: ValueMaker, variation: Variation, batch: int
    ) -> Mapping[Tensor, Array]:
        indices, values, dense_shape = sparse_values(
            group, self._flow, self.static_shape, batch, variation.size, variation.row_values
        )
        dtype = next(
            (self._dtype(each) for each in self._slots if self._tensors[each.slot] == group.values), tf.float32
        )
        return {
            group.indices: indices,
            group.values: maker.make(group.values, dtype, (len(values),)),
            group.dense_shape: dense_shape,
        }

    def _hinted_sizes(self) -> list[int]:
        hints: list[ShapeHint] = list(self._hints.values())
        sizes = [size for hint in hints for size in (hint.last, hint.elements) if size]
        roots = [round(size**0.5) for size in sizes if round(size**0.5) ** 2 == size]
        return [size for size in (*sizes, *roots) if 1 < size <= 4096]


def _tensor(each: SlotTensor) -> Tensor:
    try:
        name = parse_tensor(each.tensor)
    except ValueError:
        return Tensor("", each.tensor, 0)
    return Tensor("", name.node, name.index)

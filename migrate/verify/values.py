"""Makes values for a tensor out of what the graph does with it behind the input."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import tensorflow as tf

from migrate.graph.op_arguments import output_argument, output_count
from migrate.verify import encoded
from migrate.verify.dataflow import DataFlow, Tensor, Use
from migrate.verify.examples import example_bytes, example_json, sequence_bytes
from migrate.verify.op_ports import input_argument_name, inputs_named
from migrate.verify.parse_spec import EXAMPLE_OPS, SEQUENCE_OPS, features
from migrate.verify.signature_tensors import Array
from migrate.verify.telling import around, thresholds
from migrate.verify.vocabulary import OUT_OF_VOCABULARY, Vocabulary

_STRING = 7
_CONTROL_FLOW = frozenset({"Enter", "Exit", "Switch", "Merge", "NextIteration", "RefEnter", "RefSwitch"})
_KEEPS_INDICES = _CONTROL_FLOW | {
    "Identity", "StopGradient", "Reshape", "ExpandDims", "Squeeze", "Cast", "Unique", "UniqueV2", "Transpose", "Pack",
    "ConcatV2", "Slice", "StridedSlice", "Tile", "SparseFillEmptyRows", "DynamicPartition", "PlaceholderWithDefault",
    "SparseReorder", "GatherV2", "GatherNd", "Maximum", "Where", "Unpack", "Split", "ReverseSequence", "ReverseV2",
    "Bitcast", "RaggedTensorToTensor",
}  # fmt: skip
_GATHERS = frozenset({"Gather", "GatherV2", "ResourceGather"})
_DEFAULT_BOUND = 5


class Filling(Enum):
    """What numbers to feed."""

    VARIED = "varied"
    ONES = "ones"
    ZEROS = "zeros"
    NEGATIVE = "negative"
    LARGE = "large"
    LARGE_NEGATIVE = "large negative"


_FILLED_WITH = {
    Filling.ONES: 1,
    Filling.ZEROS: 0,
    Filling.NEGATIVE: -1,
    Filling.LARGE: 1000,
    Filling.LARGE_NEGATIVE: -1000,
}


@dataclass(frozen=True, slots=True)
class Variation:
    """One attempt.

    Attributes:
        filling: what numbers.
        size: of dimensions and images that the graph leaves open, None to guess.
        row_values: how many values a row of a sparse tensor has at most.
    """

    filling: Filling = Filling.VARIED
    size: int | None = None
    row_values: int = 2


class ValueMaker:
    """Makes values for one request; `number` counts the requests of a signature from 0."""

    def __init__(
        self,
        flow: DataFlow,
        vocabulary: Vocabulary,
        static_shape: Callable[[Tensor], tuple[int, ...] | None],
        variation: Variation,
        number: int,
        seed: int,
    ) -> None:
        self._flow = flow
        self._vocabulary = vocabulary
        self._static_shape = static_shape
        self._variation = variation
        self._number = number
        self._random = np.random.default_rng([seed, number])
        self._given: dict[Tensor, int] = {}

    def make(self, tensor: Tensor, dtype: tf.DType, shape: tuple[int, ...]) -> Array:
        """Return an array of this dtype and shape that the graph is likely to accept for `tensor`."""
        count = int(np.prod(shape, dtype=np.int64))
        if dtype == tf.string:
            array = np.empty(count, dtype=object)
            array[:] = self.strings(tensor, count)
            return array.reshape(shape)
        values = self._numbers(tensor, dtype, count, is_scalar=not shape)
        return values.reshape(shape)

    def _numbers(self, tensor: Tensor, dtype: tf.DType, count: int, *, is_scalar: bool) -> Array:
        kind = np.dtype(dtype.as_numpy_dtype)
        if kind.fields is not None:
            # Quantised types: a structure of one integer.
            array = np.zeros(count, dtype=kind)
            array[kind.names[0]] = self._integers(tensor, count)
            return array
        if dtype == tf.bool:
            return np.equal((np.arange(count) + self._number) % 2, 1)
        if self._variation.filling is not Filling.VARIED:
            return np.full(count, _FILLED_WITH[self._variation.filling]).astype(kind)
        if dtype.is_complex:
            return (self._random.normal(size=count) + 1j * self._random.normal(size=count)).astype(kind)
        if dtype.is_floating:
            return self._floats(tensor, count, is_scalar=is_scalar).astype(np.float32).astype(kind)
        if dtype in (tf.uint8, tf.quint8):
            return self._random.integers(0, 256, count).astype(kind)
        if is_scalar and self._index_bound(tensor) is None:
            return np.full(count, 1 + self._number % 2).astype(kind)
        return self._integers(tensor, count).astype(kind)

    def _floats(self, tensor: Tensor, count: int, *, is_scalar: bool) -> Array:
        compared = thresholds(self._flow, tensor)
        if compared.size:
            return around(compared, count, self._random)
        if is_scalar:
            # More often a probability to keep or a temperature than data.
            return np.full(count, 1.0 if self._number % 2 == 0 else 0.75)
        return self._random.normal(size=count)

    def _integers(self, tensor: Tensor, count: int) -> Array:
        known = [key for key in self._table_keys(tensor) if isinstance(key, int)]
        if known:
            return np.array([*self._random.choice(known, max(count - 1, 0)), 10**6][-count:] if count else [], np.int64)
        bound = self._index_bound(tensor) or _DEFAULT_BOUND
        return self._random.integers(0, bound, count)

    def _index_bound(self, tensor: Tensor) -> int | None:
        """Return below which number indices stay, where the tensor comes to index something of a known size."""
        bounds = []
        for use in self._flow.uses(tensor, lambda node: node.op in _KEEPS_INDICES):
            if use.node.op in _GATHERS and use.place == 1:
                bounds.append(self._gathered_size(use))
        known = [bound for bound in bounds if bound]
        return min(known) if known else None

    def _gathered_size(self, use: Use) -> int | None:
        inputs = self._flow.inputs(use.scope, use.node)
        axis = self._flow.constant(inputs[2]) if len(inputs) > 2 else None
        shape = self._static_shape(inputs[0])
        place = int(axis) if axis is not None and axis.size == 1 else 0
        if not shape or not -len(shape) <= place < len(shape) or shape[place] <= 0:
            return None
        return shape[place]

    def strings(self, tensor: Tensor, count: int) -> list[bytes]:
        """Return strings that the graph can parse, decode or look up."""
        words: list[bytes] = []
        for use in self._flow.uses(tensor, self._keeps_strings):
            made = self._structured(use, count)
            if made is not None:
                return made
            words += [word for word in self._words_at(use) if isinstance(word, bytes)]
        words = list(dict.fromkeys(words)) or self._vocabulary.words()
        return self._chosen(tensor, words, count)

    def _chosen(self, tensor: Tensor, words: list[bytes], count: int) -> list[bytes]:
        """Return words of the vocabulary in turn, with one that it does not hold among every three.

        The examples of a batch ask one after the other for a feature's words: each goes on where the last one ended.
        """
        start = self._given.get(tensor, 0)
        self._given[tensor] = start + count
        if not words:
            # Different everywhere, so that strings that change places are seen.
            return [b"%b-%d" % (OUT_OF_VOCABULARY, self._random.integers(10**6)) for _ in range(count)]
        return [
            OUT_OF_VOCABULARY if i % 3 == 2 else words[(self._number + i) % len(words)]
            for i in range(start, start + count)
        ]

    def _table_keys(self, tensor: Tensor) -> list[Any]:
        return [key for use in self._flow.uses(tensor, lambda n: n.op in _KEEPS_INDICES) for key in self._words_at(use)]

    def _words_at(self, use: Use) -> list[Any]:
        inputs = self._flow.inputs(use.scope, use.node)
        if use.node.op in ("LookupTableFind", "LookupTableFindV2") and use.place == 1:
            return self._vocabulary.of_table(inputs[0])
        if use.node.op in ("Equal", "NotEqual") and len(inputs) == 2:
            constant = self._flow.constant(inputs[1 - use.place])
            return constant.ravel().tolist()[:50] if constant is not None else []
        return []

    def _keeps_strings(self, node: Any) -> bool:
        if node.op in _CONTROL_FLOW or node.op.startswith(("TensorArray", "TensorList")):
            return True
        count = output_count(node)
        return count is None or any(output_argument(node, index).dtype == _STRING for index in range(count))

    def _structured(self, use: Use, count: int) -> list[bytes] | None:
        """Return what a decoding op accepts, or None where `use` is none."""
        op, argument = use.node.op, input_argument_name(use.node, use.place)
        if op in EXAMPLE_OPS and argument == "serialized":
            read = features(self._flow, use.scope, use.node)
            return [example_bytes(read, self.make, index, self._variation.row_values) for index in range(count)]
        if op in SEQUENCE_OPS and argument == "serialized":
            read = features(self._flow, use.scope, use.node)
            return [sequence_bytes(read, self.make, index, self._variation.row_values) for index in range(count)]
        if op == "DecodeJSONExample":
            parse = self._parse_behind(use)
            return [example_json(parse, self.make, index, self._variation.row_values) for index in range(count)]
        if op in encoded.IMAGE_OPS and argument == "contents":
            side = self._variation.size or self._image_side(use) or 40
            return [encoded.image(use.node, side, self._random) for _ in range(count)]
        if op == "ReadFile":
            return [os.fsencode(self._vocabulary.readable)] * count
        if op == "DecodeWav":
            return [encoded.sound(self._random) for _ in range(count)]
        if op == "DecodeBase64":
            inner = self.strings(Tensor(use.scope, use.node.name, 0), count)
            return [base64.urlsafe_b64encode(each).rstrip(b"=") for each in inner]
        if op == "StringToNumber":
            return [str(value).encode() for value in self._integers(Tensor(use.scope, use.node.name, 0), count)]
        if op == "DecodeRaw" and argument == "bytes":
            return [self._raw(use) for _ in range(count)]
        if op == "DecodeCSV" and argument == "records":
            return self._csv(use, count)
        return None

    def _parse_behind(self, use: Use) -> Any:
        for further in self._flow.uses(Tensor(use.scope, use.node.name, 0), self._keeps_strings):
            if further.node.op in EXAMPLE_OPS:
                return features(self._flow, further.scope, further.node)
        return ()

    def _image_side(self, use: Use) -> int | None:
        """Return the height of the fixed shape that a decoded image is reshaped to."""
        keeps = _KEEPS_INDICES | {"Mul", "Sub", "RealDiv", "Div"}
        for further in self._flow.uses(Tensor(use.scope, use.node.name, 0), lambda node: node.op in keeps):
            if further.node.op == "Reshape" and further.place == 0:
                target = self._flow.constant(self._flow.inputs(further.scope, further.node)[1])
                dims = [int(dim) for dim in target] if target is not None else []
                if len(dims) >= 3 and dims[-3] > 0:
                    return dims[-3]
        return None

    def _raw(self, use: Use) -> bytes:
        dtype = tf.dtypes.as_dtype(use.node.attr["out_type"].type)
        length = self._variation.size or 4
        for further in self._flow.uses(
            Tensor(use.scope, use.node.name, 0), lambda node: node.op in ("Cast", "Identity", "Mul")
        ):
            if further.node.op == "Reshape" and further.place == 0:
                target = self._flow.constant(self._flow.inputs(further.scope, further.node)[1])
                if target is not None and target.size:
                    length = int(np.prod([dim for dim in target.tolist() if dim > 0] or [length]))
        return self._numbers(Tensor(use.scope, use.node.name, 0), dtype, length, is_scalar=False).tobytes()

    def _csv(self, use: Use, count: int) -> list[bytes]:
        columns = self._flow.outputs(use.scope, use.node)
        delimiter = use.node.attr["field_delim"].s or b","
        cells = [
            self.make(column, tf.dtypes.as_dtype(self._flow.output_dtype(column)), (count,)).tolist()
            for column in columns
        ]
        defaults = inputs_named(self._flow, use.scope, use.node, "record_defaults")
        assert len(defaults) in (0, len(columns)), "DecodeCSV has a default per column"
        rows = zip(*cells, strict=True)
        return [
            encoded.csv_row([cell if isinstance(cell, bytes) else str(cell).encode() for cell in row], delimiter)
            for row in rows
        ]

"""What TensorFlow 1.15.5 computed with the legacy models of ``fixtures/models``, for tests to parametrise over.

Each ``fixtures/models/<name>/`` holds ``model/``, a SavedModel as TensorFlow 1.15.5 wrote it, and ``golden.json``:

    {"version": 1, "name": ..., "about": ..., "tensorflow": "1.15.5", "assets_extra": [file name, ...],
     "meta_graphs": [{
       "tags": [...],                    sorted
       "load_error": ERROR | null,       raised by the TF1 loader
       "clear_devices": bool,            true: the loader ran with `clear_devices=True`, as it fails without
       "op_library": module | null,      the loader ran with this module of tf.contrib imported, as it fails without
       "assets": [file name, ...],
       "signatures": {key: {"method": ..., "inputs": {key: INFO}, "outputs": {key: INFO}}},
       "variables": [VARIABLE, ...],     after load (and so after the main op), before any call
       "sequences": [{                   one fresh session each
         "calls": [{"signature": key, "inputs": {key: VALUE}, "outputs": {key: VALUE} | null, "error": ERROR | null}],
         "variables_changed": [VARIABLE, ...]}]}]}   the variables that the calls changed, as they are afterwards

    INFO      {"names": [tensor name] or [indices, values, dense_shape], "dtype": name | null, "shape": [...] | null}
    ERROR     {"error": exception class name, "message": first line}
    VARIABLE  {"name", "kind": "ref" | "resource", "dtype", "trainable", "parts": [node name, ...] if partitioned,
               "shape", "sha256", "value": VALUE | null if over 64 elements}; shape and sha256 are null when the
               loader leaves the variable uninitialised. A partitioned variable is one entry, its slices put together.
    VALUE     {"dtype", "shape", "values": [flat, row-major]}, with "nan", "inf", "-inf" as strings, complex numbers as
              [real, imaginary] and quantised numbers as integers; {"dtype": "string", "shape", "base64": [...]} for
              strings; {"indices": VALUE, "values": VALUE, "dense_shape": VALUE} for sparse tensors.

The numbers give the same bits again. ``sha256`` is of the little-endian row-major bytes; for strings, of every
element's length (8 bytes, little-endian) and bytes. A call leaves optional inputs out. A call without outputs has an
error. String variables that hold the path of an asset hold it as it was in ``/tmp/tf1to2-loaded/<name>``, where the
model ran: see `GoldenVariable.holds_asset_path`.
"""

import base64
import functools
import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

MODELS_DIR = Path(__file__).parent.parent / "fixtures" / "models"

LOADED_DIR = b"/tmp/tf1to2-loaded/"  # Where the models were when they ran.

Array: TypeAlias = NDArray[Any]
Json: TypeAlias = Mapping[str, Any]


class VariableKind(Enum):
    """How TensorFlow 1 held a variable."""

    REF = "ref"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class SparseValue:
    """A sparse tensor: indices `int64[n, rank]`, values `[n]`, dense shape `int64[rank]`."""

    indices: Array
    values: Array
    dense_shape: Array


Value: TypeAlias = Array | SparseValue


@dataclass(frozen=True, slots=True)
class GoldenError:
    """What TensorFlow 1.15.5 raised: the exception's class name and the first line of its message."""

    error: str
    message: str


@dataclass(frozen=True, slots=True)
class GoldenTensorInfo:
    """A TensorInfo as it stands in the SignatureDef: it may lie.

    `names` has one tensor name, or those of indices, values and dense shape of a sparse tensor. A dimension of -1 is
    unknown; `shape` is None for an unknown rank; `dtype` is None when the TensorInfo has none.
    """

    names: tuple[str, ...]
    dtype: str | None
    shape: tuple[int, ...] | None

    @property
    def is_sparse(self) -> bool:
        """Whether the key stands for a sparse tensor."""
        return len(self.names) == 3


@dataclass(frozen=True, slots=True)
class GoldenSignature:
    """One signature of a MetaGraph."""

    key: str
    method: str
    inputs: Mapping[str, GoldenTensorInfo]
    outputs: Mapping[str, GoldenTensorInfo]


@dataclass(frozen=True, slots=True)
class GoldenCall:
    """One call: exactly one of `outputs` and `error` is set. Inputs that are not fed are not in `inputs`."""

    signature: str
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value] | None
    error: GoldenError | None


@dataclass(frozen=True, slots=True)
class GoldenVariable:
    """A whole variable; `sha256` and `shape` are None when the TF1 loader leaves it uninitialised."""

    name: str
    kind: VariableKind
    dtype: str
    trainable: bool
    parts: tuple[str, ...]
    shape: tuple[int, ...] | None
    sha256: str | None
    value: Array | None

    @property
    def holds_asset_path(self) -> bool:
        """Whether it holds the path of an asset, which depends on where the model is."""
        return self.value is not None and self.dtype == "string" and any(LOADED_DIR in t for t in self.value.ravel())


@dataclass(frozen=True, slots=True)
class GoldenSequence:
    """Calls made in this order in one fresh session, and the variables that they changed, as they are afterwards."""

    calls: tuple[GoldenCall, ...]
    variables_changed: tuple[GoldenVariable, ...]


@dataclass(frozen=True, slots=True)
class GoldenMetaGraph:
    """One MetaGraph of a model."""

    tags: tuple[str, ...]
    load_error: GoldenError | None
    clear_devices: bool
    op_library: str | None
    assets: tuple[str, ...]
    signatures: Mapping[str, GoldenSignature]
    variables: tuple[GoldenVariable, ...]
    sequences: tuple[GoldenSequence, ...]

    @property
    def loads(self) -> bool:
        """Whether the TF1 loader loads it, with its devices cleared or its op library imported if need be."""
        return self.load_error is None or self.clear_devices or self.op_library is not None

    @property
    def is_stateful(self) -> bool:
        """Whether a call changes a variable."""
        return any(sequence.variables_changed for sequence in self.sequences)


@dataclass(frozen=True, slots=True)
class GoldenModel:
    """A legacy model (`path` is the SavedModel folder) and what TensorFlow 1.15.5 computed with it."""

    name: str
    about: str
    path: Path
    assets_extra: tuple[str, ...]
    meta_graphs: tuple[GoldenMetaGraph, ...]

    def meta_graph(self, *tags: str) -> GoldenMetaGraph:
        """The MetaGraph with exactly these tags; without tags, the only one. Raises KeyError when there is none."""
        found = [graph for graph in self.meta_graphs if not tags or graph.tags == tuple(sorted(tags))]
        if len(found) != 1:
            raise KeyError(f"{self.name}: {len(found)} MetaGraphs with the tags {tags}")
        return found[0]

    @property
    def runs(self) -> bool:
        """Whether every MetaGraph loads and no recorded call failed."""
        return all(
            graph.loads and all(call.error is None for sequence in graph.sequences for call in sequence.calls)
            for graph in self.meta_graphs
        )


def golden_models() -> list[GoldenModel]:
    """Every model of ``fixtures/models``, by name. Read once; the arrays are read-only."""
    return list(_models())


def golden_model(name: str) -> GoldenModel:
    """The model of this name. Raises KeyError when there is none."""
    for model in _models():
        if model.name == name:
            return model
    raise KeyError(name)


def sha256_of(array: Array) -> str:
    """The hash that the goldens hold of a variable's value (strings as an object array of bytes)."""
    if array.dtype == object:
        data = b"".join(struct.pack("<q", len(text)) + text for text in array.ravel())
    else:
        data = np.ascontiguousarray(array).tobytes()
    return hashlib.sha256(data).hexdigest()


@functools.cache
def _models() -> tuple[GoldenModel, ...]:
    return tuple(read_golden(path) for path in sorted(MODELS_DIR.glob("*/golden.json")))


def read_golden(path: Path) -> GoldenModel:
    """Reads one ``golden.json``."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return GoldenModel(
        name=data["name"],
        about=data["about"],
        path=path.parent / "model",
        assets_extra=tuple(data["assets_extra"]),
        meta_graphs=tuple(_meta_graph(graph) for graph in data["meta_graphs"]),
    )


def _meta_graph(data: Json) -> GoldenMetaGraph:
    return GoldenMetaGraph(
        tags=tuple(data["tags"]),
        load_error=_error(data["load_error"]),
        clear_devices=data["clear_devices"],
        op_library=data["op_library"],
        assets=tuple(data["assets"]),
        signatures={key: _signature(key, signature) for key, signature in data["signatures"].items()},
        variables=tuple(_variable(variable) for variable in data["variables"]),
        sequences=tuple(
            GoldenSequence(
                calls=tuple(_call(call) for call in sequence["calls"]),
                variables_changed=tuple(_variable(variable) for variable in sequence["variables_changed"]),
            )
            for sequence in data["sequences"]
        ),
    )


def _signature(key: str, data: Json) -> GoldenSignature:
    return GoldenSignature(key, data["method"], _tensor_infos(data["inputs"]), _tensor_infos(data["outputs"]))


def _tensor_infos(data: Json) -> dict[str, GoldenTensorInfo]:
    return {
        key: GoldenTensorInfo(
            names=tuple(info["names"]),
            dtype=info["dtype"],
            shape=None if info["shape"] is None else tuple(info["shape"]),
        )
        for key, info in data.items()
    }


def _call(data: Json) -> GoldenCall:
    outputs = data["outputs"]
    return GoldenCall(
        signature=data["signature"],
        inputs={key: value_of(value) for key, value in data["inputs"].items()},
        outputs=None if outputs is None else {key: value_of(value) for key, value in outputs.items()},
        error=_error(data["error"]),
    )


def _error(data: Json | None) -> GoldenError | None:
    return None if data is None else GoldenError(data["error"], data["message"])


def _variable(data: Json) -> GoldenVariable:
    return GoldenVariable(
        name=data["name"],
        kind=VariableKind(data["kind"]),
        dtype=data["dtype"],
        trainable=data["trainable"],
        parts=tuple(data["parts"]),
        shape=None if data["shape"] is None else tuple(data["shape"]),
        sha256=data["sha256"],
        value=None if data["value"] is None else _array(data["value"]),
    )


def value_of(data: Json) -> Value:
    if "indices" in data:
        return SparseValue(_array(data["indices"]), _array(data["values"]), _array(data["dense_shape"]))
    return _array(data)


def _array(data: Json) -> Array:
    name, shape = data["dtype"], tuple(data["shape"])
    array: Array
    if name == "string":
        array = np.empty(len(data["base64"]), dtype=object)
        array[:] = [base64.b64decode(text) for text in data["base64"]]
    elif name.startswith("complex"):
        array = np.array([complex(real, imaginary) for real, imaginary in _floats(data["values"])], dtype=name)
    elif name == "bfloat16":
        import ml_dtypes  # TensorFlow brings it; numpy has no bfloat16 of its own.

        array = np.array([float(number) for number in data["values"]], dtype=ml_dtypes.bfloat16)
    elif name.startswith(("qint", "quint")):
        # Plain integers, as TensorFlow 2 gives and takes them.
        array = np.array(data["values"], dtype=name[1:])
    elif name.startswith("float"):
        array = np.array([float(number) for number in data["values"]], dtype=name)
    else:
        array = np.array(data["values"], dtype=name)
    array = array.reshape(shape)
    array.flags.writeable = False
    return array


def _floats(pairs: list[list[float | str]]) -> list[tuple[float, float]]:
    return [(float(real), float(imaginary)) for real, imaginary in pairs]

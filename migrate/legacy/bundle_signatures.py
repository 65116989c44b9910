"""The signatures and assets of a session_bundle export, whose protos no current TensorFlow knows.

Source: tensorflow/contrib/session_bundle/manifest.proto, and bundle_shim.py beside it for what becomes of them: the
default signature (classification or regression) is `serving_default`; the named signatures `inputs` and `outputs` make
one predict signature, `serving_default` where there is no default one, `serving_default_from_named` else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrate.errors import UnreadableModelError
from migrate.graph.tensor_name import parse_tensor
from migrate.legacy.asked import DEFAULT_KEY, AskedSignature, Method, NamedTensor
from migrate.legacy.wire import MalformedProtoError, WireType, scan

_SIGNATURES, _ASSETS, _INIT, _GRAPH = "serving_signatures", "serving_assets", "serving_init_op", "serving_graph"
_REGRESSION, _CLASSIFICATION, _GENERIC = 1, 2, 3  # fields of a Signature


def bundle_signatures(meta_graph: Any) -> tuple[AskedSignature, ...]:
    """Return the signatures of an export under the keys that TensorFlow's own session_bundle shim gave them.

    Raises:
        UnreadableModelError: the collection is damaged.
    """
    try:
        return tuple(_signatures(meta_graph))
    except (MalformedProtoError, ValueError) as error:
        raise UnreadableModelError(
            f"the collection {_SIGNATURES!r} is damaged ({error}); copy the export again."
        ) from error


def bundle_assets(meta_graph: Any) -> Mapping[str, str]:
    """Return the file name of each tensor that holds an asset's path."""
    found = {}
    for data in _packed(meta_graph, _ASSETS):
        # AssetFile: 1 tensor_binding, 2 filename
        fields = _fields(data)
        found[_tensor_name(fields.get(1, b""))] = fields.get(2, b"").decode(errors="surrogateescape")
    return found


def bundle_init_op(meta_graph: Any) -> str | None:
    """Return the node that an export runs after the restore, or None."""
    collections = meta_graph.collection_def
    names = collections[_INIT].node_list.value if _INIT in collections else ()
    return names[0] if names else None


def bundle_graph(meta_graph: Any) -> bytes | None:
    """Return the serialized GraphDef that serves in place of the MetaGraph's own, where there is one."""
    return next(_packed(meta_graph, _GRAPH), None)


def _signatures(meta_graph: Any) -> Iterator[AskedSignature]:
    for data in _packed(meta_graph, _SIGNATURES):
        # Signatures: 1 default_signature, 2 named_signatures
        default = next((_of_default(payload) for payload in _all(data, 1)), None)
        if default is not None:
            yield default
        named = dict(_entries(data, 2))
        inputs, outputs = (_generic(named.get(name, b"")) for name in ("inputs", "outputs"))
        if outputs:
            key = DEFAULT_KEY if default is None else f"{DEFAULT_KEY}_from_named"
            yield AskedSignature(key, inputs, outputs)


def _of_default(data: bytes) -> AskedSignature | None:
    """Read a default signature; a generic one was never converted."""
    for field in scan(data):
        bindings = _fields(data[field.start : field.end])
        if field.number == _REGRESSION:  # RegressionSignature: 1 input, 2 output
            ends = (_ends(bindings, {1: "inputs"}), _ends(bindings, {2: "outputs"}))
            return AskedSignature(DEFAULT_KEY, *ends, Method.REGRESS)
        if field.number == _CLASSIFICATION:  # ClassificationSignature: 1 input, 2 classes, 3 scores
            ends = (_ends(bindings, {1: "inputs"}), _ends(bindings, {2: "classes", 3: "scores"}))
            return AskedSignature(DEFAULT_KEY, *ends, Method.CLASSIFY)
    return None


def _generic(data: bytes) -> tuple[NamedTensor, ...]:
    # GenericSignature: 1 map of TensorBindings
    found = (entry for payload in _all(data, _GENERIC) for entry in _entries(payload, 1))
    return tuple(NamedTensor(key, parse_tensor(_tensor_name(binding))) for key, binding in sorted(found))


def _ends(bindings: Mapping[int, bytes], keys: Mapping[int, str]) -> tuple[NamedTensor, ...]:
    named = ((key, _tensor_name(bindings[number])) for number, key in keys.items() if number in bindings)
    return tuple(NamedTensor(key, parse_tensor(name)) for key, name in named if name)


def _tensor_name(binding: bytes) -> str:
    # TensorBinding: 1 tensor_name
    return _fields(binding).get(1, b"").decode()


def _entries(data: bytes, number: int) -> Iterator[tuple[str, bytes]]:
    """Yield the entries of a map field: 1 key, 2 value."""
    for payload in _all(data, number):
        fields = _fields(payload)
        yield fields.get(1, b"").decode(), fields.get(2, b"")


def _fields(data: bytes) -> dict[int, bytes]:
    return {field.number: data[field.start : field.end] for field in scan(data) if field.wire_type is WireType.LENGTH}


def _all(data: bytes, number: int) -> Iterator[bytes]:
    return (
        data[field.start : field.end]
        for field in scan(data)
        if field.number == number and field.wire_type is WireType.LENGTH
    )


def _packed(meta_graph: Any, collection: str) -> Iterator[bytes]:
    if collection in meta_graph.collection_def:
        for packed in meta_graph.collection_def[collection].any_list.value:
            yield packed.value

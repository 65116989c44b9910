"""A signature of a legacy model as a callable with the keys that its clients know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from migrate.legacy.signatures import SPARSE_PARTS, Signature
from migrate.native_module.argument_names import argument_names, loaded_names, saved_names
from migrate.native_module.legacy_graph import Feed, LegacyGraph
from migrate.native_module.state import State
from migrate.tensorflow_private.named_arguments import name_arguments


class SignatureFunction:
    """Calls one signature by keyword, or with one dictionary, using its real keys.

    A sparse input takes a `tf.SparseTensor` under its key, or its three parts under `<key>_indices`, `<key>_values` and
    `<key>_dense_shape`; a sparse output is given as a `tf.SparseTensor`.

    Attributes:
        signature: keys and tensors as the legacy model has them.
        arguments: the concrete function's argument for each of the signature's dense inputs, in their order.
        loaded_names: what the function calls each of them once it was written and loaded.
        saved_names: what plain TensorFlow calls each of them when it saves that again.
        concrete_function: what is compiled; its outputs are the signature's dense outputs by key.
        defaults: the TensorProto of each optional input (a `placeholder_with_default`), by key.
        computed_defaults: the nodes that compute an optional input from other inputs at each call, by key.
        lost_defaults: the keys of inputs that the legacy model drew or took from its state when they were left out;
            here they must be given.
    """

    def __init__(self, graph: LegacyGraph, state: State, signature: Signature) -> None:
        self.signature = signature
        keys = [endpoint.key for endpoint in signature.inputs]
        specs = [graph.argument_spec(Feed(endpoint.key, endpoint.tensor)) for endpoint in signature.inputs]
        kinds = [f"{spec.dtype} {spec.shape}" for spec in specs]
        self.arguments = argument_names(keys, kinds)
        self.loaded_names = loaded_names(keys, self.arguments, kinds)
        self.saved_names = saved_names(keys, self.arguments, kinds)
        feeds = [
            Feed(argument, endpoint.tensor) for argument, endpoint in zip(self.arguments, signature.inputs, strict=True)
        ]
        self.concrete_function = graph.function(
            state, feeds, {endpoint.key: endpoint.tensor for endpoint in signature.outputs}
        )
        name_arguments(self.concrete_function, self.arguments)
        defaults = {endpoint.key: graph.default_value(endpoint.tensor) for endpoint in signature.inputs}
        self.defaults = {key: default for key, default in defaults.items() if default is not None}
        inputs = [endpoint.tensor for endpoint in signature.inputs]
        optional = [one for one in signature.inputs if graph.is_optional(one.tensor) and one.key not in self.defaults]
        computed = {one.key: graph.computed_default(one.tensor, inputs) for one in optional}
        self.computed_defaults = {key: default for key, default in computed.items() if default is not None}
        self.lost_defaults = tuple(key for key in computed if key not in self.computed_defaults)

    def __call__(self, inputs: Mapping[str, Any] | None = None, /, **keywords: Any) -> dict[str, Any]:
        """Run the signature.

        Raises:
            TypeError: a key is missing or unknown.
        """
        defaults = {key: tf.make_ndarray(default) for key, default in self.defaults.items()}
        given = defaults | self._dense({**(inputs or {}), **keywords})
        keys = [endpoint.key for endpoint in self.signature.inputs]
        if set(given) != set(keys):
            raise TypeError(f"the signature {self.signature.key!r} takes {sorted(keys)}, not {sorted(given)}.")
        tensors = {
            argument: tf.convert_to_tensor(given[key], spec.dtype)
            for argument, key, spec in zip(self.arguments, keys, self.concrete_function.inputs, strict=False)
        }
        return self._with_sparse(self.concrete_function(**tensors))

    @property
    def input_specs(self) -> dict[str, Any]:
        """Dtype and static shape of each dense input, by key."""
        return {
            endpoint.key: tf.TensorSpec(tensor.shape, tensor.dtype)
            for endpoint, tensor in zip(self.signature.inputs, self.concrete_function.inputs, strict=False)
        }

    def _dense(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        dense: dict[str, Any] = {}
        for key, value in inputs.items():
            if isinstance(value, (tf.SparseTensor, tf.compat.v1.SparseTensorValue)):
                dense.update({f"{key}_{part}": getattr(value, part) for part in SPARSE_PARTS})
            else:
                dense[key] = value
        return dense

    def _with_sparse(self, outputs: Mapping[str, Any]) -> dict[str, Any]:
        result = dict(outputs)
        for key, info in self.signature.proto.outputs.items():
            if info.WhichOneof("encoding") == "coo_sparse":
                result[key] = tf.SparseTensor(*(result.pop(f"{key}_{part}") for part in SPARSE_PARTS))
        return result

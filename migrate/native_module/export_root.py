"""The object that is saved for a module: a reusable SavedModel with the legacy signatures."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from migrate.native_module.module import LegacyModule
from migrate.native_module.signature_function import SignatureFunction
from migrate.tensorflow_private.object_root import object_root

_DEFAULT_KEY = "serving_default"


def export_root(module: LegacyModule) -> Any:
    """Return the root object: `variables`, `trainable_variables`, `regularization_losses`, `__call__`, tables, assets.

    Source: https://www.tensorflow.org/hub/reusable_saved_models
    """
    root = object_root()
    root.variables = list(module.variables)
    root.trainable_variables = list(module.trainable_variables)
    root.regularization_losses = []
    root.tables = [*module.state.tables.values(), *module.state.mutable_tables.values()]
    root.scratch_variables = list(module.state.scratch.values())
    root.assets = list(module.assets.values())
    root.load_actions = list(module.load_actions)
    obvious = obvious_signature(module)
    if obvious is not None:
        root.__call__ = _call(obvious)
    return root


def obvious_signature(module: LegacyModule) -> SignatureFunction | None:
    """Return the signature that calling the model means: the default one, or the only one."""
    if _DEFAULT_KEY in module.signatures:
        return module.signatures[_DEFAULT_KEY]
    return next(iter(module.signatures.values())) if len(module.signatures) == 1 else None


def _call(signature: SignatureFunction) -> Any:
    """Return `__call__`, which takes and gives one tensor, or a dictionary where the signature has several."""
    function = signature.concrete_function
    specs = dict(zip(signature.arguments, function.inputs, strict=False))
    keys = dict(zip((endpoint.key for endpoint in signature.signature.inputs), signature.arguments, strict=True))

    def call(inputs: Any) -> Any:
        arguments = {argument: inputs[key] for key, argument in keys.items()}
        outputs = function(**arguments)
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    def call_one(inputs: Any) -> Any:
        outputs = function(**{signature.arguments[0]: inputs})
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    if len(keys) == 1:
        (spec,) = specs.values()
        return tf.function(call_one, input_signature=[tf.TensorSpec(spec.shape, spec.dtype)], autograph=False)
    structure = {key: tf.TensorSpec(specs[name].shape, specs[name].dtype) for key, name in keys.items()}
    return tf.function(call, input_signature=[structure], autograph=False)

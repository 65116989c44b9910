"""How a module can spell a symbol of TensorFlow's v1 API: through the imports it has, or one more."""

from __future__ import annotations

import libcst as cst

from codemods.edit.edits import Import
from codemods.edit.layout import free_name
from codemods.names.tf1 import V1_DIFFERS, V1_ONLY
from codemods.source.module import Module

# They differ in what the codemods never pass.
_EQUAL = frozenset({"size"})
# Only the v1 API of the releases with Estimators has it.
_WITH_ESTIMATORS = frozenset({"estimator.tpu"})


def spelled(module: Module, near: cst.CSTNode, name: str) -> tuple[str, tuple[Import, ...]]:
    """Return code for `name` (`nn.rnn_cell.GRUCell`) of the v1 API at a place, and the import it needs, if any.

    The code is right whether `tf` is TensorFlow 2 or its `compat.v1`: a later switch of the import keeps it valid.
    """
    alias = module.spelling("tensorflow", near)
    if alias is not None:
        return f"{alias}.{name if is_in_both(name) else f'compat.v1.{name}'}", ()
    alias = module.spelling("tensorflow.compat.v1", near)
    if alias is not None:
        return f"{alias}.{name}", ()
    alias = "tf" if "tf" not in module.names else free_name(module, "tf1")
    return f"{alias}.{name}", (Import("tensorflow.compat.v1", None, alias),)


def is_in_both(name: str) -> bool:
    """Whether `tf` and `tf.compat.v1` mean the same by a name."""
    parts = name.split(".")
    heads = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    return name in _EQUAL or not heads & (V1_ONLY | V1_DIFFERS | _WITH_ESTIMATORS)

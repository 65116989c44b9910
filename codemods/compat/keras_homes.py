"""The public homes of what programs take from standalone and from private Keras, whose modules moved."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from codemods.source.nodes import dotted

# Modules of standalone Keras (and of tensorflow.python.keras) that Keras 2 moved, and their home.
KERAS_MOVED = {
    "backend.tensorflow_backend": "backend",
    "initializations": "initializers",
    "layers.advanced_activations": "layers",
    "layers.convolutional": "layers",
    "layers.convolutional_recurrent": "layers",
    "layers.core": "layers",
    "layers.cudnn_recurrent": "layers",
    "layers.embeddings": "layers",
    "layers.local": "layers",
    "layers.merge": "layers",
    "layers.normalization": "layers",
    "layers.noise": "layers",
    "layers.pooling": "layers",
    "layers.recurrent": "layers",
    "layers.wrappers": "layers",
    "objectives": "losses",
    "utils.data_utils": "utils",
    "utils.generic_utils": "utils",
    "utils.np_utils": "utils",
    "utils.vis_utils": "utils",
}
# What programs take from the private `keras.engine`, whose public homes differ by name.
_ENGINE_NAMES = {
    "Input": "layers",
    "InputLayer": "layers",
    "InputSpec": "layers",
    "Layer": "layers",
    "Model": "models",
    "Sequential": "models",
}
_KERAS_ROOTS = ("keras", "tensorflow.keras", "tensorflow.python.keras", "tensorflow.contrib.keras")


def keras_home(name: str, package: str) -> str | None:
    """Return the module of the package's `keras` for a Keras module, None for any other module."""
    for root in _KERAS_ROOTS:
        if name == root:
            return f"{package}.keras"
        if name.startswith(root + "."):
            inner = name[len(root) + 1 :]
            return f"{package}.keras.{KERAS_MOVED.get(inner, inner)}"
    return None


def engine_home(names: Iterable[cst.ImportAlias]) -> str | None:
    """Return the public home that all the names of Keras's private `engine` have in common, if they have one."""
    homes = {_ENGINE_NAMES.get(dotted(alias.name) or "") for alias in names}
    return homes.pop() if len(homes) == 1 else None

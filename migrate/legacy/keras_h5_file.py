"""What a Keras HDF5 file says of its model, before anything of it is built."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from migrate.errors import RefusedModelError, UnreadableModelError


def check_loadable(file: Path) -> None:
    """Refuse a file that holds no model, or whose model holds code of Python.

    Raises:
        RefusedModelError: it holds weights alone, or Python code that loading or calling it would run.
        UnreadableModelError: it is damaged.
    """
    import h5py

    try:
        with h5py.File(file, "r") as content:
            text, version = content.attrs.get("model_config"), content.attrs.get("keras_version")
    except OSError as error:
        raise UnreadableModelError(f"{file} is damaged or cut off ({error}); copy the model again.") from error
    if text is None:
        raise RefusedModelError(
            f"{file} holds no model, weights at most. Build the model in code with tf_keras, call its load_weights, "
            "and model.export(DIR)."
        )
    if _as_text(version).startswith("1."):
        raise RefusedModelError(
            f"{file} was written by Keras {_as_text(version)}, which the Keras 2 of TensorFlow does not read; load it "
            "with Keras 2.0 to 2.3, which convert it, and save it again."
        )
    try:
        config = json.loads(_as_text(text))
    except ValueError as error:
        raise UnreadableModelError(f"{file} is damaged: its configuration is no JSON ({error}).") from error
    layers = [name for kind, name in _layers(config) if kind == "Lambda"]
    if layers:
        raise RefusedModelError(
            f"{file}: the Lambda layer {layers[0]!r} holds code of Python, which is not run; load the model with "
            "tf_keras where that code is trusted, and call model.export(DIR)."
        )


def _as_text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")


def _layers(config: Any) -> Iterator[tuple[str, str]]:
    """Yield the class and the name of every layer, in nested models and wrappers too."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            inner = value.get("config")
            if isinstance(value.get("class_name"), str):
                name = inner.get("name") if isinstance(inner, dict) else None
                yield value["class_name"], str(name or value.get("name") or "")
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)

"""Finds and writes the proto of a SavedModel folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import text_format

from migrate.errors import UnreadableModelError
from migrate.files.writer import write_output

_NAMES = ("saved_model.pb", "saved_model.pbtxt")


def proto_path(model_dir: Path) -> Path:
    """Return the file that TensorFlow's loader would read: `saved_model.pb`, else `saved_model.pbtxt`.

    Raises:
        UnreadableModelError: the folder has neither.
    """
    for name in _NAMES:
        if (model_dir / name).is_file():
            return model_dir / name
    if not model_dir.exists():
        raise UnreadableModelError(f"{model_dir} does not exist.")
    raise UnreadableModelError(
        f"{model_dir} is no SavedModel: it has neither saved_model.pb nor saved_model.pbtxt. Give the folder that "
        "holds one of them."
    )


def write_saved_model(saved_model: Any, path: Path) -> None:
    """Write a SavedModel proto to `path`, as text for the suffix `.pbtxt`; the file is whole or as it was.

    Raises:
        UnwritableError: it cannot be written.
    """
    if path.suffix == ".pb":
        write_output(path, saved_model.SerializeToString(deterministic=True))
    else:
        write_output(path, text_format.MessageToString(saved_model).encode())

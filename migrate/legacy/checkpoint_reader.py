"""TensorFlow's reader of checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from migrate.files.plain_paths import plain_path


def open_checkpoint(prefix: Path) -> Any:
    """Return the reader of the checkpoint with this prefix, wherever it lies. Raises what TensorFlow raises."""
    import tensorflow as tf

    return tf.train.load_checkpoint(str(plain_path(prefix.parent) / prefix.name))

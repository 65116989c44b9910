"""Writes `fingerprint.pb`, the checksums by which TensorFlow and its metrics recognise a SavedModel."""

from __future__ import annotations

from pathlib import Path

from tensorflow.python.saved_model.pywrap_saved_model import constants, fingerprinting

from migrate.errors import UnreadableModelError
from migrate.files.writer import write_output


def write_fingerprint(export_dir: Path) -> Path:
    """Write a fresh `fingerprint.pb` for the `saved_model.pb` in `export_dir` and return its path.

    The file appears at once or not at all. TensorFlow's own writer is passed over: it does nothing when its flag
    `saved_model_fingerprinting` is off, and a stale fingerprint would stay.

    Raises:
        UnwritableError: it cannot be written.
        UnreadableModelError: there is no readable `saved_model.pb`; text format has no fingerprint.
    """
    if not (export_dir / str(constants.SAVED_MODEL_FILENAME_PB)).is_file():
        # TensorFlow would fingerprint nothing.
        raise UnreadableModelError(f"{export_dir} holds no saved_model.pb to fingerprint.")
    try:
        fingerprint = fingerprinting.CreateFingerprintDef(str(export_dir))
    except fingerprinting.FingerprintException as error:
        raise UnreadableModelError(f"{export_dir} holds no readable saved_model.pb to fingerprint: {error}") from error
    target = export_dir / str(constants.FINGERPRINT_FILENAME)
    write_output(target, fingerprint)
    return target

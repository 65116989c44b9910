"""Native TF2 SavedModels from real Estimators, where TensorFlow still has them (2.15 and earlier)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from migrate.shim.estimator.errors import EstimatorError, EstimatorTypeError
from migrate.shim.estimator.estimator import Estimator
from migrate.shim.estimator.finishing import finish_export
from migrate.shim.estimator.folders import export_folder


def export_estimator(
    estimator: Any,
    export_dir_base: Any,
    serving_input_receiver_fn: Callable[[], Any],
    assets_extra: dict[str, str] | None = None,
    as_text: bool = False,
    checkpoint_path: Any = None,
    strip_default_attrs: bool = False,
) -> bytes:
    """Exports any Estimator as a native TF2 SavedModel; the folder and the return value are `export_saved_model`'s.

    Args:
        estimator: an object with `export_saved_model`: of `tf.estimator`, canned or custom, or of this package.
        export_dir_base: the folder of all exports of this model.
        serving_input_receiver_fn: what the Estimator's own export takes.
        assets_extra: by path below `assets.extra`, the file to copy there.
        as_text: write `saved_model.pbtxt` instead of `saved_model.pb`.
        checkpoint_path: the checkpoint's prefix; the latest when None.
        strip_default_attrs: has no effect on a TF2 SavedModel; older calls pass it on.

    Raises:
        EstimatorTypeError: the object is no Estimator.
        RefusedModelError: what it exports cannot be made native without changing what its clients see.
    """
    del strip_default_attrs
    if isinstance(estimator, Estimator):
        return estimator.export_saved_model(
            export_dir_base, serving_input_receiver_fn, assets_extra, as_text, checkpoint_path
        )
    if not callable(getattr(estimator, "export_saved_model", None)):
        raise EstimatorTypeError(f"{type(estimator).__name__} is no Estimator: it has no export_saved_model.")

    def write(folder: Path) -> None:
        work = folder.parent / "legacy"
        exported = estimator.export_saved_model(
            str(work), serving_input_receiver_fn, assets_extra=assets_extra, checkpoint_path=_text_path(checkpoint_path)
        )
        subject = f"The model of {checkpoint_path or estimator.model_dir}"
        finish_export(Path(os.fsdecode(exported)), folder, subject, as_text)

    return export_folder(export_dir_base, write)


def native_exporter(exporter: Any) -> Any:
    """The same Exporter for an `EvalSpec`, except that what it exports are native TF2 SavedModels.

    When it exports, under which name, and which exports it keeps stay its own.

    Raises:
        EstimatorError: this TensorFlow has no Exporters (2.16 and later): export from the checkpoint instead, with
            `migrate.shim.estimator.Estimator(...).export_saved_model(...)`.
        EstimatorTypeError: `exporter` is no Exporter.
    """
    estimators = getattr(tf, "estimator", None)
    if estimators is None:
        raise EstimatorError(
            f"TensorFlow {tf.__version__} has no Exporters: train with TensorFlow <= 2.15, or export the checkpoint "
            "with migrate.shim.estimator.Estimator(...).export_saved_model(...)."
        )
    if not isinstance(exporter, estimators.Exporter):
        raise EstimatorTypeError(f"{type(exporter).__name__} is no tf.estimator.Exporter.")

    class NativeExporter(estimators.Exporter):  # type: ignore[misc, name-defined]
        """An Exporter that hands on an Estimator which exports natively."""

        @property
        def name(self) -> str:
            """The wrapped exporter's name, which names its folder."""
            return str(exporter.name)

        def export(
            self, estimator: Any, export_path: Any, checkpoint_path: Any, eval_result: Any, is_the_final_export: bool
        ) -> Any:
            """The path of the export, or None when the wrapped exporter does not export now."""
            native = _NativelyExporting(estimator)
            return exporter.export(native, export_path, checkpoint_path, eval_result, is_the_final_export)

    return NativeExporter()


def _text_path(path: Any) -> str | None:
    return None if path is None else os.fsdecode(path)


class _NativelyExporting:
    """An Estimator as it is, but for its exports."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def export_saved_model(
        self,
        export_dir_base: Any,
        serving_input_receiver_fn: Callable[[], Any],
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: Any = None,
    ) -> bytes:
        return export_estimator(
            self._estimator, export_dir_base, serving_input_receiver_fn, assets_extra, as_text, checkpoint_path
        )

    export_savedmodel = export_saved_model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._estimator, name)

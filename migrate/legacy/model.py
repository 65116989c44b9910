"""A legacy model, whatever kind of file it came in: what every reader gives, and all that a rewrap works on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrate.errors import RefusedModelError


@dataclass(frozen=True, slots=True)
class LegacyModel:
    """One MetaGraph of a model of TensorFlow 1.

    Attributes:
        path: the model's folder or file, which messages name. A folder may hold `assets` and `assets.extra`.
        meta_graph: the MetaGraphDef: the graph, its signatures, its collections, its SaverDef.
        checkpoint: the prefix of the checkpoint with the values of its variables, whether or not it exists.
        notes: what its reader chose, in words.
        holds: what must live as long as the model: the temporary folder of a checkpoint that was converted.
    """

    path: Path
    meta_graph: Any
    checkpoint: Path
    notes: tuple[str, ...] = ()
    holds: object = None

    @classmethod
    def in_folder(cls, folder: Path, meta_graph: Any) -> LegacyModel:
        """Return the model with this MetaGraphDef in a SavedModel's folder."""
        return cls(folder, meta_graph, folder / "variables" / "variables")

    @property
    def tags(self) -> frozenset[str]:
        """The MetaGraphDef's tags."""
        return frozenset(self.meta_graph.meta_info_def.tags)

    @property
    def has_checkpoint(self) -> bool:
        """Whether the checkpoint exists, in the format that TensorFlow writes since 0.12."""
        return self.checkpoint.with_name(f"{self.checkpoint.name}.index").is_file()

    def asset_files(self) -> tuple[str, ...]:
        """Return the names of the files in the model's `assets` folder that TensorFlow can keep as assets.

        Those in sub folders, and names that are no UTF-8, are copied as files: see `migrate.legacy.model_files`.
        """
        folder = self.path / "assets"
        names = sorted(file.name for file in folder.iterdir() if file.is_file()) if folder.is_dir() else []
        return tuple(name for name in names if is_asset_name(name))

    def asset_path(self, filename: str) -> Path:
        """Return the path of an asset file.

        Raises:
            RefusedModelError: the name points out of the model's `assets` folder.
        """
        if not is_asset_within(self.path, filename):
            raise RefusedModelError(
                f"{self.path}: the asset {filename!r} lies outside the model's assets folder; such a model is not "
                "safe to copy."
            )
        return self.path / "assets" / filename


def is_asset_name(name: str) -> bool:
    """Whether a proto can hold the name of a file."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_asset_within(model: Path, filename: str) -> bool:
    """Whether nothing outside of the model's own `assets` folder goes by this name of an asset, links followed."""
    try:
        return (model / "assets" / filename).resolve().is_relative_to(model.resolve() / "assets")
    except (OSError, RuntimeError):  # links in a circle
        return False
    except ValueError:  # a name that no file can have
        return True

"""Reads the protos of a TF1 SavedModel and picks one MetaGraphDef by its tags."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from migrate.errors import NothingToDoError, RefusedModelError, UnreadableModelError
from migrate.graph.inline import with_state_inlined
from migrate.graph.soundness import graph_faults
from migrate.legacy.collections import check_collections
from migrate.legacy.proto_files import read_proto


@dataclass(frozen=True, slots=True)
class LegacySavedModel:
    """One MetaGraphDef of a TF1 SavedModel.

    Attributes:
        path: the model's folder.
        meta_graph: the MetaGraphDef.
        checkpoint: the prefix of the variables' checkpoint, `path/variables/variables`, whether or not it exists.
    """

    path: Path
    meta_graph: Any

    @property
    def tags(self) -> frozenset[str]:
        """The MetaGraphDef's tags."""
        return frozenset(self.meta_graph.meta_info_def.tags)

    @property
    def checkpoint(self) -> Path:
        """The prefix of the variables' checkpoint."""
        return self.path / "variables" / "variables"

    @property
    def has_checkpoint(self) -> bool:
        """Whether the model has a checkpoint."""
        return self.checkpoint.with_name("variables.index").is_file()

    def asset_files(self) -> tuple[str, ...]:
        """Return the names of the files in the model's `assets` folder."""
        folder = self.path / "assets"
        return tuple(sorted(file.name for file in folder.iterdir() if file.is_file())) if folder.is_dir() else ()

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


def is_asset_within(model: Path, filename: str) -> bool:
    """Whether nothing outside of the model's own `assets` folder goes by this name of an asset, links followed."""
    try:
        return (model / "assets" / filename).resolve().is_relative_to(model.resolve() / "assets")
    except (OSError, RuntimeError):  # links in a circle
        return False
    except ValueError:  # a name that no file can have
        return True


def read_saved_model(path: Path) -> Any:
    """Parse `saved_model.pb` or `saved_model.pbtxt` in the folder `path` into a SavedModel proto.

    Raises:
        UnreadableModelError: neither file is there, or it is damaged, or TensorFlow could not import its graphs.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    proto = saved_model_pb2.SavedModel()
    binary, text = path / "saved_model.pb", path / "saved_model.pbtxt"
    if binary.is_file():
        read_proto(binary, proto, is_text=False)
    elif text.is_file():
        read_proto(text, proto, is_text=True)
    else:
        raise UnreadableModelError(f"{path} holds neither saved_model.pb nor saved_model.pbtxt; is it the model?")
    if not proto.meta_graphs:
        raise UnreadableModelError(f"{path}: the SavedModel holds no MetaGraph (an empty or truncated file?).")
    for meta_graph in proto.meta_graphs:
        check_sound(meta_graph, path)
    return proto


def check_sound(meta_graph: Any, path: Path) -> None:
    """Refuse a MetaGraphDef of the model at `path` that TensorFlow could not import.

    Raises:
        UnreadableModelError: its graph or its collections are damaged.
    """
    fault = next(graph_faults(meta_graph.graph_def), None)
    if fault is not None:
        raise UnreadableModelError(f"{path}: the graph is damaged: {fault}; copy the model again, or export it anew.")
    try:
        check_collections(meta_graph)
    except UnreadableModelError as error:
        raise UnreadableModelError(f"{path}: {error}") from error


def read_legacy(path: Path, tags: frozenset[str] | None) -> LegacySavedModel:
    """Read the one MetaGraphDef with exactly these tags; None takes the only one there is.

    Raises:
        UnreadableModelError: no SavedModel, or no MetaGraph with these tags.
        NothingToDoError: it is a TF2 SavedModel already.
        RefusedModelError: several MetaGraphs and no tags given.
    """
    proto = read_saved_model(path)
    found = [frozenset(meta_graph.meta_info_def.tags) for meta_graph in proto.meta_graphs]
    listed = "; ".join(",".join(sorted(one)) or "(none)" for one in found)
    if tags is None:
        if len(found) > 1:
            raise RefusedModelError(f"{path} holds {len(found)} MetaGraphs; choose one with --tags: {listed}.")
        index = 0
    elif tags in found:
        index = found.index(tags)
    else:
        raise UnreadableModelError(
            f"{path} has no MetaGraph tagged {','.join(sorted(tags)) or '(none)'}; it has: {listed}."
        )
    meta_graph = proto.meta_graphs[index]
    if meta_graph.HasField("object_graph_def"):
        raise NothingToDoError(f"{path} already is a native TF2 SavedModel: nothing to do.")
    return LegacySavedModel(path, meta_graph)


def with_inlined_state(legacy: LegacySavedModel) -> LegacySavedModel:
    """Return the model with all state in the graph itself and none in its functions."""
    graph_def = with_state_inlined(legacy.meta_graph.graph_def)
    if graph_def is legacy.meta_graph.graph_def:
        return legacy
    meta_graph = type(legacy.meta_graph)()
    meta_graph.CopyFrom(legacy.meta_graph)
    meta_graph.graph_def.CopyFrom(graph_def)
    return replace(legacy, meta_graph=meta_graph)

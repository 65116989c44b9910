"""Chooses among the MetaGraphs of a model by their tags."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from migrate.errors import NothingToDoError, RefusedModelError, UnreadableModelError
from migrate.legacy.model import LegacyModel


def chosen(models: Sequence[LegacyModel], tags: frozenset[str] | None) -> tuple[LegacyModel, ...]:
    """Return the MetaGraph with exactly these tags; None takes all, of several with the same tags the first.

    Raises:
        UnreadableModelError: there is none with these tags.
        NothingToDoError: it is a native one.
    """
    by_tags = {one.tags: one for one in reversed(models)}  # of the same tags TensorFlow's loader takes the first, too
    if tags is not None and tags not in by_tags:
        raise no_such_tags(models[0].path, tags, [one.tags for one in models])
    found = tuple(reversed(by_tags.values())) if tags is None else (by_tags[tags],)
    if any(one.meta_graph.HasField("object_graph_def") for one in found):
        raise NothingToDoError(f"{models[0].path} already is a native TF2 SavedModel: nothing to do.")
    return found


def only(models: Sequence[LegacyModel], tags: frozenset[str] | None) -> LegacyModel:
    """Return the MetaGraph with exactly these tags; None takes the only one there is.

    Raises:
        UnreadableModelError: there is none with these tags.
        NothingToDoError: it is a native one.
        RefusedModelError: there are several, and no tags are given.
    """
    if tags is None and len(models) > 1:
        raise several_tags(models[0].path, [one.tags for one in models])
    (found,) = chosen(models, tags)
    return found


def no_such_tags(model: Path, tags: frozenset[str], there: Collection[frozenset[str]]) -> UnreadableModelError:
    """Return the error for tags that no MetaGraph of a model has."""
    return UnreadableModelError(f"{model} has no MetaGraph tagged {listed([tags])}; it has: {listed(there)}.")


def several_tags(model: Path, there: Collection[frozenset[str]]) -> RefusedModelError:
    """Return the error for a model of which one MetaGraph must be chosen."""
    return RefusedModelError(f"{model} holds {len(there)} MetaGraphs; choose one with --tags: {listed(there)}.")


def listed(tag_sets: Collection[frozenset[str]]) -> str:
    """Return sets of tags as text: `serve; gpu,serve`."""
    return "; ".join(",".join(sorted(tags)) or "(none)" for tags in tag_sets)

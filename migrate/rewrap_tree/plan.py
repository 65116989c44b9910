"""Which models a rewrap works on, and where each goes. Reads names of folders only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from migrate.errors import Tf1to2Error, UnreadableModelError
from migrate.legacy.detect import check_speakable, detect, main_file_of
from migrate.legacy.find import find_models


@dataclass(frozen=True, slots=True)
class Job:
    """One model folder and the folder that the new model shall be."""

    source: Path
    target: Path


def plan(models: Sequence[Path], out: Path, *, replace: bool) -> tuple[Job, ...]:
    """Return one job for each model.

    A single model goes to `out` itself. A tree is mirrored below `out`, version folders with their numbers; of several
    arguments each goes below `out` under its own name.

    Args:
        models: model folders, trees of them, or model files.
        out: the folder to be made.
        replace: allow targets that exist and are models (`--force`).

    Raises:
        UnreadableModelError: an argument does not exist or holds no model, or TensorFlow cannot take a path.
        Tf1to2Error: a target exists, or source and target overlap, or two models would go to one place.
    """
    check_speakable(out)
    jobs = [job for model in models for job in _jobs_of(model, out if len(models) == 1 else out / _own_name(model))]
    _refuse_collisions(jobs)
    for job in jobs:
        _refuse_overlap(job.target, [other.source for other in jobs])
        _refuse_existing(job.target, replace=replace)
    for model in models:
        _refuse_overlap(out, [model] if model.is_dir() else [])
    return tuple(jobs)


def _jobs_of(model: Path, target: Path) -> list[Job]:
    if not model.exists():
        detect(model)  # raises the true cause
    folder = _folder_of(model)
    if folder is None:
        return [Job(model, target)]
    if main_file_of(folder) is not None:
        return [Job(folder, target)]
    found = find_models(folder)
    if not found:
        detect(folder)  # raises the true cause
        raise UnreadableModelError(f"{folder} holds no model.")
    return [Job(source, target / source.relative_to(folder)) for source in found]


def _folder_of(model: Path) -> Path | None:
    """The folder that an argument means; None for a file that is a model by itself."""
    if model.is_dir():
        return model
    return model.parent if main_file_of(model.parent) == model else None


def _own_name(model: Path) -> str:
    folder = _folder_of(model)
    return folder.resolve().name if folder is not None else model.stem


def _refuse_collisions(jobs: list[Job]) -> None:
    sources: dict[Path, Path] = {}
    for job in jobs:
        other = sources.setdefault(job.target, job.source)
        if other != job.source:
            raise Tf1to2Error(f"{other} and {job.source} would both become {job.target}; rewrap them one by one.")


def _refuse_overlap(target: Path, sources: Sequence[Path]) -> None:
    place = target.resolve()
    for source in sources:
        model = source.resolve()
        if place == model:
            raise Tf1to2Error(
                f"{target} is the model itself; sources are never touched, choose another folder with -o."
            )
        if place.is_relative_to(model):
            raise Tf1to2Error(f"{target} lies inside {source}; choose a folder outside of it with -o.")
        if model.is_relative_to(place) and main_file_of(target) is not None:
            raise Tf1to2Error(f"{source} lies inside {target}, which would be replaced; choose another folder with -o.")


def _refuse_existing(target: Path, *, replace: bool) -> None:
    if not os.path.lexists(target):
        return
    if not replace:
        raise Tf1to2Error(f"{target} exists; pass --force to replace it, or choose another folder with -o.")
    if not target.is_dir() or target.is_symlink():
        raise Tf1to2Error(f"{target} is not a folder; remove it yourself, or choose another with -o.")
    # A folder of models, one per MetaGraph, is replaced model by model.
    children = [target] if main_file_of(target) else list(target.iterdir())
    strangers = [child for child in children if not (child.is_dir() and main_file_of(child))]
    if strangers:
        raise Tf1to2Error(
            f"{target} is no model ({strangers[0].name} is in it), so --force does not replace it; "
            "choose another folder with -o."
        )

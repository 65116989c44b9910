"""Which models a rewrap works on, and where each goes. Nothing is made, but what killed runs left is put in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrate.legacy.detect import check_speakable, detect, main_file_of
from migrate.legacy.find import find_models
from migrate.rewrap_tree.existing import look_at_targets
from migrate.rewrap_tree.job import Job
from migrate.rewrap_tree.overlap import Argument, refuse_overlap

__all__ = ["Job", "plan"]


def plan(
    models: Sequence[Path],
    out: Path,
    *,
    replace: bool,
    keep_failed: bool = False,
    tags: frozenset[str] | None = None,
) -> tuple[Job, ...]:
    """Return one job for each model.

    A single model goes to `out` itself. A tree is mirrored below `out`, version folders with their numbers; of several
    arguments each goes below `out` under its own name.

    Args:
        models: model folders, trees of them, or model files.
        out: the folder to be made.
        replace: allow targets that exist and are models (`--force`).
        keep_failed: a model whose proof fails would be kept as `.failed`, so that this place is looked at, too.
        tags: of the only MetaGraph that is asked for; without them a model with several becomes a folder of models.

    Raises:
        UnreadableModelError: an argument does not exist or holds no model, or TensorFlow cannot take a path.
        Tf1to2Error: sources and targets overlap, two models would go to one place, or a target may not be replaced.
    """
    check_speakable(out)
    if out.name in ("", ".."):  # what lies beside it must be known
        out = out.resolve()
    arguments = [_argument(model, out if len(models) == 1 else out / _own_name(model)) for model in models]
    refuse_overlap(arguments, out, keep_failed=keep_failed)
    jobs = [job for argument in arguments for job in argument.jobs]
    return look_at_targets(jobs, replace=replace, keep_failed=keep_failed, tags=tags)


def _argument(model: Path, target: Path) -> Argument:
    if not model.exists():
        detect(model)  # raises the true cause
    folder = _folder_of(model)
    if folder is None:
        return Argument(model, (Job(model, target),), frozenset())
    seen: set[tuple[int, int]] = set()
    found = find_models(folder, seen)
    if not found:
        detect(folder)  # raises the true cause, where it is not the folder of a checkpoint
        found = [folder]
    jobs = tuple(Job(source, target / source.relative_to(folder)) for source in found)
    return Argument(folder, jobs, frozenset(seen))


def _folder_of(model: Path) -> Path | None:
    """The folder that an argument means; None for a file that is a model by itself."""
    if model.is_dir():
        return model
    return model.parent if main_file_of(model.parent) == model else None


def _own_name(model: Path) -> str:
    folder = _folder_of(model)
    return folder.resolve().name if folder is not None else model.stem

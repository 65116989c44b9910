"""The step that writes a model's new form, in a worker process, which imports TensorFlow for it.

The other one, `migrate.verify.fresh_process.run_proof`, runs in a process that did not write the model.
"""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from google.protobuf.message import DecodeError

from migrate.errors import NothingToDoError, Tf1to2Error
from migrate.files.disk import full_disk, in_words
from migrate.files.scratch import working_folder
from migrate.legacy.model import LegacyModel
from migrate.legacy.tags import chosen
from migrate.preflight.model_options import ModelOptions
from migrate.text.spelling import as_written


@dataclass(frozen=True, slots=True)
class WriteTask:
    """Rewrap the MetaGraphs of `source`: the only one to the folder `target`, of several each to its own inside."""

    source: Path
    target: Path
    options: ModelOptions


@dataclass(frozen=True, slots=True)
class Written:
    """A new model; `name` is its folder below the task's target, empty for a model's only MetaGraph."""

    name: str
    tags: frozenset[str]
    signatures: tuple[str, ...]
    variables: int
    notes: tuple[str, ...]


class Cause(Enum):
    """Why a MetaGraph has no new form."""

    NATIVE = "it needs none"
    REFUSED = "it cannot have one"
    UNEXPECTED = "something failed that this project does not know of"


@dataclass(frozen=True, slots=True)
class NotWritten:
    """A MetaGraph that has no new form, and the reason in words; a traceback where the cause is UNEXPECTED."""

    name: str
    tags: frozenset[str]
    cause: Cause
    reason: str
    traceback: str = ""


def warm_up() -> None:
    """Import what every task needs."""
    import migrate.native_module.native_form
    import migrate.verify.prover  # noqa: F401


def write(task: WriteTask) -> tuple[Written | NotWritten, ...]:
    """Write the new form of each MetaGraph; one that cannot be rewrapped does not stop the others."""
    from migrate.legacy.read import read_models
    from migrate.preflight.ops import load_op_libraries

    try:
        models = chosen(read_models(task.source, task.options.asked), task.options.tags)
        load_op_libraries(task.options.op_libraries)
    except Tf1to2Error as error:
        return (not_written("", task.options.tags or frozenset(), error),)
    names = _folder_names([one.tags for one in models]) if len(models) > 1 else [""]
    return tuple(_write_one(task, one, name) for one, name in zip(models, names, strict=True))


def _folder_names(tag_sets: list[frozenset[str]]) -> list[str]:
    """A folder name for each set of tags (`serve-gpu`); names that would be the same get a number."""
    names: list[str] = []
    for tags in tag_sets:
        name = plain = re.sub(r"[^\w.-]", "_", "-".join(sorted(tags))).lstrip(".") or "no-tags"
        number = 2
        while name.lower() in (other.lower() for other in names):
            name, number = f"{plain}-{number}", number + 1
        names.append(name)
    return names


def _write_one(task: WriteTask, model: LegacyModel, name: str) -> Written | NotWritten:
    from migrate.rewrap.pipeline import rewrap_model

    tags, path = model.tags, model.path
    folder = task.target / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        apart = replace(model, path=path.absolute(), checkpoint=model.checkpoint.absolute())
        target = folder.absolute()
        with working_folder():
            result = rewrap_model(apart, target, task.options.allowed)
    except Tf1to2Error as error:
        return not_written(name, tags, error, (path, model.checkpoint, folder))
    except OSError as error:
        reason = in_words(error, folder.parent, f"{error.filename or folder} cannot be read or written")
        return NotWritten(name, tags, Cause.REFUSED, as_written(reason, (path, folder)))
    except DecodeError as error:
        reason = f"{path}: a proto inside the model is damaged ({error}); copy the model again."
        return NotWritten(name, tags, Cause.REFUSED, reason)
    except Exception as error:  # TensorFlow raises anything; the other MetaGraphs go on
        full = full_disk(error, folder.parent)
        if full is not None:
            return NotWritten(name, tags, Cause.REFUSED, full)
        first_line = (str(error).strip().splitlines() or [""])[0]
        reason = f"{path}: the rewrap failed in an unexpected way ({type(error).__name__}: {first_line})."
        return NotWritten(name, tags, Cause.UNEXPECTED, reason, traceback.format_exc())
    return Written(name, tags, result.signatures, result.variables, result.notes)


def not_written(name: str, tags: frozenset[str], error: Tf1to2Error, paths: tuple[Path, ...] = ()) -> NotWritten:
    """Make a result of an expected failure, which names `paths` as they are written here."""
    cause = Cause.NATIVE if isinstance(error, NothingToDoError) else Cause.REFUSED
    return NotWritten(name, tags, cause, as_written(str(error), paths))

"""The two steps that run in worker processes: write a model's new form, and prove it. Both import TensorFlow."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from migrate.errors import NothingToDoError, RefusedModelError, Tf1to2Error
from migrate.files.disk import full_disk, in_words
from migrate.files.scratch import working_folder
from migrate.legacy.detect import Detection, ModelKind, checkpoint_of, detect
from migrate.legacy.other_formats import why_not
from migrate.preflight.allowed_ops import AllowedOps
from migrate.text.spelling import as_written
from migrate.verify.proof import Proof, ProofOptions

_MANY_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class WriteTask:
    """Rewrap the MetaGraphs of `source`: the only one to the folder `target`, of several each to its own inside."""

    source: Path
    target: Path
    tags: frozenset[str] | None
    allowed: AllowedOps
    op_libraries: tuple[Path, ...]


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


@dataclass(frozen=True, slots=True)
class ProveTask:
    """Compare the new model with the MetaGraph of the old one that has these tags."""

    old: Path
    new: Path
    tags: frozenset[str]
    options: ProofOptions
    op_libraries: tuple[Path, ...]


def warm_up() -> None:
    """Import what every task needs."""
    import tensorflow  # noqa: F401

    import migrate.rewrap
    import migrate.verify.prover  # noqa: F401


def write(task: WriteTask) -> tuple[Written | NotWritten, ...]:
    """Write the new form of each MetaGraph; one that cannot be rewrapped does not stop the others."""
    from migrate.legacy.saved_model import read_saved_model
    from migrate.preflight.ops import load_op_libraries

    try:
        detection = checked(task.source)
        load_op_libraries(task.op_libraries)
        meta_graphs = _chosen(read_saved_model(detection.main_file.parent).meta_graphs, task)
    except Tf1to2Error as error:
        return (not_written("", task.tags or frozenset(), error),)
    several = len(meta_graphs) > 1
    names = _folder_names([frozenset(one.meta_info_def.tags) for one in meta_graphs]) if several else [""]
    return tuple(_write_one(task, detection, one, name) for one, name in zip(meta_graphs, names, strict=True))


def checked(source: Path) -> Detection:
    """Return what the model is once its files are known to be whole and of a kind that can be rewrapped.

    Reads bytes only: bad input is refused before any process has imported TensorFlow.

    Raises:
        Tf1to2Error: it is no SavedModel, a damaged one, or a native one.
    """
    detection = detect(source)
    _refuse_other_kinds(detection)
    checkpoint_of(detection)
    return detection


def prove(task: ProveTask) -> Proof:
    """Prove one model, in a process that did not write it: what only the writing process knew cannot help it."""
    from migrate.preflight.ops import load_op_libraries
    from migrate.verify.apart import prove_apart

    load_op_libraries(task.op_libraries)
    return prove_apart(task.old, task.new, task.tags, task.options)


def _refuse_other_kinds(detection: Detection) -> None:
    match detection.kind:
        case ModelKind.SAVED_MODEL_V1 | ModelKind.HUB_V1:
            return
        case ModelKind.SAVED_MODEL_V2:
            raise NothingToDoError(f"{detection.main_file.parent} already is a native TF2 SavedModel: nothing to do.")
        case ModelKind.KERAS_V3:
            raise NothingToDoError(f"{detection.main_file} already is a Keras 3 model: nothing to do.")
    raise RefusedModelError(why_not(detection))


def _chosen(meta_graphs: Any, task: WriteTask) -> list[Any]:
    """The MetaGraphs to rewrap; of several with the same tags the first, as TensorFlow's loader takes it."""
    by_tags = {frozenset(one.meta_info_def.tags): one for one in reversed(meta_graphs)}
    if task.tags is None:
        return list(reversed(by_tags.values()))
    if task.tags not in by_tags:
        listed = "; ".join(",".join(sorted(tags)) or "(none)" for tags in reversed(by_tags))
        raise RefusedModelError(
            f"{task.source} has no MetaGraph with exactly the tags {','.join(sorted(task.tags))}; it has: {listed}."
        )
    return [by_tags[task.tags]]


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


def _write_one(task: WriteTask, detection: Detection, meta_graph: Any, name: str) -> Written | NotWritten:
    from migrate.rewrap import RewrapOptions, rewrap

    tags = frozenset(meta_graph.meta_info_def.tags)
    model = detection.main_file.parent
    folder = task.target / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        problems = list(_problems(meta_graph, model))
        if problems:
            raise RefusedModelError("; ".join(problems[:_MANY_PROBLEMS]))
        options = RewrapOptions(tags, task.allowed)  # the libraries are loaded already
        source, target = model.absolute(), folder.absolute()
        with working_folder():
            result = rewrap(source, target, options)
    except Tf1to2Error as error:
        return not_written(name, tags, error, (model, folder))
    except OSError as error:
        reason = in_words(error, folder.parent, f"{error.filename or folder} cannot be read or written")
        return NotWritten(name, tags, Cause.REFUSED, as_written(reason, (model, folder)))
    except DecodeError as error:
        reason = f"{model}: a proto inside the model is damaged ({error}); copy the model again."
        return NotWritten(name, tags, Cause.REFUSED, reason)
    except Exception as error:  # TensorFlow raises anything; the other MetaGraphs go on
        full = full_disk(error, folder.parent)
        if full is not None:
            return NotWritten(name, tags, Cause.REFUSED, full)
        first_line = (str(error).strip().splitlines() or [""])[0]
        reason = f"{model}: the rewrap failed in an unexpected way ({type(error).__name__}: {first_line})."
        return NotWritten(name, tags, Cause.UNEXPECTED, reason, traceback.format_exc())
    return Written(name, tags, result.signatures, result.variables, result.notes)


def _problems(meta_graph: Any, model: Path) -> Iterator[str]:
    from migrate.legacy.model_files import extra_files
    from migrate.preflight.signatures import check_assets, check_signatures

    for problem in (*check_signatures(meta_graph), *check_assets(meta_graph, model)):
        yield problem.message
    yield from extra_files(model).refused


def not_written(name: str, tags: frozenset[str], error: Tf1to2Error, paths: tuple[Path, ...] = ()) -> NotWritten:
    """Make a result of an expected failure, which names `paths` as they are written here."""
    cause = Cause.NATIVE if isinstance(error, NothingToDoError) else Cause.REFUSED
    return NotWritten(name, tags, cause, as_written(str(error), paths))

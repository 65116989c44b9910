"""Everything that makes a rewrap of a model impossible or unsafe, in one place.

`inspect` lists it; `rewrap`, from the command line and from Python, and `migrate.shim` refuse a model with any of it;
`verify` refuses what is unsafe and compares the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from migrate.errors import RefusedModelError, UnreadableModelError
from migrate.legacy.model import LegacyModel
from migrate.legacy.model_files import copied_files
from migrate.preflight.allowed_ops import AllowedOps
from migrate.preflight.content import check_content
from migrate.preflight.effects import check_effects
from migrate.preflight.problem import Problem, ProblemKind
from migrate.preflight.signatures import check_assets, check_signatures

_MOST_TOLD = 5
_DAMAGED = (ProblemKind.DAMAGED, ProblemKind.MISSING_ASSET)


def problems_of(model: LegacyModel, allowed: AllowedOps) -> tuple[Problem, ...]:
    """Return what stands against a rewrap, each cause once; nothing of the model is run.

    Args:
        model: what is asked about.
        allowed: the ops with an effect outside of the process that the user accepts.
    """
    return _each_once(
        (
            *check_signatures(model.meta_graph),
            *check_assets(model.meta_graph, model.path),
            *_uncopied(model.path),
            *check_effects(model.meta_graph, allowed),
            *check_content(model),
        )
    )


def unsafe(meta_graph: Any, model: Path, allowed: AllowedOps) -> tuple[Problem, ...]:
    """Return what stands against running a model at all: effects outside of the process, assets that lie elsewhere."""
    assets = (one for one in check_assets(meta_graph, model) if one.kind is ProblemKind.UNSAFE_ASSET)
    return _each_once((*assets, *check_effects(meta_graph, allowed)))


def refuse(model: LegacyModel, allowed: AllowedOps) -> None:
    """Refuse a model that cannot be rewrapped, or not safely.

    Raises:
        UnreadableModelError: all that is wrong is that it is damaged or incomplete.
        RefusedModelError: each cause is named, with the way out.
    """
    _raise(model.path, problems_of(model, allowed))


def refuse_unsafe(meta_graph: Any, model: Path, allowed: AllowedOps) -> None:
    """Refuse a model that is not safe to run.

    Raises:
        RefusedModelError: each cause is named, with the way out.
    """
    _raise(model, unsafe(meta_graph, model, allowed))


def _raise(model: Path, problems: tuple[Problem, ...]) -> None:
    if problems:
        is_damaged = all(problem.kind in _DAMAGED for problem in problems)
        more = len(problems) - _MOST_TOLD
        listed = " ".join(problem.message for problem in problems[:_MOST_TOLD])
        words = f"{model}: {listed}" + (f" And {more} more: `tf1to2 inspect` lists them." if more > 0 else "")
        raise UnreadableModelError(words) if is_damaged else RefusedModelError(words)


def _uncopied(model: Path) -> Iterator[Problem]:
    for sentence in copied_files(model).refused:
        yield Problem(ProblemKind.NOT_COPIED, "", "", sentence)


def _each_once(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple({problem.message: problem for problem in problems}.values())

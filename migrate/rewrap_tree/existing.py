"""Looks at what is at the targets before a run: what may be replaced, and what is in the way."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace as changed
from pathlib import Path

from migrate.errors import Tf1to2Error
from migrate.files.staging import recover
from migrate.processes.workers import call_in_process
from migrate.rewrap_tree.job import Job
from migrate.rewrap_tree.journal import Entry, of_killed_runs, state_of
from migrate.rewrap_tree.replaceable import holds_models, why_not_a_model, why_not_models


def look_at_targets(
    jobs: Sequence[Job], *, replace: bool, keep_failed: bool, tags: frozenset[str] | None
) -> tuple[Job, ...]:
    """Return the jobs, knowing which of them a killed run had done already.

    Models that such a run had moved aside and not replaced go back to their places first.

    Raises:
        Tf1to2Error: something is at a target that may not be replaced.
    """
    for folder in dict.fromkeys(folder for job in jobs for folder in (job.target.parent, job.target)):
        recover(folder)
    if not any(os.path.lexists(place) for job in jobs for place in _places(job, keep_failed)):
        return tuple(jobs)
    left = _states_by_place(of_killed_runs(jobs))
    resumed = {place for job in jobs for place in _places(job, keep_failed) if _was_left(job, place, left)}
    occupied = [job for job in jobs if os.path.lexists(job.target) and job.target not in resumed]
    several = _of_several_meta_graphs([job for job in occupied if tags is None and _may_take_several(job.target)])
    for job in occupied:
        # A folder of models, one per MetaGraph, is replaced model by model.
        reason = None if job.source in several else why_not_a_model(job.target)
        _refuse(job.target, reason, replace)
    for place in (job.failed_target for job in jobs if keep_failed):
        if os.path.lexists(place) and place not in resumed:
            _refuse(place, why_not_a_model(place), replace)
    return tuple(changed(job, resumed=not resumed.isdisjoint(_places(job, keep_failed))) for job in jobs)


def _places(job: Job, keep_failed: bool) -> Iterator[Path]:
    yield job.target
    if keep_failed:
        yield job.failed_target


def _states_by_place(left: Iterable[Entry]) -> dict[tuple[str, str], set[str]]:
    states: dict[tuple[str, str], set[str]] = {}
    for entry in left:
        states.setdefault((entry.source, entry.target), set()).add(entry.state)
    return states


def _was_left(job: Job, place: Path, left: dict[tuple[str, str], set[str]]) -> bool:
    """Whether a killed run made what is at a place, from the same source, and nobody has changed it since."""
    states = left.get((os.path.realpath(job.source), os.path.realpath(place)), set())
    return bool(states) and place.is_dir() and not place.is_symlink() and state_of(place) in states


def _may_take_several(target: Path) -> bool:
    return holds_models(target) and why_not_models(target) is None


def _refuse(place: Path, reason: str | None, replace: bool) -> None:
    if reason is not None:
        raise Tf1to2Error(f"{place} exists and {reason}; it is never replaced, choose another folder with -o.")
    if not replace:
        raise Tf1to2Error(f"{place} exists; pass --force to replace it, or choose another folder with -o.")


def _of_several_meta_graphs(jobs: Sequence[Job]) -> frozenset[Path]:
    """The sources that become a folder of models. Only TensorFlow can tell, so it is asked only where it matters."""
    return call_in_process(_with_several, tuple(job.source for job in jobs)) if jobs else frozenset()


def _with_several(sources: Iterable[Path]) -> frozenset[Path]:
    from migrate.legacy.read import read_models

    found = set()
    for source in sources:
        try:
            models = read_models(source)
        except Tf1to2Error:  # it will be refused with its cause, and written nowhere
            found.add(source)
            continue
        if len({model.tags for model in models}) > 1:
            found.add(source)
    return frozenset(found)

"""Refuses a plan whose targets would touch its sources, or each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from migrate.errors import Tf1to2Error
from migrate.rewrap_tree.job import Job
from migrate.rewrap_tree.places import Identity, Places, real


@dataclass(frozen=True, slots=True)
class Argument:
    """What one argument of the command line gave.

    Attributes:
        model: the model or the tree of them.
        jobs: one for each model.
        folders: every folder that the search for models came to, also through links.
    """

    model: Path
    jobs: tuple[Job, ...]
    folders: frozenset[Identity]


def refuse_overlap(arguments: Sequence[Argument], out: Path, *, keep_failed: bool) -> None:
    """Check that nothing that is written can touch a source, or what another job writes.

    Raises:
        Tf1to2Error: it could; the message says what lies in what.
    """
    check = _Check(Places(), tuple(arguments))
    check.sources_once()
    check.outside_of_sources(out)
    targets = [target for argument in arguments for job in argument.jobs for target in _targets(job, keep_failed)]
    for target in targets:
        check.outside_of_sources(target)
    _refuse_shared_targets([job for argument in arguments for job in argument.jobs], keep_failed)


def _targets(job: Job, keep_failed: bool) -> Iterator[Path]:
    yield job.target
    if keep_failed:
        yield job.failed_target


class _Check:
    def __init__(self, places: Places, arguments: tuple[Argument, ...]) -> None:
        self._places = places
        self._sources: dict[Identity, Path] = {}
        self._below: dict[Identity, Path] = {}
        self._searched: dict[Identity, Path] = {}
        self._arguments = arguments
        self._models = {places.identity(argument.model) for argument in arguments}

    def sources_once(self) -> None:
        """Note what the sources are, and refuse one that two arguments name."""
        for argument in self._arguments:
            self._searched.update(dict.fromkeys(argument.folders, argument.model))
            for job in argument.jobs:
                identity = self._places.identity(job.source)
                if identity is None:  # a link to nothing, which its reader reports
                    continue
                other = self._sources.setdefault(identity, job.source)
                if other is not job.source:
                    raise Tf1to2Error(f"{other} and {job.source} are one model; name it once.")
                for above in self._places.above(job.source):
                    self._below[above] = job.source

    def outside_of_sources(self, target: Path) -> None:
        """Refuse a target that is, holds or lies in a source."""
        identity = self._places.identity(target)
        if identity is not None:
            if identity in self._sources or identity in self._models:
                raise Tf1to2Error(
                    f"{target} is the model itself; sources are never touched, choose another folder with -o."
                )
            if identity in self._below:
                raise Tf1to2Error(
                    f"{self._below[identity]} lies inside {target}, which would be replaced; sources are never "
                    "touched, choose another folder with -o."
                )
        own = frozenset() if identity is None else frozenset([identity])
        for place in (self._places.above(target) | own) & self._searched.keys():
            raise Tf1to2Error(f"{target} lies inside {self._searched[place]}; choose a folder outside of it with -o.")


def _refuse_shared_targets(jobs: Sequence[Job], keep_failed: bool) -> None:
    owners: dict[Path, Job] = {}
    for job in jobs:
        for target in _targets(job, keep_failed):
            other = owners.setdefault(real(target), job)
            if other is not job:
                raise Tf1to2Error(
                    f"{other.source} and {job.source} would both become {target}; rewrap them one by one."
                )
    for place, job in owners.items():
        for above in place.parents:
            if above in owners and owners[above] is not job:
                raise Tf1to2Error(
                    f"{job.target} would lie inside {owners[above].target}; rewrap {job.source} by itself, to another "
                    "folder."
                )

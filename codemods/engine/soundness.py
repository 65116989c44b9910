"""What the engine holds of every plan, whatever the rules do: the file with the sites applied is one that can run.

With all sites, and with each of them and what it needs alone, the text parses, uses no name that nothing defines and
did not before, and imports nothing from TensorFlow that the target lacks and was not imported before. The sites that
would break this are given up: they turn manual, with what they would have broken as the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from codemods.edit.edits import apply_edits, merged
from codemods.engine.rewriting import Span, Steps, rewriting_steps
from codemods.errors import CodemodError
from codemods.names.release_names import lacks
from codemods.names.target import Target
from codemods.site import Outcome, Site
from codemods.source.undefined_names import Facts, facts_of

# Each is a look at the whole text: where a file has more units than these, the look at all sites must do.
_MOST_UNITS = 12


@dataclass(frozen=True, slots=True)
class Unsound:
    """What would be broken, in words."""

    reason: str


@dataclass(frozen=True)
class Source:
    """A module's text before its sites are applied; of a notebook with where its cells are."""

    text: str
    path: str
    target: Target
    cells: tuple[Span, ...] = ()

    @cached_property
    def facts(self) -> Facts | None:
        """What is wrong with the text as it is, and no site's fault; looked at only where something is wrong after."""
        return facts_of(self.text)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A module's text with sites applied, and the batches of edits that made it (`rewriting_steps`)."""

    text: str
    steps: Steps


@dataclass(frozen=True, slots=True)
class Held:
    """The sites of a module that may stay, and the steps that apply all of them, where these were made."""

    sites: tuple[Site, ...]
    steps: Steps | None = None


def sound(source: Source, sites: Sequence[Site]) -> Held:
    """Return the sites, those that would break the file given up."""
    sites = tuple(sites)
    while any(site.changes for site in sites):
        rewritten = _rewritten(source, sites)
        broken = _broken(source, sites, rewritten)
        if not broken:
            return Held(sites, rewritten.steps if isinstance(rewritten, Rewritten) else None)
        sites = tuple(
            given_up(site, broken[culprit].reason) if (culprit := _culprit(site, broken)) is not None else site
            for site in sites
        )
    return Held(sites)


def given_up(site: Site, reason: str) -> Site:
    """Return the site as one that a person must see to: nothing of it is applied."""
    return replace(
        site, outcome=Outcome.MANUAL, reason=reason, edits=(), imports=(), freed=frozenset(), needs=frozenset()
    )


def _culprit(site: Site, broken: dict[str, Unsound]) -> str | None:
    """Return the broken site that this one is, or needs."""
    if not site.changes:
        return None
    return next((identity for identity in (site.id, *sorted(site.needs)) if identity in broken), None)


def _broken(source: Source, sites: tuple[Site, ...], rewritten: Rewritten | Unsound) -> dict[str, Unsound]:
    """Return what is wrong by the id of the site that is to blame; nothing where all is well.

    Where the file is broken only by all sites together, all are to blame.
    """
    changing = [site for site in sites if site.changes]
    everything = rewritten if isinstance(rewritten, Unsound) else _judged(source, rewritten.text)
    units = _units(changing)
    if everything is None and len(units) > _MOST_UNITS:
        return {}
    found: dict[str, Unsound] = {}
    for name, unit in sorted(units.items(), key=lambda item: len(item[1])):
        if len(unit) == len(changing) and everything is None:
            continue
        if not any(site.id in found for site in unit) and (wrong := _alone(source, unit)) is not None:
            found[name] = wrong
    if everything is not None and not found:
        return {site.id: everything for site in changing}
    return found


def _units(changing: Sequence[Site]) -> dict[str, list[Site]]:
    """Return the sites to be applied with each, by its id; one where several have the same."""
    by_id = {site.id: site for site in changing}
    units: dict[frozenset[str], str] = {}
    for site in changing:
        wanted, queue = {site.id}, [site.id]
        while queue:
            needs = {need for need in by_id[queue.pop()].needs if need in by_id} - wanted
            wanted |= needs
            queue.extend(needs)
        units.setdefault(frozenset(wanted), site.id)
    return {name: [by_id[each] for each in sorted(unit)] for unit, name in units.items()}


def _rewritten(source: Source, sites: Sequence[Site]) -> Rewritten | Unsound:
    """Return the text with all sites applied, as it would be written."""
    text = source.text
    try:
        steps = tuple(rewriting_steps(text, sites, source.path, source.cells))
    except CodemodError as error:
        return Unsound(f"the rewritten file would not parse ({error}): change it by hand")
    for edits in steps:
        text = apply_edits(text, edits)
    return Rewritten(text, steps)


def _alone(source: Source, sites: Sequence[Site]) -> Unsound | None:
    """Judge some of the sites by their edits; their imports are taken to be there."""
    try:
        text = apply_edits(source.text, merged(edit for site in sites for edit in site.edits))
    except CodemodError as error:
        return Unsound(f"the rewritten file would not parse ({error}): change it by hand")
    return _judged(source, text, {needed.bound_name for site in sites for needed in site.imports})


def _judged(source: Source, text: str, imported: Iterable[str] = ()) -> Unsound | None:
    after = facts_of(text)
    undefined = after.undefined.difference(imported) if after is not None else frozenset()
    lacking = [each for each in after.imports if lacks(source.target, each.module, each.name)] if after else []
    if (after is not None and not undefined and not lacking) or source.facts is None:
        return None  # what this Python cannot read before it need not read after
    if after is None:
        return Unsound("the rewritten file would not parse: change it by hand")
    undefined -= source.facts.undefined
    if undefined:
        names = ", ".join(f"`{name}`" for name in sorted(undefined))
        return Unsound(f"the new code would use {names}, which nothing defines there: define or import it, or rewrite")
    for each in sorted(set(lacking) - source.facts.imports, key=str):
        return Unsound(f"the new code would need `{each}`, which TensorFlow {source.target} does not have")
    return None

"""The sites of a file that is Python 2: planned on its Python 3, told where they stand in the file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from codemods.engine.decoded_file import Document
from codemods.engine.soundness import given_up
from codemods.site import Outcome, Site, site_id


def converted(document: Document, sites: Sequence[Site], converting: Collection[str]) -> list[Site]:
    """Return the sites of a file that is converted: all that change it need the conversion."""
    assert document.conversion is not None
    conversion = document.conversion
    # It is the change of the whole file: a decision about it holds for that file alone.
    ids = {
        site.id: site_id(site.rule, document.path, conversion.before, site.part)
        for site in sites
        if site.rule in converting
    }
    found = []
    for site in sites:
        if site.id in ids:
            found.append(replace(site, id=ids[site.id], line=conversion.line or site.line, col=0))
            continue
        needs = (site.needs - set(ids)) | frozenset(ids.values()) if site.changes else site.needs
        found.append(replace(site, needs=needs, line=conversion.line_before(site.line)))
    return found


def waiting(document: Document, sites: Sequence[Site], followers: Collection[str]) -> list[Site]:
    """Return the sites of a file that stays Python 2; what only follows their changes (`followers`) is none."""
    assert document.conversion is not None
    found = [_waiting(site) for site in sites if not (site.changes and site.rule in followers)]
    return [replace(site, line=document.conversion.line_before(site.line)) for site in found]


def _waiting(site: Site) -> Site:
    """Return the site as what it is in a file that stays Python 2."""
    if site.outcome is Outcome.SKIP:
        return site
    what = "needs a person" if site.outcome is Outcome.MANUAL else f"becomes {site.outcome.value}"
    reason = f"Python 2: run with --python2, which converts the file first; then this {what} ({site.reason})"
    return replace(given_up(site, reason), todo=None)

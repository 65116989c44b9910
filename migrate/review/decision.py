"""What a person decided about one change, and what then becomes of its site."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from enum import Enum

from codemods.edit.edits import Edit, apply_edits
from codemods.site import Site


class Verdict(str, Enum):
    """Whether a change is kept."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict; `edits` replace those of the site where the person wrote the new code.

    Decisions of one answer share their `step`; steps count up through the whole review.
    """

    verdict: Verdict
    step: int
    edits: tuple[Edit, ...] | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the change is made."""
        return self.verdict is Verdict.ACCEPTED


def decided_site(site: Site, decision: Decision, text: str) -> Site:
    """Return the site as it was accepted; imports that the edited `text` does not mention are not made.

    Raises:
        ConflictingEditsError: Two of the edits overlap.
    """
    if decision.edits is None:
        return site
    code = apply_edits(text, decision.edits)
    imports = tuple(needed for needed in site.imports if re.search(rf"\b{re.escape(needed.bound_name)}\b", code))
    return replace(site, edits=decision.edits, imports=imports, todo=None)


def change_digest(site: Site, text: str) -> str:
    """Return a hash of what the site changes, wherever in the file it stands: a decision holds for this change only.

    `text` is the text in which the site's offsets count.
    """
    edits = site.edits if site.todo is None else (*site.edits, site.todo)
    change = [
        [[text[edit.start : edit.end], edit.text] for edit in edits],
        sorted(needed.statement for needed in site.imports),
        sorted(site.freed),
    ]
    return hashlib.sha256(json.dumps(change).encode()).hexdigest()[:16]


def content_digest(data: bytes) -> str:
    """Return a hash of a file's content."""
    return hashlib.sha256(data).hexdigest()[:16]

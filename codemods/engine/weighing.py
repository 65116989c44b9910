"""Whether what a draft writes may stand in the user's file: how much of it there may be, and what it may import."""

from __future__ import annotations

from dataclasses import replace

from codemods.edit.traces import SHIM_PACKAGE
from codemods.rule import Draft
from codemods.site import Outcome
from codemods.source.mode import Mode
from codemods.source.module import Module

NATIVE_LINES = 30
"""What native code may add for one site: a screen of lines. More is machinery, and the shim's job."""
_TOO_LONG = "plain TensorFlow would take {} lines of code here, too many to keep beside the export: write it by hand"
_NO_SHIM = (
    "--self-contained: only tf1to2 at run time keeps what this does; without that option it is rewritten, and "
    "`tf1to2 rewrap` converts what it has exported"
)


def weighed(module: Module, draft: Draft) -> Draft:
    """Return the draft as it may be chosen: one that writes too much, or needs what is ruled out, becomes manual.

    Where the shim is ruled out, code of any length is better than none; it is not called native.
    """
    if draft.outcome is Outcome.NATIVE:
        added = draft.added_lines(module.text)
        if added > NATIVE_LINES and module.program.self_contained:
            return replace(draft, outcome=Outcome.SHIM, reason=f"self-contained: {draft.reason}")
        return _manual(draft, _TOO_LONG.format(added)) if added > NATIVE_LINES else draft
    is_ruled_out = module.program.self_contained and SHIM_PACKAGE in draft.packages
    return _manual(draft, _NO_SHIM) if is_ruled_out and _is_settled(module) else draft


def _is_settled(module: Module) -> bool:
    """Whether the mode is the program's last: the shim's draft of the first plan tells that it must be graph mode."""
    return module.program.migrates or module.program.mode is Mode.GRAPH


def _manual(draft: Draft, reason: str) -> Draft:
    return replace(
        draft,
        outcome=Outcome.MANUAL,
        reason=reason,
        edits=(),
        imports=(),
        freed=frozenset(),
        packages=frozenset(),
        needs=(),
    )

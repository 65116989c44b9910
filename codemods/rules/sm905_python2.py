"""Files of Python 2 become Python 3 first (`--python2`): one change, which all others of the file need.

The conversion is that of fissix, the maintained lib2to3: `print`, `except X, e`, dictionaries, renamed modules. Without
`--python2` the export sites of such a file are reported, each as one that a person must see to, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from codemods.edit.edits import Edit
from codemods.engine.runnable import RunnableRule
from codemods.rule import Draft
from codemods.site import Guidance, Outcome, Site
from codemods.source.module import Module
from codemods.source.python2 import PYTHON2

_REASON = (
    "Python 2 becomes Python 3, as fissix (the maintained 2to3) converts it, before anything else: run the program's "
    "tests, above all where it mixes text and bytes"
)
_DIVISIONS = "; `/` rounded whole numbers down and no longer does: line {}"
_LISTED = 8


class Python2(RunnableRule):
    """Files that are Python 2."""

    id = "SM905"
    name = "python2"
    summary = "Python 2 files become Python 3 first, where --python2 asks for it"
    why = "No TensorFlow 2 runs on Python 2, and Python 3 cannot read such a file."
    link = "https://docs.python.org/3/howto/pyporting.html"
    guidance = Guidance.REVIEW
    is_conversion = True
    limits = (
        "What parses as Python 3 is taken to be Python 3, whatever it was written for.",
        "Divisions are listed, not changed: whether `/` meant whole numbers is for a person.",
        "Implicit relative imports (`import sibling` in a package) stay as they are.",
    )

    def follow(self, module: Module, sites: Sequence[Site]) -> Iterator[Draft]:
        """Yield the conversion of the module, where it is Python 2 and something in it changes."""
        conversion = module.conversion
        if conversion is None or not module.tree.body:
            return
        if module.program.migrates or any(site.changes for site in sites):
            # The text is the new one already: the edit changes nothing, it makes the site one that changes the file.
            yield Draft(
                node=_statement_at(module, conversion.line),
                symbol=PYTHON2,
                outcome=Outcome.NATIVE,
                reason=_REASON + _told(conversion.divisions),
                edits=(Edit(0, 0, ""),),
            )


def _told(lines: tuple[int, ...]) -> str:
    if not lines:
        return ""
    more = f" and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
    return _DIVISIONS.format(", ".join(map(str, lines[:_LISTED])) + more)


def _statement_at(module: Module, line: int) -> cst.CSTNode:
    first: cst.CSTNode = module.tree.body[0]
    for node in module.nodes:
        is_statement = isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement))
        if is_statement and module.line_of(module.start(node)) <= line:
            first = node
    return first

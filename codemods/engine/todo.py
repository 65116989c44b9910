"""Comments that mark in the code what a person must decide."""

from __future__ import annotations

import textwrap

import libcst as cst

from codemods.edit.edits import Edit
from codemods.edit.layout import newline_of
from codemods.site import Outcome, Site
from codemods.source.module import Module

MARK = "TODO(tf1to2)"
_WIDTH = 100


def todo_comment(module: Module, site: Site) -> Edit | None:
    """Return the edit that puts a comment above a manual site's statement; None for others, and where one stands."""
    if site.outcome is not Outcome.MANUAL:
        return None
    statement = _statement_at(module, site.anchor)
    if statement is None:
        return None
    start = module.line_start(module.start(statement))
    indent = module.text[start : module.start(statement)]
    above = module.text[:start].splitlines()[-12:]
    if indent.strip() or any(MARK in line and site.rule in line for line in above):
        return None
    lines = textwrap.wrap(f"{MARK}: {site.rule}: {site.reason}", max(40, _WIDTH - len(indent)))
    newline = newline_of(module)
    return Edit(start, start, "".join(f"{indent}# {line}{newline}" for line in lines))


def _statement_at(module: Module, offset: int) -> cst.CSTNode | None:
    best: cst.CSTNode | None = None
    for node in module.nodes:
        is_statement = isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement))
        if is_statement and module.start(node) <= offset < module.end(node):
            best = node
    return best

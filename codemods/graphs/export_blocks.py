"""The blocks of graph and session around an export, and the statements in them in the order in which they run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.exports.session_exports import SessionExport, own_statement
from codemods.graphs.imported_graphs import SESSIONS
from codemods.source.module import Module


@dataclass(frozen=True, slots=True)
class ExportBlocks:
    """What stands around an export.

    Args:
        opened: `with` blocks that open nothing but its graph or its session, inside out.
        anchor: The statement, in the suite of the outermost block, at which the export is written.
        statements: Those up to the anchor in order, those of the opened blocks in the block's place.
    """

    opened: tuple[cst.With, ...]
    anchor: cst.CSTNode
    statements: tuple[cst.CSTNode, ...]


def export_blocks(module: Module, export: SessionExport) -> ExportBlocks | None:
    """Return the blocks around the place where the state is taken, None where anything else is around it."""
    function = module.function(export.node)
    body: cst.CSTNode = function.body if function is not None else module.tree
    opened = _opened(module, export)
    if opened is None:
        return None
    inside = [block.body for block in opened]
    suites = {module.parent(block) for block in opened}
    if not all(suite is body or any(suite is other for other in inside) for suite in suites):
        return None
    anchor: cst.CSTNode | None = own_statement(module, export.writing)
    while anchor is not None and module.parent(anchor) is not body:
        anchor = module.parent(anchor)
    if anchor is None or not isinstance(body, (cst.IndentedBlock, cst.Module)):
        return None
    return ExportBlocks(tuple(opened), anchor, tuple(_until(anchor, body, opened)))


def _opened(module: Module, export: SessionExport) -> list[cst.With] | None:
    node: cst.CSTNode | None = own_statement(module, export.taking)
    opened: list[cst.With] = []
    while node is not None:
        node = next((item for item in module.ancestors(node) if isinstance(item, (cst.With, cst.FunctionDef))), None)
        if not isinstance(node, cst.With):
            break
        if not all(_is_graph_or_session(module, export, item) for item in node.items):
            return None
        opened.append(node)
    has_session = any(_is_session(module, item) for block in opened for item in block.items)
    return opened if has_session else None


def _until(anchor: cst.CSTNode, body: cst.IndentedBlock | cst.Module, opened: list[cst.With]) -> Iterator[cst.CSTNode]:
    for statement in body.body:
        yield from _flat(statement, opened)
        if statement is anchor:
            return


def _flat(statement: cst.CSTNode, opened: list[cst.With]) -> Iterator[cst.CSTNode]:
    if statement in opened and isinstance(statement, cst.With) and isinstance(statement.body, cst.IndentedBlock):
        for inner in statement.body.body:
            yield from _flat(inner, opened)
    else:
        yield statement


def _is_session(module: Module, item: cst.WithItem) -> bool:
    if not isinstance(item.item, cst.Call) or module.resolve_call(item.item) not in SESSIONS:
        return False
    return item.asname is not None and isinstance(item.asname.name, cst.Name)


def _is_graph_or_session(module: Module, export: SessionExport, item: cst.WithItem) -> bool:
    if _is_session(module, item):
        name = item.asname.name if item.asname is not None else None
        session = export.session
        return isinstance(name, cst.Name) and isinstance(session, cst.Name) and name.value == session.value
    entered = item.item
    if isinstance(entered, cst.Call) and isinstance(entered.func, cst.Attribute) and not entered.args:
        graph = module.value(entered.func.value)
        is_graph = isinstance(graph, cst.Call) and module.resolve_call(graph) == "tensorflow.Graph"
        return entered.func.attr.value == "as_default" and is_graph
    return False

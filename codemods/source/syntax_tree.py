"""The tree of one Python module, with offsets into its text and what stands around each node."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TypeVar, cast

import libcst as cst

from codemods.source.parsing import parse
from codemods.source.positions import Positions
from codemods.source.scopes import Scope, ScopeIndex, build_index

_NEWLINE = re.compile(r"\r\n?|\n")
NodeT = TypeVar("NodeT", bound=cst.CSTNode)


class SyntaxTree:
    """A parsed module. Offsets are character offsets into `text`.

    Raises:
        UnparsableSourceError: The text is not Python 3.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = parse(text)
        self._positions = Positions(self.tree, text)
        self._line_starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]

    # --- positions ---

    def start(self, node: cst.CSTNode) -> int:
        """Return where the node's code starts; parentheses around an expression are outside."""
        return self._positions.of(node)[0]

    def end(self, node: cst.CSTNode) -> int:
        """Return where the node's code ends (exclusive)."""
        return self._positions.of(node)[1]

    def outer_span(self, node: cst.BaseExpression) -> tuple[int, int]:
        """Return the span of an expression together with its own parentheses."""
        start, end = self.start(node), self.end(node)
        for _ in node.lpar:
            start = self.text.rindex("(", 0, start)
            end = self.text.index(")", end) + 1
        return start, end

    def code(self, node: cst.CSTNode) -> str:
        """Return the node's source as it stands."""
        return self.text[self.start(node) : self.end(node)]

    def line_of(self, offset: int) -> int:
        """Return the line of an offset, counted from 1."""
        return bisect.bisect_right(self._line_starts, offset)

    def column_of(self, offset: int) -> int:
        """Return the column of an offset, counted from 0."""
        return offset - self._line_starts[self.line_of(offset) - 1]

    def line_start(self, offset: int) -> int:
        """Return the offset at which the line of `offset` begins."""
        return self._line_starts[self.line_of(offset) - 1]

    def line_end(self, offset: int) -> int:
        """Return the offset after the newline that ends the line of `offset`."""
        line = self.line_of(offset)
        return self._line_starts[line] if line < len(self._line_starts) else len(self.text)

    # --- structure ---

    @cached_property
    def index(self) -> ScopeIndex:
        """Scopes and parents of every node."""
        return build_index(self.tree)

    @cached_property
    def nodes(self) -> tuple[cst.CSTNode, ...]:
        """Every node in source order."""
        return tuple(self.index.scope_of)

    @cached_property
    def calls(self) -> tuple[cst.Call, ...]:
        """Every call in source order (an outer call before the calls in it)."""
        return tuple(node for node in self.nodes if type(node) is cst.Call)

    @cached_property
    def imports_of_modules(self) -> tuple[cst.Import | cst.ImportFrom, ...]:
        """Every import in source order."""
        found = (node for node in self.nodes if type(node) in (cst.Import, cst.ImportFrom))
        return tuple(cast("cst.Import | cst.ImportFrom", node) for node in found)

    @cached_property
    def names(self) -> dict[str, list[cst.Name]]:
        """Every use and binding of each name, in source order; attributes and keywords are not names."""
        found: dict[str, list[cst.Name]] = {}
        for node in self.nodes:
            if type(node) is cst.Name and not self._is_label(node):
                found.setdefault(node.value, []).append(node)
        return found

    def _is_label(self, name: cst.Name) -> bool:
        parent = self.parent(name)
        return (isinstance(parent, cst.Attribute) and parent.attr is name) or (
            isinstance(parent, cst.Arg) and parent.keyword is name
        )

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return the node around this one."""
        return self.index.parent_of.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield the nodes around this one, inside out."""
        current = self.parent(node)
        while current is not None:
            yield current
            current = self.parent(current)

    def enclosing(self, node: cst.CSTNode, kind: type[NodeT] | tuple[type[NodeT], ...]) -> NodeT | None:
        """Return the nearest node around this one that is of the given kind."""
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, kind):
                return ancestor
        return None

    def statement(self, node: cst.CSTNode) -> cst.SimpleStatementLine | cst.BaseCompoundStatement | None:
        """Return the statement the node stands in: a logical line or a compound statement."""
        if isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            return node
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
                return ancestor
        return None

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """Return the innermost function the node stands in, None at module level."""
        return self.enclosing(node, cst.FunctionDef)

    def scope(self, node: cst.CSTNode) -> Scope:
        """Return the scope in which the node is evaluated."""
        return self.index.scope_of[node]

    def before(self, first: cst.CSTNode, second: cst.CSTNode) -> bool:
        """Whether `first` stands before `second` in the source."""
        return self.index.order[first] < self.index.order[second]

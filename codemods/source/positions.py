"""Where the code of every node of a tree begins and ends, as offsets into the module's text.

LibCST's own provider finds lines and columns, which every reader would turn into offsets again, and takes three times
as long: it searches each token for newlines and makes objects for each node that nobody asks for.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from types import TracebackType

import libcst as cst
from libcst._nodes.internal import CodegenState

Span = tuple[int, int]


class Positions:
    """The offsets of a tree's nodes, found when one is asked for: up to the statement at the top that holds it."""

    def __init__(self, tree: cst.Module, text: str) -> None:
        """Look for the places of a tree's nodes in the text that it was parsed from."""
        self._tree = tree
        self._lost = _lost_form_feeds(text, tree.code) if "\f" in text else []
        self._begin()

    def _begin(self) -> None:
        self._writing = _Writing(self._tree)
        self._rest: Iterator[cst.CSTNode] = iter((*self._tree.header, *self._tree.body, *self._tree.footer))

    def of(self, node: cst.CSTNode) -> Span:
        """Return where a node's code begins and ends.

        As LibCST's `PositionProvider` has it: without space around a node, and without an expression's parentheses.
        """
        spans = self._writing.spans
        while (found := spans.get(id(node))) is None:  # by its `id`: hashing a node itself is slow
            self._write_on()
        if not self._lost:
            return found
        return found[0] + bisect_right(self._lost, found[0]), found[1] + bisect_left(self._lost, found[1])

    def _write_on(self) -> None:
        """Write the next statement; after the last one the module ends.

        Raises:
            KeyError: All is written, so that the wanted node is none of the tree.
        """
        following = next(self._rest, None)
        if following is None:
            self._writing.finish(self._tree)
            return
        try:
            following._codegen(self._writing)
        except BaseException:  # nested too deeply: half of a statement would shift all that follow
            self._begin()
            raise


def _lost_form_feeds(text: str, code: str) -> list[int]:
    """Return where in the code of a tree the text has form feeds that LibCST drops: those right before a statement."""
    lost: list[int] = []
    place = 0
    for character in text:
        if code[place : place + 1] == character:
            place += 1
        elif character == "\f":
            lost.append(place)
    return lost


class _Writing(CodegenState):
    """Writes a tree and keeps only where in the text it is. As a context it is the node it was last told to record."""

    def __init__(self, tree: cst.Module) -> None:
        super().__init__(default_indent=tree.default_indent, default_newline=tree.default_newline)
        self.spans: dict[int, Span] = {}
        self._offset = 0
        self._indent = 0
        self._begun: list[int] = []
        self._recorded: list[tuple[int, int, cst.CSTNode | None, cst.CSTNode | None]] = []

    def finish(self, tree: cst.Module) -> None:
        """Note the span of the module itself.

        Raises:
            KeyError: It was noted before.
        """
        if id(tree) in self.spans:
            raise KeyError("no node of this tree")
        if not tree.has_trailing_newline:
            self.pop_trailing_newline()
        elif not self.tokens:
            self.add_token(self.default_newline)
        self.spans[id(tree)] = (0, self._offset)

    def increase_indent(self, value: str) -> None:
        super().increase_indent(value)
        self._indent += len(value)

    def decrease_indent(self) -> None:
        self._indent -= len(self.indent_tokens[-1])
        super().decrease_indent()

    def add_indent_tokens(self) -> None:
        self._offset += self._indent

    def add_token(self, value: str) -> None:
        self.tokens[:] = (value,)  # only the last may be taken back
        self._offset += len(value)

    def pop_trailing_newline(self) -> None:
        if self.tokens:
            self._offset -= len(self.tokens.pop())

    def before_codegen(self, node: cst.CSTNode) -> None:
        self._begun.append(self._offset)

    def after_codegen(self, node: cst.CSTNode) -> None:
        start = self._begun.pop()
        self.spans.setdefault(id(node), (start, self._offset))

    def record_syntactic_position(  # type: ignore[override]  # LibCST's is a generator for `contextmanager`: slower
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> _Writing:
        self._recorded.append((id(node), self._offset, start_node, end_node))
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        number, start, start_node, end_node = self._recorded.pop()
        end = self._offset if end_node is None else self.spans[id(end_node)][1]
        self.spans[number] = (start if start_node is None else self.spans[id(start_node)][0], end)

"""Takes statements out and puts new ones in: what they alone used goes too, comments stay."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator

import libcst as cst

from codemods.edit.edits import Edit
from codemods.edit.lines import code_end, comments_of, edited, end_of, names_in
from codemods.source.module import Module
from codemods.source.nodes import walk

_PURE = frozenset(
    f"tensorflow.{name}"
    for name in (
        "saved_model.build_tensor_info",
        "saved_model.predict_signature_def",
        "saved_model.build_signature_def",
        "group",
        "tables_initializer",
        "keras.backend.get_session",
    )
) | {"keras.backend.get_session"}


class Replacement:
    """Collects what goes away in one function or at the top level, and says by which edits.

    Args:
        module: The module.
        gone: Statements to remove.
        kept: Expressions inside them whose code lives on elsewhere: the names in them stay in use.
        inside: Small edits in code that stays, or in the kept expressions.
    """

    def __init__(
        self,
        module: Module,
        gone: Iterable[cst.CSTNode],
        kept: Iterable[cst.CSTNode] = (),
        inside: Iterable[Edit] = (),
    ) -> None:
        self.module = module
        self.gone: list[cst.CSTNode] = list(dict.fromkeys(gone))
        self.kept = list(kept)
        self.inside = sorted(inside)
        self._add_unused()

    def drop(self, node: cst.CSTNode) -> None:
        """Let one more statement go, and what only it used."""
        self.gone.append(node)
        self._add_unused()

    def freed(self) -> frozenset[str]:
        """Return the names that what goes used: imports of them may be left without use."""
        return names_in(self.gone)

    # --- what else goes ---

    def _add_unused(self) -> None:
        """Add the assignments that only code which goes used; only those without side effects."""
        live = {id(node) for expression in self.kept for node in walk(expression)}
        changed = True
        while changed:
            changed = False
            dying = {id(node) for statement in self.gone for node in walk(statement)} - live
            for name in {node.value for node in self._names(dying)}:
                for statement in self._assignments(name):
                    shown = self._shown(name)
                    dead = dying | {id(node) for line in shown for node in walk(line)}
                    if statement not in self.gone and self._is_unused(name, statement, dead):
                        self.gone += [statement, *(line for line in shown if line not in self.gone)]
                        changed = True

    def _names(self, dying: set[int]) -> Iterator[cst.Name]:
        for names in self.module.names.values():
            yield from (name for name in names if id(name) in dying)

    def _assignments(self, name: str) -> Iterator[cst.SimpleStatementLine]:
        for node in self.module.names[name]:
            target = self.module.parent(node)
            assign = self.module.parent(target) if isinstance(target, cst.AssignTarget) else None
            statement = self.module.parent(assign) if isinstance(assign, cst.Assign) else None
            if not isinstance(statement, cst.SimpleStatementLine) or not isinstance(assign, cst.Assign):
                continue
            if len(statement.body) == 1 and len(assign.targets) == 1 and self._is_pure(assign.value):
                yield statement

    def _shown(self, name: str) -> list[cst.SimpleStatementLine]:
        """Return the lines that are nothing but the name: a notebook shows its value so."""
        found = []
        for node in self.module.names[name]:
            parent = self.module.parent(node)
            line = self.module.parent(parent) if isinstance(parent, cst.Expr) else None
            if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
                found.append(line)
        return found

    def _is_pure(self, value: cst.BaseExpression) -> bool:
        """Whether the value only builds a signature, or names a session: any call in it is one of these."""
        calls = [node for node in walk(value) if isinstance(node, cst.Call)]
        if any(isinstance(node, (cst.Await, cst.Yield, cst.NamedExpr)) for node in walk(value)):
            return False
        if not calls:
            return isinstance(value, (cst.Dict, cst.List, cst.Tuple)) or self.module.resolve(value) is not None
        return all(self.module.resolve_call(call) in _PURE or self._is_plain_session(call) for call in calls)

    def _is_plain_session(self, call: cst.Call) -> bool:
        return not call.args and self.module.resolve_call(call) == "tensorflow.Session"

    def _is_unused(self, name: str, statement: cst.SimpleStatementLine, dying: set[int]) -> bool:
        own = {id(node) for node in walk(statement)}
        anchor = next(node for node in self.module.names[name] if id(node) in own)
        owner = self.module.scope(anchor).owner(name)
        if owner is not None and name in owner.outer_names:
            return False
        others = [
            node
            for node in self.module.names[name]
            if id(node) not in own and self.module.scope(node).owner(name) is owner
        ]
        return all(id(node) in dying or self._is_other_binding(node, dying) for node in others)

    def _is_other_binding(self, node: cst.Name, dying: set[int]) -> bool:
        """Whether the name is only bound again there, by code that goes."""
        return isinstance(self.module.parent(node), (cst.AsName, cst.AssignTarget)) and id(node) in dying

    # --- edits ---

    def spans(self) -> list[tuple[int, int]]:
        """Return the character spans of what goes, outermost only."""
        spans = sorted((self.module.start(node), code_end(self.module, node)) for node in self.gone)
        outer: list[tuple[int, int]] = []
        for start, end in spans:
            if not outer or start >= outer[-1][1]:
                outer.append((start, end))
        return outer

    def text(self, expression: cst.BaseExpression) -> str:
        """Return an expression's code with the small edits made."""
        start, end = self.module.outer_span(expression)
        return edited(self.module.text, start, end, self.inside)

    def comments(self, refilled: Collection[cst.CSTNode] = ()) -> list[str]:
        """Return the comments that would be lost, in order; one at the end of a removed line stays where it is."""
        safe = [self.module.outer_span(node) for node in self.kept if isinstance(node, cst.BaseExpression)]
        staying = {self._trailing_comment(node) for node in self._outermost() if node not in refilled}
        lost = []
        for start, end in self.spans():
            stop = self.module.line_end(max(end - 1, 0))
            for offset, comment in comments_of(self.module):
                is_safe = offset in staying or any(begin <= offset < finish for begin, finish in safe)
                if start <= offset < stop and not is_safe:
                    lost.append(comment)
        return lost

    def edits(self, refilled: Collection[cst.CSTNode] = ()) -> Iterator[Edit]:
        """Yield the removals, with `pass` where a block would be empty, and the small edits outside of them.

        In the place of the `refilled` statements other code is put: at the start of their lines.
        """
        spans = self.spans()
        for edit in self.inside:
            if not any(begin <= edit.start < end for begin, end in spans):
                yield edit
        whole: list[tuple[int, int]] = []
        partial: list[Edit] = []
        places = {self.module.line_start(self.module.start(node)) for node in refilled}
        apart = places | set(self.module.cell_starts)
        for node in self._outermost():
            removal = self._removal(node, refilled)
            if (
                removal.text
                or self.module.line_start(removal.start) != removal.start
                or removal.end != self._stop(node)
            ):
                partial.append(removal)
            elif whole and removal.start <= whole[-1][1] and not apart & set(range(removal.start, whole[-1][1] + 1)):
                whole[-1] = (whole[-1][0], max(whole[-1][1], removal.end))
            else:
                whole.append((removal.start, removal.end))
        yield from partial
        heads = {self._head(node, refilled) for node in self._outermost()}
        begins = [*(edit.start for edit in partial), *(start for start, _ in whole)]
        for start, end in whole:
            past = self._past_blank_lines(end) if start in heads else end
            yield self._within_cell(start, min([past, *(begin for begin in begins if begin >= end)]), places)

    def _head(self, node: cst.CSTNode, refilled: Collection[cst.CSTNode]) -> int | None:
        """Return where the line of a statement starts that begins a block of which only later ones stay."""
        suite = self.module.parent(node)
        if not isinstance(suite, cst.IndentedBlock) or node in refilled:
            return None
        if all(other in self.gone and other not in refilled for other in suite.body):
            return None
        earlier = itertools.takewhile(lambda other: other is not node, suite.body)
        is_first = all(other in self.gone and other not in refilled for other in earlier)
        return self.module.line_start(self.module.start(node)) if is_first else None

    def _past_blank_lines(self, offset: int) -> int:
        text, starts = self.module.text, self.module.cell_starts
        while offset < len(text) and offset not in starts:
            end = self.module.line_end(offset)
            if text[offset:end].strip():
                break
            offset = end
        return offset

    def _outermost(self) -> list[cst.CSTNode]:
        outer = [node for node in self.gone if not any(other in self.gone for other in self.module.ancestors(node))]
        return sorted(outer, key=self.module.start)

    def _stop(self, node: cst.CSTNode) -> int:
        return end_of(self.module, node)

    def _within_cell(self, start: int, end: int, places: set[int]) -> Edit:
        """Return the removal of whole lines; at the end of a cell the line break before them goes, not that behind."""
        text, starts = self.module.text, self.module.cell_starts
        if end not in starts:
            return Edit(start, end, "")
        end -= 2 if text[:end].endswith("\r\n") else 1
        if start not in starts and start not in places and start > 0:
            start -= 2 if text[:start].endswith("\r\n") else 1
        return Edit(start, max(start, end), "")

    def _trailing_comment(self, node: cst.CSTNode) -> int | None:
        """Return where the comment behind a statement begins."""
        if not isinstance(node, cst.SimpleStatementLine) or node.trailing_whitespace.comment is None:
            return None
        return self.module.text.index("#", code_end(self.module, node))

    def _removal(self, node: cst.CSTNode, refilled: Collection[cst.CSTNode]) -> Edit:
        start, end = self.module.start(node), code_end(self.module, node)
        stop = self._stop(node)
        if node in refilled:
            return Edit(self.module.line_start(start), stop, "")
        suite = self.module.parent(node)
        comment = self._trailing_comment(node)
        block = suite.body if isinstance(suite, cst.IndentedBlock) else ()
        if block and block[0] is node and all(other in self.gone and other not in refilled for other in block):
            return Edit(start, end, "pass")
        if comment is not None:
            return Edit(start, comment, "")
        return Edit(self._without_blank_lines(self.module.line_start(start), stop), stop, "")

    def _without_blank_lines(self, start: int, stop: int) -> int:
        """Return where to begin a removal so that the blank lines above do not join those below, or end a block."""
        text = self.module.text
        below = text[stop : self.module.line_end(stop)] if stop < len(text) else ""
        ends_block = len(below) - len(below.lstrip()) < len(text[start:stop]) - len(text[start:stop].lstrip())
        if below.strip() and not ends_block:
            return start
        while start > 0:
            above = self.module.line_start(start - 1)
            if text[above:start].strip() or any(above < cell <= start for cell in self.module.cell_starts):
                break
            start = above
        return start

"""What a module's imports and names stand for once the edits of its sites are made, without parsing it anew.

Only import statements that an edit touches are read again. Code that an edit replaces is the rule's that wrote it:
nothing is said of it here.
"""

from __future__ import annotations

import ast
import bisect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from codemods.edit.edits import Edit, apply_edits
from codemods.edit.layout import indent_at
from codemods.errors import CodemodError
from codemods.site import Site
from codemods.source.module import Module
from codemods.source.scopes import Binding, BindingKind

ImportStatement = cst.Import | cst.ImportFrom


@dataclass(frozen=True, slots=True)
class Imported:
    """What one name of an import statement brings: `name` of a module (`*`: everything), or the module itself."""

    bound: str
    module: str
    name: str | None = None

    @property
    def target(self) -> str:
        """The dotted name that the bound name stands for."""
        if self.name is not None:
            return f"{self.module}.{self.name}"
        return self.module if self.bound != self.module.split(".")[0] else self.bound


@dataclass(frozen=True, slots=True)
class Named:
    """A dotted name: what an import brings, and the members that code takes from that one after the other."""

    imported: str
    members: tuple[str, ...] = ()
    statement: cst.CSTNode | None = None

    def member(self, name: str) -> Named:
        return replace(self, members=(*self.members, name))

    @property
    def whole(self) -> str:
        return ".".join((self.imported, *self.members))


class AfterEdits:
    """A module with the edits of its sites made."""

    def __init__(self, module: Module, sites: Sequence[Site]) -> None:
        self._module = module
        self._edits = sorted({edit for site in sites for edit in site.edits}, key=lambda edit: (edit.start, edit.end))
        self._starts = [edit.start for edit in self._edits]
        self._reach = list(itertools.accumulate((edit.end for edit in self._edits), max))
        self._imports: dict[cst.CSTNode, tuple[Imported, ...]] = {}

    def replaces(self, node: cst.CSTNode) -> bool:
        """Whether an edit replaces code of the node; what is put before, behind or between its parts does not."""
        start, end = self._module.start(node), self._module.end(node)
        return any(edit.end > edit.start for edit in self._touching(start, end))

    def imports(self, statement: ImportStatement) -> tuple[Imported, ...]:
        """Return what an import statement, and those that edits put beside it, bring in the end."""
        if statement not in self._imports:
            self._imports[statement] = tuple(self._read(statement))
        return self._imports[statement]

    def named(self, node: cst.BaseExpression) -> Named | None:
        """Return what an expression stands for, None where that is not sure or an edit replaces it."""
        if self._module.raw_name(node) is None or self.replaces(node):
            return None
        return self._named(node, 0)

    def _named(self, node: cst.BaseExpression, depth: int) -> Named | None:
        if isinstance(node, cst.Attribute):
            base = self._named(node.value, depth)
            if base is None:
                return None
            for part in self._inserted(self._module.end(node.value)):
                base = base.member(part)
            return base.member(node.attr.value)
        if not isinstance(node, cst.Name) or depth > 8:
            return self._through_others(node)
        found = [
            each
            for binding in self._module.bindings(node)
            if not _is_none(binding)
            for each in [self._bound(binding, node, depth)]
        ]
        if not found:
            return self._through_others(node)
        return found[0] if all(each is not None and each == found[0] for each in found) else None

    def _bound(self, binding: Binding, name: cst.Name, depth: int) -> Named | None:
        if binding.kind is BindingKind.ASSIGN and binding.value is not None:
            return None if self.replaces(binding.value) else self._named(binding.value, depth + 1)
        if binding.kind is not BindingKind.IMPORT:
            return None
        statement = self._module.parent(binding.node)
        if not isinstance(statement, cst.Import | cst.ImportFrom):
            return None
        brought = [each for each in self.imports(statement) if each.bound == binding.name]
        if not brought:
            return None
        if brought[-1].module.split(".")[0] not in ("tensorflow", "tensorflow_hub", "keras"):
            return self._through_others(name)
        return Named(brought[-1].target, (), statement)

    def _through_others(self, node: cst.BaseExpression) -> Named | None:
        """A name of another module of the repository, as that module spells it now."""
        raw = self._module.raw_name(node)
        return Named(raw) if raw is not None else None

    def _inserted(self, offset: int) -> Iterator[str]:
        for edit in self._touching(offset, offset):
            if edit.start == edit.end == offset and edit.text.startswith("."):
                yield from edit.text[1:].split(".")

    def _touching(self, start: int, end: int) -> Iterator[Edit]:
        """Yield the edits within or across a span."""
        index = bisect.bisect_right(self._starts, end)
        while index and self._reach[index - 1] >= start:
            index -= 1
            edit = self._edits[index]
            if (edit.end > start and edit.start < end) or (edit.start == edit.end and start <= edit.start <= end):
                yield edit

    def _read(self, statement: ImportStatement) -> Iterator[Imported]:
        module, start, end = self._module, self._module.start(statement), self._module.end(statement)
        edits = [edit for edit in self._touching(start, end) if start <= edit.start and edit.end <= end]
        if len(edits) < sum(1 for edit in self._touching(start, end) if edit.end > edit.start):
            return  # the statement goes
        code = module.text[start:end]
        if edits:
            moved = [Edit(edit.start - start, edit.end - start, edit.text) for edit in edits]
            try:
                code = apply_edits(code, moved)
            except CodemodError:
                return
        indent = indent_at(module, statement)
        yield from _imported(f"if 1:\n{indent}{code}\n" if indent else code)


def _imported(code: str) -> Iterator[Imported]:
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Imported(alias.asname or alias.name.split(".")[0], alias.name)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            for alias in node.names:
                yield Imported(alias.asname or alias.name, origin, alias.name)


def _is_none(binding: Binding) -> bool:
    return isinstance(binding.value, cst.Name) and binding.value.value == "None"

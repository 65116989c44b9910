"""What a rule sees of one Python module: text, tree, offsets, and what every name stands for."""

from __future__ import annotations

from copy import copy
from typing import Protocol

import libcst as cst

from codemods.source.bindings import reaching_bindings
from codemods.source.imported_names import MAX_DEPTH, ImportedNames
from codemods.source.program import Program
from codemods.source.python2 import Conversion
from codemods.source.scopes import Binding, BindingKind
from codemods.source.symbols import canonical
from codemods.source.syntax_tree import SyntaxTree


class Project(Protocol):
    """The other modules of the run, as far as a rule may ask about them."""

    def find(self, target: str, path: str) -> Module | None:
        """Return the module that `target` (dotted, with leading dots when relative) names in the file `path`."""

    def locate(self, target: str, path: str) -> str | None:
        """Return the file of that module, without reading it; None for modules from elsewhere."""

    def may_bind(self, path: str, name: str) -> bool:
        """Whether the file might import or assign the name: a cheap look before it is parsed."""


class Module(SyntaxTree):
    """A parsed module, what its names stand for, and the program that it is part of. It never changes.

    Raises:
        UnparsableSourceError: The text is not Python 3.
    """

    def __init__(
        self,
        text: str,
        path: str = "<string>",
        program: Program | None = None,
        project: Project | None = None,
        cell_starts: tuple[int, ...] = (),
        unmasked: str | None = None,
        conversion: Conversion | None = None,
    ) -> None:
        """Parse the text.

        Args:
            text: Python source.
            path: of the file, relative to the repository.
            program: that the module belongs to; by default one of its own, in eager mode.
            project: the other modules of the run.
            cell_starts: where the cells of a notebook begin; empty for a file.
            unmasked: of a notebook, the text with the lines that only IPython understands; as long as `text`.
            conversion: what the text was made from, where the file is Python 2.
        """
        super().__init__(text)
        self.path = path
        self.program = program or Program()
        self.project = project
        self.cell_starts = cell_starts
        self.unmasked = text if unmasked is None else unmasked
        self.conversion = conversion
        self._bindings: dict[cst.Name, list[Binding]] = {}
        self.imports = ImportedNames(self, self.bindings, path, project)
        self.memo: dict[str, object] = {}
        """What others computed from the code and want to keep with it; the code never changes."""
        self.program_memo: dict[str, object] = {}
        """What was computed for this program: a module of another one does not have it."""

    def within(self, program: Program) -> Module:
        """Return the module as one of another program: the same tree, nothing that was computed for this program."""
        for part in (self.names, self.calls, self.imports_of_modules):  # made once, for all
            assert part is not None
        twin = copy(self)
        twin.program = program
        twin.program_memo = {}
        return twin

    def bindings(self, name: cst.Name) -> list[Binding]:
        """Return the bindings that may give `name` its value at this place, latest first."""
        found = self._bindings.get(name)
        if found is None:
            found = self._bindings[name] = reaching_bindings(self, name)
        return found

    def value(self, node: cst.BaseExpression) -> cst.BaseExpression | None:
        """Return the expression a name was assigned, following plain names, or the expression itself.

        None where the name has several possible values, or comes from a parameter, a loop or an import.
        """
        current = node
        for _ in range(MAX_DEPTH):
            if not isinstance(current, cst.Name):
                return current
            found = self.bindings(current)
            if len(found) != 1 or found[0].kind is not BindingKind.ASSIGN or found[0].value is None:
                return None
            current = found[0].value
        return None

    def resolve(self, node: cst.CSTNode) -> str | None:
        """Return the canonical dotted name the expression stands for, None where it is not sure or no imported name.

        `tensorflow.saved_model.simple_save` for every spelling of it; see `codemods.source.symbols`.
        """
        raw = self.raw_name(node)
        return canonical(raw) if raw is not None else None

    def resolve_call(self, call: cst.Call) -> str | None:
        """Return the canonical name of the called function or class."""
        return self.resolve(call.func)

    def raw_name(self, node: cst.CSTNode) -> str | None:
        """Return the dotted name as imported, before it is made canonical (`tensorflow.compat.v1.Session`)."""
        return self.imports.of(node)

    def exported(self, name: str) -> str | None:
        """Return what a name at this module's top level stands for, where it stands for an imported thing."""
        return self.imports.exported(name)

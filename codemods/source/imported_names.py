"""What the names of a module stand for, followed to the packages they were imported from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import libcst as cst

from codemods.source.scopes import Binding, BindingKind
from codemods.source.symbols import canonical, is_tensorflow
from codemods.source.syntax_tree import SyntaxTree

MAX_DEPTH = 12


class Neighbour(Protocol):
    """Another module of the repository, as far as the names that it hands on go."""

    @property
    def imports(self) -> ImportedNames:
        """What its names stand for."""


class Neighbours(Protocol):
    """The other modules of the repository; `codemods.source.module.Project` says more of them."""

    def find(self, target: str, path: str) -> Neighbour | None:
        """Return the module that `target` names in the file `path`."""

    def locate(self, target: str, path: str) -> str | None:
        """Return the file of that module, without reading it."""

    def may_bind(self, path: str, name: str) -> bool:
        """Whether the file might import or assign the name."""


class ImportedNames:
    """Dotted names as imported, through assignments, fallbacks, and the other modules of the repository."""

    def __init__(
        self,
        tree: SyntaxTree,
        bindings: Callable[[cst.Name], list[Binding]],
        path: str,
        project: Neighbours | None,
    ) -> None:
        self._tree = tree
        self._bindings = bindings
        self._path = path
        self._project = project
        self._known: dict[cst.CSTNode, str | None] = {}

    def of(self, node: cst.CSTNode) -> str | None:
        """Return the dotted name as imported, before it is made canonical (`tensorflow.compat.v1.Session`)."""
        if node not in self._known:
            self._known[node] = self._raw_name(node, 0)
        return self._known[node]

    def _raw_name(self, node: cst.CSTNode, depth: int) -> str | None:
        if depth > MAX_DEPTH:
            return None
        if isinstance(node, cst.Attribute):
            base = self._raw_name(node.value, depth)
            return self._through_project(f"{base}.{node.attr.value}", depth) if base is not None else None
        if isinstance(node, cst.Name):
            return self._raw_of_name(node, depth)
        if isinstance(node, cst.Call) and len(node.args) == 1 and isinstance(node.args[0].value, cst.SimpleString):
            value = node.args[0].value.evaluated_value
            is_import = self._raw_name(node.func, depth + 1) == "importlib.import_module"
            return value if is_import and isinstance(value, str) else None
        return None

    def _raw_of_name(self, name: cst.Name, depth: int) -> str | None:
        found: set[str] = set()
        bindings = self._bindings(name)
        if not bindings:
            return self._from_star_import(name)
        for binding in bindings:
            if _is_none(binding.value) and len(bindings) > 1 and binding.kind is not BindingKind.PARAM:
                continue  # `except ImportError: name = None`; what a caller may give is another thing
            target = self._binding_name(binding, depth)
            if target is None and not self._has_import_fallback(binding, bindings):
                return None
            if target is not None:
                found.add(target)
        if len({canonical(target) for target in found}) != 1:
            return None
        return min(found)

    def _has_import_fallback(self, binding: Binding, bindings: list[Binding]) -> bool:
        """Whether the name is tried as something unknown, with an import under `except` (`tf = try_import_tf()`)."""
        attempt = self._tree.enclosing(binding.node, cst.Try)
        return (
            attempt is not None
            and isinstance(binding.value, cst.Call)
            and any(
                other.kind is BindingKind.IMPORT and attempt in self._tree.ancestors(other.node)
                for other in bindings
                if other is not binding
            )
        )

    def _binding_name(self, binding: Binding, depth: int) -> str | None:
        if binding.kind is BindingKind.IMPORT and binding.target is not None:
            return self._through_project(binding.target, depth)
        if binding.kind is BindingKind.ASSIGN and binding.value is not None:
            return self._raw_name(binding.value, depth + 1)
        return None

    def _through_project(self, target: str, depth: int) -> str:
        """Follow a name of another module of the repository to what that module imported or assigned."""
        if self._project is None or depth > MAX_DEPTH or is_tensorflow(target) or not target.strip("."):
            return target
        head, _, name = target.rpartition(".")
        if not head.strip("."):
            head = target[: len(target) - len(name)]
        return self._taken_from(head, name, depth) or target if head else target

    def _taken_from(self, target: str, name: str, depth: int) -> str | None:
        """Return what `name` stands for in the module `target` of the repository."""
        assert self._project is not None
        path = self._project.locate(target, self._path)
        if path is None or path == self._path or not self._project.may_bind(path, name):
            return None
        other = self._project.find(target, self._path)
        return other.imports.exported(name, depth + 1) if other is not None else None

    def exported(self, name: str, depth: int = 0) -> str | None:
        """Return what a name at this module's top level stands for, where it stands for an imported thing.

        Names of the repository's modules begin at its root: they mean the same in every file.
        """
        if depth > MAX_DEPTH:
            return None
        bindings = self._tree.index.module_scope.bindings.get(name, [])
        if not bindings:
            return self._from_stars(name, depth)
        targets = {self._binding_name(binding, depth) for binding in bindings if not _is_none(binding.value)}
        known = [target for target in targets if target is not None]
        if known and len(known) == len(targets) and len({canonical(target) for target in known}) == 1:
            return self._from_root(min(known))
        return None

    def _from_root(self, target: str) -> str | None:
        if self._project is None or is_tensorflow(target):
            return target
        path = self._project.locate(target, self._path)
        if path is not None:
            return _dotted_path(path)
        head, _, name = target.rpartition(".")
        path = self._project.locate(head or ".", self._path) if head or target.startswith(".") else None
        if path is not None:
            return f"{_dotted_path(path)}.{name}"
        return None if target.startswith(".") else target

    def _from_star_import(self, name: cst.Name) -> str | None:
        return self._from_stars(name.value, 0)

    def _from_stars(self, name: str, depth: int) -> str | None:
        """Return what a name stands for that this module takes by `from module import *`; such names have no `_`."""
        if self._project is None or name.startswith("_") or depth > MAX_DEPTH:
            return None
        for target in reversed(self._tree.index.module_scope.star_imports):
            found = self._taken_from(target, name, depth)
            if found is not None:
                return found
        return None


def _dotted_path(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _is_none(value: cst.BaseExpression | None) -> bool:
    return isinstance(value, cst.Name) and value.value == "None"

"""The imports and uses of a module that would fail on the target once the sites are applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from codemods.compat.keras_homes import keras_home
from codemods.edit.imports import LEGACY_KERAS
from codemods.gone.after_edits import AfterEdits, Imported, ImportStatement, Named
from codemods.gone.guarded import is_guarded
from codemods.gone.lookup import Lookup
from codemods.site import Site
from codemods.source.module import Module
from codemods.source.tensorflow_uses import Use, tensorflow_uses, uses_of

_V1 = "tensorflow.compat.v1"
_HUB = "tensorflow_hub"
_PACKAGES = frozenset({"tensorflow", "tensorflow_core", "tensorflow_estimator", _HUB})
# Whose names SM902 rewrites and reports.
_CONTRIB = "tensorflow.contrib"


@dataclass(frozen=True, slots=True)
class MissingImport:
    """A name that an import statement cannot bring. `alias` is None where it is not the statement's as it stands."""

    statement: ImportStatement
    alias: cst.ImportAlias | None
    imported: Imported
    home: str | None

    @property
    def name(self) -> str:
        return self.imported.module if self.imported.name in (None, "*") else self.imported.target


@dataclass(frozen=True, slots=True)
class MissingUse:
    """A use of a name that is not there. `node` spells the name; `home` is the same object's name in compat.v1."""

    node: cst.Attribute | cst.Name
    name: str
    home: str | None


class Missing:
    """What is missing in a module."""

    def __init__(self, module: Module, sites: Sequence[Site]) -> None:
        self._module = module
        self._sites = sites
        self.after = AfterEdits(module, sites)
        self.lookup = Lookup(module.program.target, self._has_legacy_keras())
        self._failing: dict[ImportStatement, bool] = {}
        self._counts: dict[tuple[str, tuple[str, ...]], int | None] = {}

    def _has_legacy_keras(self) -> bool:
        program = self._module.program
        return (
            program.target.has_estimators
            or program.legacy_keras
            or LEGACY_KERAS in self._module.text
            or any("tf-keras" in site.packages for site in self._sites if site.changes)
        )

    @cached_property
    def imports(self) -> tuple[MissingImport, ...]:
        """The imports that fail, but for those that the program can do without."""
        return tuple(each for each in self._find_imports() if not self._is_guarded(each.statement))

    @cached_property
    def uses(self) -> tuple[MissingUse, ...]:
        """The uses that fail, but for those whose import fails, where nothing else is to be said of them."""
        found = [*tensorflow_uses(self._module)]
        if _HUB in self._module.text:
            found.extend(uses_of(self._module, _HUB))
        return tuple(missing for use in found for missing in self._missing_use(use))

    def _is_guarded(self, node: cst.CSTNode) -> bool:
        return is_guarded(self._module, node, self._fails)

    def _fails(self, statement: ImportStatement) -> bool:
        if statement not in self._failing:
            brought = self.after.imports(statement)
            self._failing[statement] = any(self._lacks(each) or _is_contrib(each.module) for each in brought)
        return self._failing[statement]

    def _find_imports(self) -> Iterator[MissingImport]:
        for node in self._module.imports_of_modules:
            if not _speaks(self._module.code(node)):
                continue
            for imported in self.after.imports(node):
                if self._lacks(imported) and not _is_contrib(imported.module) and not _is_contrib(imported.target):
                    alias = None if self.after.replaces(node) else _alias_of(node, imported)
                    home = self.lookup.home(imported.target) if imported.name is not None else None
                    yield MissingImport(node, alias, imported, home)

    def _lacks(self, imported: Imported) -> bool:
        package = imported.module.split(".")[0]
        if package == "keras" and not self._module.program.runs_on_tensorflow2:
            home = keras_home(imported.module, "tensorflow") or imported.module
            return self.lookup.lacks_import(Imported(imported.bound, home, imported.name))
        return package in _PACKAGES and self.lookup.lacks_import(imported)

    def _missing_use(self, use: Use) -> Iterator[MissingUse]:
        named = self.after.named(use.node)
        if named is None or _is_contrib(use.raw) or named.imported.split(".")[0] == "keras":
            return
        count = self._missing_count(named)
        if count is None:
            return
        for length in range(count, len(named.members) + 1):
            home = self.lookup.home(".".join((named.imported, *named.members[:length])))
            if home is not None and (node := _cut(use.node, len(named.members) - length)) is not None:
                if length and not self._is_guarded(use.node):
                    yield MissingUse(node, _name(named, length), home)
                return  # of length 0: the import is rewritten
        fails = named.statement is not None and count == 0
        length = _shown(named, count)
        node = _cut(use.node, len(named.members) - length)
        if not fails and node is not None and not self._is_guarded(use.node):
            yield MissingUse(node, _name(named, length), None)

    def _missing_count(self, named: Named) -> int | None:
        key = (named.imported, named.members)
        if key not in self._counts:
            self._counts[key] = self.lookup.missing(named)
        count = self._counts[key]
        if count is None or named.statement is not None:
            return count
        # As another module of the repository spells it now: in the end it may be either package.
        other = named.whole.replace(f"{_V1}.", "tensorflow.") if _V1 in named.whole else None
        other = other or named.whole.replace("tensorflow.", f"{_V1}.", 1)
        return count if self.lookup.missing(_split(other)) is not None else None


def _split(dotted: str) -> Named:
    head, *members = dotted.split(".")
    return Named(head, tuple(members))


def _speaks(code: str) -> bool:
    return "tensorflow" in code or "keras" in code


def _is_contrib(name: str) -> bool:
    plain = name.replace("tensorflow.compat.v1.", "tensorflow.")
    return plain == _CONTRIB or plain.startswith(_CONTRIB + ".")


def _name(named: Named, length: int) -> str:
    return ".".join((named.imported, *named.members[:length]))


def _shown(named: Named, count: int) -> int:
    """Return how many members make a name that says something: up to a class, or all."""
    for length in range(max(count, 1), len(named.members) + 1):
        if named.members[length - 1][:1].isupper():
            return length
    return len(named.members)


def _cut(node: cst.Attribute | cst.Name, count: int) -> cst.Attribute | cst.Name | None:
    """Return the node without its last members, None where the name is not spelled at this place."""
    for _ in range(count):
        if not isinstance(node, cst.Attribute) or not isinstance(node.value, (cst.Attribute, cst.Name)):
            return None
        node = node.value
    return node


def _alias_of(node: ImportStatement, imported: Imported) -> cst.ImportAlias | None:
    if isinstance(node.names, cst.ImportStar):
        return None
    for alias in node.names:
        bound = alias.evaluated_alias or alias.evaluated_name
        if (bound if isinstance(node, cst.ImportFrom) else bound.split(".")[0]) == imported.bound:
            return alias
    return None

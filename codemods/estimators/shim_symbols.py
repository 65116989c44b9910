"""The Estimator symbols of a module under their names in `migrate.shim.estimator`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import libcst as cst

from codemods.compat.new_v1_names import import_switches, v1_spelling
from codemods.edit.edits import Edit, Import
from codemods.edit.imports import is_imported
from codemods.edit.layout import free_name
from codemods.edit.small_edits import realign
from codemods.edit.tensorflow_names import NoSpelling, Spelling
from codemods.edit.traces import shim_trace
from codemods.estimators.uses import EstimatorExport, Reference
from codemods.names.estimator import HOOKS, estimator_name
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.nodes import root_names

_SHIM = Import("migrate.shim", "estimator", "tf_estimator")
SHIM_TRACE = shim_trace("migrate.shim", ("estimator",), Mode.GRAPH)
_EXPORTS = r"\.(?:export_saved_?model|export_estimator|native_exporter)\("
EXPORT_TRACE = shim_trace("migrate.shim", ("estimator",), Mode.GRAPH, used=_EXPORTS, is_export=True)


@dataclass(frozen=True)
class ShimSymbols:
    """The edits by which a module's Estimator symbols become those of the shim, and the imports of these."""

    module: Module
    uses: tuple[Reference, ...]
    exports: tuple[EstimatorExport, ...]

    @property
    def shim(self) -> Import:
        """The import of the shim, under another name where the file uses its name."""
        if is_imported(self.module, _SHIM) or _SHIM.bound_name not in self.module.names:
            return _SHIM
        return replace(_SHIM, asname=free_name(self.module, "tf2_estimator"))

    def renamed(self, use: Reference) -> Edit:
        start, end = self.module.start(use.node), self.module.end(use.node)
        return Edit(start, end, f"{self.shim.bound_name}.{use.name}".rstrip("."))

    def shared_edits(self) -> Iterator[Edit]:
        """Every symbol of the file that moves."""
        for use in self.uses:
            edit = self._edit_of(use)
            if edit is not None:
                yield edit

    def aligned(self, edits: set[Edit]) -> Iterator[Edit]:
        """The lines that were aligned to a call whose function gets longer or shorter, moved once for all of them."""
        shifts: dict[tuple[int, int], int] = {}
        calls = [use.call for use in self.uses if use.call is not None] + [each.call for each in self.exports]
        for call in calls:
            start, end = self.module.start(call.func), self.module.end(call.func)
            delta = sum(
                len(edit.text) - edit.end + edit.start for edit in edits if start <= edit.start <= edit.end <= end
            )
            for line in realign(self.module, call, delta):
                shifts[line.start, line.end] = shifts.get((line.start, line.end), 0) + delta
        for (start, end), delta in shifts.items():
            if not any(edit.start <= start and end <= edit.end for edit in edits):
                yield Edit(start, end, " " * max(end - start + delta, 0))

    def _edit_of(self, use: Reference) -> Edit | None:
        if self.is_rebound(use):
            return None
        if use.in_shim:
            return self.renamed(use)
        name = self._outside(use)
        if name is not None:
            found = self._spelled(use, name)
            return Edit(self.module.start(use.node), self.module.end(use.node), found.of(name)) if found else None
        return None

    def _outside(self, use: Reference) -> str | None:
        """Return the name under `tf` of what the shim lacks, where it cannot stay as it is spelled.

        Hooks have another home. What an import brings by name (`from tensorflow.estimator import TrainSpec`) would
        stop the program at that import: as an attribute it does where it is called.
        """
        if use.in_shim:
            return None
        if use.name in HOOKS:
            return f"train.{use.name}"
        return f"estimator.{use.name}" if isinstance(use.node, cst.Name) else None

    def is_rebound(self, use: Reference) -> bool:
        """Whether it is spelled through a name that this file assigned (`Spec = tf.estimator.EstimatorSpec`)."""
        root: cst.BaseExpression = use.node
        while isinstance(root, cst.Attribute):
            root = root.value
        if not isinstance(root, cst.Name):
            return False
        values = [each.value for each in self.module.bindings(root) if each.value is not None]
        return any(_is_estimator_symbol(self.module.resolve(value)) for value in values)

    @cached_property
    def wants_v1(self) -> bool:
        """Whether TensorFlow's own names count on the switch of the file's import to compat.v1."""
        is_needed = any(self._outside(use) is not None for use in self.uses)
        return is_needed and self.module.program.mode is Mode.GRAPH and import_switches(self.module)

    def imports(self) -> set[Import]:
        """What the symbols that do not move to the shim need."""
        outside = [(use, self._outside(use)) for use in self.uses if not self.is_rebound(use)]
        named = [(use, name) for use, name in outside if name is not None]
        return {each for use, name in named if (found := self._spelled(use, name)) for each in found.imports}

    def _spelled(self, use: Reference, name: str) -> Spelling | None:
        """Return how TensorFlow's own name can be spelled; where it cannot, the use stays as it is."""
        found, _ = v1_spelling(self.module, use.node, name, switches=self.wants_v1)
        return None if isinstance(found, NoSpelling) else found

    def freed(self) -> frozenset[str]:
        return frozenset[str]().union(*(root_names(use.node) for use in self.uses if self._edit_of(use) is not None))


def _is_estimator_symbol(symbol: str | None) -> bool:
    return symbol is not None and (symbol == "tensorflow.estimator" or estimator_name(symbol) is not None)

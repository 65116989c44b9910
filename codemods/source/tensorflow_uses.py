"""The uses of TensorFlow's symbols in a module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.source.module import Module
from codemods.source.symbols import canonical

_NO_USES = frozenset({cst.Attribute, cst.ImportAlias, cst.ImportFrom, cst.Import, cst.AsName, cst.NameItem})
"""Around a part of a longer name, and around what an import or a `global` statement names."""


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a TensorFlow symbol: the whole attribute chain or name, and its dotted name as imported."""

    node: cst.Attribute | cst.Name
    raw: str

    @property
    def name(self) -> str:
        """The canonical name without `tensorflow.`; that of standalone Keras begins with `keras.` all the same."""
        full = canonical(self.raw)
        return full if full.startswith("keras.") else full.partition(".")[2]


def tensorflow_uses(module: Module) -> tuple[Use, ...]:
    """Return the uses of TensorFlow symbols in source order, imports excluded."""
    found = module.memo.get("tensorflow_uses")
    if not isinstance(found, tuple):
        found = module.memo["tensorflow_uses"] = tuple(uses_of(module, "tensorflow", "keras"))
    return found


def uses_of(module: Module, *packages: str) -> Iterator[Use]:
    """Yield the uses of what is in the packages, imports excluded."""
    for node in module.nodes:
        if type(node) not in (cst.Attribute, cst.Name):
            continue
        assert isinstance(node, (cst.Attribute, cst.Name))
        if _is_whole(module, node):
            raw = module.raw_name(node)
            if raw is not None and raw.split(".")[0] in packages:
                yield Use(node, raw)


def _is_whole(module: Module, node: cst.Attribute | cst.Name) -> bool:
    parent = module.parent(node)
    if type(parent) in _NO_USES:  # `isinstance` on LibCST's abstract classes is slow
        return False
    if isinstance(parent, cst.Param):
        return parent.default is node
    if isinstance(node, cst.Name):
        if (
            isinstance(parent, (cst.AssignTarget, cst.FunctionDef, cst.ClassDef))
            and getattr(parent, "name", node) is node
        ):
            return False
        return not (isinstance(parent, cst.Arg) and parent.keyword is node)
    return True

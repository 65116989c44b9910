"""`from tensorflow import <names>`: each name comes from the package that has it, and with the meaning it had."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.compat.v1_imports import V1, aligned, changeable_imports, estimator_home, keras_root
from codemods.compat.v1_meanings import names_meaning_v1
from codemods.edit.edits import Edit
from codemods.edit.imports import removed_aliases
from codemods.edit.layout import indent_at, newline_of
from codemods.names.generations import Having, packages
from codemods.names.meanings import meaning
from codemods.source.module import Module
from codemods.source.nodes import bound_name, dotted

# What `tensorflow` holds beside its API, and compat.v1 does not.
_ASIDE = frozenset({"compat", "contrib", "core", "python"})


def switched_names(module: Module) -> Iterator[Edit]:
    """Yield the edits by which names come from compat.v1, but for those that only `tensorflow` has."""
    for node in _named_imports(module):
        if isinstance(node.names, cst.ImportStar):
            yield from aligned(module, node, [_renamed(module, node)])
        else:
            moved = [alias for alias in node.names if _is_v1s(module, node, alias, _is_switched(module, alias))]
            yield from _split(module, node, moved)


def moved_names(module: Module, *, has_v1: bool) -> Iterator[Edit]:
    """Yield the edits by which names of the v1 API come from compat.v1 in a file that keeps its TensorFlow.

    Names of which the two packages mean different things move where the file is surely one of TensorFlow 1.
    """
    v1_names = names_meaning_v1(module)
    for node in _named_imports(module):
        if not isinstance(node.names, cst.ImportStar):
            moved = [
                alias
                for alias in node.names
                if bound_name(alias) in v1_names or _is_v1s(module, node, alias, _moves(module, alias, has_v1))
            ]
            yield from _split(module, node, moved)


def _is_switched(module: Module, alias: cst.ImportAlias) -> bool:
    name = alias.evaluated_name
    return name not in _ASIDE and _having(module, name) is not Having.SECOND


def _moves(module: Module, alias: cst.ImportAlias, has_v1: bool) -> bool:
    differs = has_v1 and meaning(module.program.target, alias.evaluated_name) is not None
    return differs or _having(module, alias.evaluated_name) is Having.FIRST


def _having(module: Module, name: str) -> Having:
    return packages(module.program.target).having(name)


def _named_imports(module: Module) -> Iterator[cst.ImportFrom]:
    for node in changeable_imports(module):
        if not isinstance(node, cst.ImportFrom) or node.module is None or node.relative:
            continue
        if dotted(node.module) == "tensorflow":
            yield node


def _is_v1s(module: Module, node: cst.ImportFrom, alias: cst.ImportAlias, otherwise: bool) -> bool:
    """Whether a name is taken from compat.v1: Keras and Estimators as the program's mode and target have it."""
    match alias.evaluated_name:
        case "keras":
            return keras_root(module, node) == V1
        case "estimator":
            return estimator_home(module, "tensorflow.estimator") is not None
        case _:
            return otherwise


def _renamed(module: Module, node: cst.ImportFrom) -> Edit:
    assert node.module is not None
    return Edit(module.start(node.module), module.end(node.module), V1)


def _split(module: Module, node: cst.ImportFrom, moved: list[cst.ImportAlias]) -> Iterator[Edit]:
    """Yield the edits that let an import of its own bring the names that move, where others stay."""
    if isinstance(node.names, cst.ImportStar) or node.module is None:
        return
    if len(moved) == len(node.names):
        yield from aligned(module, node, [_renamed(module, node)])
    elif moved:
        line = module.parent(node)
        is_alone = isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1
        apart = newline_of(module) + indent_at(module, node) if is_alone else "; "
        listed = ", ".join(_code(alias) for alias in moved)
        # Not an insertion: what else goes above the import must stay above both.
        yield Edit(module.start(node), module.end(node.module), f"from {V1} import {listed}{apart}from tensorflow")
        yield from removed_aliases(module, node, moved)


def _code(alias: cst.ImportAlias) -> str:
    suffix = f" as {dotted(alias.asname.name)}" if alias.asname is not None else ""
    return f"{dotted(alias.name)}{suffix}"

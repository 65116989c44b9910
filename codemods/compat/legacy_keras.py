"""Legacy Keras: who needs it, and the opt-in that must run before TensorFlow is imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import libcst as cst

from codemods.edit.edits import Edit
from codemods.edit.imports import LEGACY_KERAS, import_block, import_place
from codemods.edit.layout import newline_of
from codemods.edit.traces import LEGACY_KERAS_PACKAGE, Trace
from codemods.names.tf1 import NEEDS_LEGACY_KERAS
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.nodes import dotted
from codemods.source.tensorflow_uses import Use

_COMMENT = "Keras 2, asked for before TensorFlow is imported"
LEGACY_KERAS_TRACE = Trace(f"# {_COMMENT}".encode(), packages=frozenset({LEGACY_KERAS_PACKAGE}))

# What TensorFlow 2 takes from Keras, under names beside `tf.keras`.
_OF_KERAS = frozenset({"initializers", "losses", "metrics", "optimizers"})
_Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


def needs_legacy_keras(module: Module, uses: Sequence[Use]) -> bool:
    """Whether the file must ask for legacy Keras: it uses it, or starts a program that does."""
    if module.program.legacy_keras and module.program.is_entry:
        return True
    if any(use.raw.split(".")[0] == "keras" or _is_legacy(use.name) for use in uses):
        return True
    return any(map(_imports_keras, module.imports_of_modules))


def needs_keras2(module: Module, uses: Sequence[Use]) -> bool:
    """Whether a file of a TensorFlow 2 program means Keras 2, which TensorFlow 2.16 and later have as legacy Keras.

    A program may be written for either Keras: it is Keras 2 that runs in graphs, and that `tensorflow.compat.v1` has.
    """
    if module.program.mode is Mode.GRAPH:
        return needs_legacy_keras(module, uses) or any(use.name.split(".")[0] in _OF_KERAS for use in uses)
    if module.program.legacy_keras and module.program.is_entry:
        return True
    return any(".compat.v1." in use.raw and _is_legacy(use.name) for use in uses)


def _is_legacy(name: str) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in NEEDS_LEGACY_KERAS)


def _imports_keras(node: cst.Import | cst.ImportFrom) -> bool:
    return any(_is_keras(name.split(".")) for name in imported_modules(node))


def _is_keras(parts: list[str]) -> bool:
    return parts[0] == "keras" or (parts[0] == "tensorflow" and "keras" in parts)


def imported_modules(node: cst.Import | cst.ImportFrom) -> list[str]:
    """Return the absolute modules an import statement names."""
    if isinstance(node, cst.Import):
        return [dotted(alias.name) or "" for alias in node.names]
    if node.relative or node.module is None:
        return []
    base = dotted(node.module) or ""
    if isinstance(node.names, cst.ImportStar):
        return [base]
    return [base, *(f"{base}.{dotted(alias.name)}" for alias in node.names)]


def opt_in_edits(module: Module) -> Iterator[Edit]:
    """Yield the edit that sets the variable, unless it is set, before the first import that is not Python's own."""
    if LEGACY_KERAS in module.text:
        return
    newline = newline_of(module)
    call = f'os.environ.setdefault("{LEGACY_KERAS}", "1")  # {_COMMENT}'
    statements = list(module.tree.body)
    block = import_block(module)
    place = next((statement for statement in statements if _is_foreign_import(statement, block)), None)
    if place is None or any(isinstance(each, (cst.FunctionDef, cst.ClassDef)) for each in _until(statements, place)):
        yield _at_head(module, call)
        return
    offset = module.line_start(module.start(place))
    has_os = any(_binds_os(statement) for statement in statements[: statements.index(place)])
    head = "" if has_os else f"import os{newline}{newline}"
    lead = newline if has_os and _follows_code(module, offset) else ""
    yield Edit(offset, offset, f"{lead}{head}{call}{newline}{newline}")


def _until(statements: list[_Statement], last: _Statement) -> list[_Statement]:
    return statements[: statements.index(last)]


def _at_head(module: Module, call: str) -> Edit:
    """Return the edit that makes the call at the head of a file whose functions do the imports."""
    newline, offset = newline_of(module), import_place(module)
    code = call if any(map(_binds_os, import_block(module))) else f"import os{newline}{newline}{call}"
    if offset > 0 and module.text[offset - 1] not in "\r\n":
        return Edit(offset, offset, f"{newline}{newline}{code}")
    return Edit(offset, offset, f"{code}{newline}{newline}")


def _is_foreign_import(statement: cst.CSTNode, block: list[cst.SimpleStatementLine]) -> bool:
    if isinstance(statement, (cst.Try, cst.If)):
        inner = statement.body.body
        return any(_is_foreign_import(child, block) for child in inner)
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    for part in statement.body:
        if isinstance(part, cst.ImportFrom) and part.relative:
            return True
        if isinstance(part, (cst.Import, cst.ImportFrom)):
            tops = {name.split(".")[0] for name in imported_modules(part)}
            if tops - sys.stdlib_module_names:
                return True
    return False


def _binds_os(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and any(
        isinstance(part, cst.Import)
        and any((dotted(alias.name) or "").split(".")[0] == "os" and alias.asname is None for alias in part.names)
        for part in statement.body
    )


def _follows_code(module: Module, offset: int) -> bool:
    previous = module.text[:offset].rstrip(" \t")
    return bool(previous) and not previous.endswith(("\n\n", "\r\n\r\n"))

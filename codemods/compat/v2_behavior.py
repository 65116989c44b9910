"""Where a program that runs in graph mode switches v2 behaviour off."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from codemods.compat.generations import says_tensorflow2, spelled_plainly
from codemods.compat.graph_mode import SWITCHES_TO_GRAPHS, in_explicit_graph
from codemods.compat.legacy_keras import imported_modules
from codemods.compat.v1_usage import switches_import
from codemods.edit.edits import Edit, Import
from codemods.edit.imports import import_block, import_place
from codemods.edit.layout import newline_of
from codemods.edit.tensorflow_names import Api, new_import
from codemods.names.tf1 import GRAPH_ONLY
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.nodes import walk
from codemods.source.scopes import BindingKind
from codemods.source.tensorflow_uses import Use

_SWITCHES = SWITCHES_TO_GRAPHS | {"enable_eager_execution", "enable_v2_behavior"}
_TENSORFLOW = re.compile(r"^\s*(?:import|from)\s+(?:tensorflow|keras)\b", re.MULTILINE)
_MAIN = re.compile(r"""^if\s+__name__\s*==\s*['"]__main__['"]""", re.MULTILINE)


def starts_graph_mode(module: Module, uses: Sequence[Use]) -> bool:
    """Whether this file must switch v2 behaviour off: a program in graph mode may start here, undecided yet."""
    if module.program.mode is not Mode.GRAPH or not (module.program.is_entry or _MAIN.search(module.text)):
        return False
    if any(use.name in _SWITCHES for use in uses) or says_tensorflow2(module, uses):
        return False
    return any(spelled_plainly(use) is not None or _needs_it(module, use) for use in uses)


def _needs_it(module: Module, use: Use) -> bool:
    return use.name in GRAPH_ONLY and not in_explicit_graph(module, use.node)


def disable_edit(module: Module, uses: Sequence[Use], edits: Sequence[Edit] = ()) -> Edit:
    """Return the call, placed after the imports that follow the TensorFlow import, those that the `edits` leave."""
    newline = newline_of(module)
    place = _place(module, uses, edits)
    if place is None:
        return _at_head(module)
    alias = _v1_alias(module, uses, place)
    lead = f"{newline}{newline}"
    if alias is None:  # imported here: wherever else the import would stand may be too far down for the call
        needed = Import("tensorflow.compat.v1", None, _free_alias(module))
        alias = needed.bound_name
        lead = f"{newline}{needed.statement}{lead}"
    call = f"{alias}.disable_v2_behavior()"
    return Edit(place, place, f"{lead}{call}{_gap(module, place)}")


def _at_head(module: Module) -> Edit:
    """Return the call for a file whose functions do the imports: below its docstring or the comment at its head."""
    newline, place = newline_of(module), import_place(module)
    needed = Import("tensorflow.compat.v1", None, _free_alias(module))
    code = f"{needed.statement}{newline}{newline}{needed.bound_name}.disable_v2_behavior()"
    if place > 0 and module.text[place - 1] not in "\r\n":
        return Edit(place, place, f"{newline}{newline}{code}{_gap(module, place)}")
    first = module.tree.body[0] if module.tree.body else None
    is_definition = isinstance(first, (cst.FunctionDef, cst.ClassDef))
    return Edit(place, place, f"{code}{newline}{newline}{newline if is_definition else ''}")


def _gap(module: Module, place: int) -> str:
    """Return what keeps a blank line between the call and the code that follows, within its cell."""
    newline = newline_of(module)
    cell_end = next((start for start in module.cell_starts if start > place), len(module.text))
    if not module.text[place:cell_end].strip("\r\n"):
        return "" if module.cell_starts or cell_end - place < 2 else newline
    return "" if module.text.startswith(newline * 2, place) else newline


def _v1_alias(module: Module, uses: Sequence[Use], place: int) -> str | None:
    """Return how to spell compat.v1 at a place of the top level once SM901's own edits are made, None if it cannot."""
    for name, target, start in _tensorflow_names(module):
        if start < place:
            if target == "tensorflow.compat.v1":
                return name
            return f"{name}.compat.v1" if not switches_import(module, uses) else name
    return None


def _free_alias(module: Module) -> str:
    """Return the name under which the file may import compat.v1: its own for TensorFlow, or one that is free."""
    later = next((name for name, _, _ in _tensorflow_names(module)), None)
    return later or new_import(module, Api.V1).bound_name


def _tensorflow_names(module: Module) -> Iterator[tuple[str, str, int]]:
    """Yield the names that stand for TensorFlow alone: name, module, and where it is first imported."""
    for name, bindings in module.index.module_scope.bindings.items():
        targets = {binding.target if binding.kind is BindingKind.IMPORT else None for binding in bindings}
        if len(targets) == 1 and (target := next(iter(targets))) in ("tensorflow", "tensorflow.compat.v1"):
            yield name, target, min(module.start(binding.node) for binding in bindings)


def _place(module: Module, uses: Sequence[Use], edits: Sequence[Edit]) -> int | None:
    """Return the end of the last line of the imports that stand together with the TensorFlow import."""
    last = _first_import(module, uses)
    if last is None:
        return None
    last = _first_of_repository(module, last) or last
    statements = list(module.tree.body)
    for statement in statements[statements.index(last) + 1 :]:
        if not _is_import_only(statement) or _in_other_cell(module, last, statement):
            break
        last = statement
    head = statements[: statements.index(last) + 1]
    left = [statement for statement in head if not _goes(module, statement, edits)]
    return _line_end(module, left[-1]) if left else None


def _goes(module: Module, statement: cst.CSTNode, edits: Sequence[Edit]) -> bool:
    """Whether an edit takes away the end of the statement's line."""
    return any(edit.start < _line_end(module, statement) < edit.end for edit in edits)


def _line_end(module: Module, statement: cst.CSTNode) -> int:
    end = module.end(statement)
    line = module.text[end : module.line_end(max(end - 1, 0))]
    return end + len(line.rstrip("\r\n"))


def _first_import(module: Module, uses: Sequence[Use]) -> cst.SimpleStatementLine | cst.BaseCompoundStatement | None:
    """Return the import of TensorFlow, or that of Keras where code runs between the two, or the last import."""
    tensorflow = _first_of(module, "tensorflow")
    keras = _first_of(module, "keras")
    if tensorflow is None or keras is None:
        block = import_block(module)
        return tensorflow or keras or (block[-1] if block else None)
    begin, end = module.start(keras), module.start(tensorflow)
    return keras if any(begin < module.start(use.node) < end for use in uses) else tensorflow


def _first_of_repository(module: Module, last: cst.CSTNode) -> cst.SimpleStatementLine | None:
    """Return the first import of the repository's code for TensorFlow, where code that may call it runs before `last`.

    A notebook builds its model with the repository's modules, and imports TensorFlow itself where it exports.
    """
    project = module.project
    first: cst.SimpleStatementLine | None = None
    for statement in module.tree.body:
        if statement is last or project is None:
            return None
        if first is not None and not _is_import_only(statement) and not _is_definition(statement):
            return first
        if first is None and isinstance(statement, cst.SimpleStatementLine):
            inner = [node for node in statement.body if isinstance(node, (cst.Import, cst.ImportFrom))]
            names = [name for node in inner for name in imported_modules(node)]
            found = [project.find(name, module.path) for name in names]
            if any(other is not None and _TENSORFLOW.search(other.text) for other in found):
                first = statement
    return None


def _is_definition(statement: cst.CSTNode) -> bool:
    return isinstance(statement, (cst.FunctionDef, cst.ClassDef))


def _first_of(module: Module, package: str) -> cst.SimpleStatementLine | cst.BaseCompoundStatement | None:
    """Return the first statement of the top level that imports the package, be it in a `try` or an `if`."""
    for statement in module.tree.body:
        if isinstance(statement, cst.SimpleStatementLine) or _is_import_only(statement):
            inner = [node for node in walk(statement) if isinstance(node, (cst.Import, cst.ImportFrom))]
            names = [name for node in inner if _is_at_top(module, node) for name in imported_modules(node)]
            if any(name.split(".")[0] == package for name in names):
                return statement
    return None


def _is_at_top(module: Module, node: cst.CSTNode) -> bool:
    return module.scope(node) is module.index.module_scope


def _is_import_only(statement: cst.CSTNode) -> bool:
    if isinstance(statement, cst.SimpleStatementLine):
        return all(isinstance(part, (cst.Import, cst.ImportFrom)) for part in statement.body)
    if isinstance(statement, (cst.Try, cst.If)):
        return all(_is_import_only(inner) for inner in statement.body.body)
    return False


def _in_other_cell(module: Module, first: cst.CSTNode, second: cst.CSTNode) -> bool:
    return any(module.end(first) < boundary <= module.start(second) for boundary in module.cell_starts)

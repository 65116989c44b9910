"""Adds the imports that new code needs and drops those that nothing uses any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from codemods.edit.edits import Edit, Import
from codemods.edit.layout import newline_of
from codemods.source.module import Module
from codemods.source.nodes import bound_name, dotted, walk
from codemods.source.scopes import BindingKind

LEGACY_KERAS = "TF_USE_LEGACY_KERAS"


def added_imports(module: Module, wanted: Iterable[Import]) -> tuple[Edit, ...]:
    """Return the edit that imports what is wanted and not there yet, if any is."""
    missing = [needed for needed in sorted(set(wanted)) if not is_imported(module, needed)]
    return (_insertion(module, missing),) if missing else ()


def dropped_imports(module: Module, freed: frozenset[str], wanted: Iterable[Import] = ()) -> tuple[Edit, ...]:
    """Return the edits that drop the imports of freed names that nothing uses; a package's interface stays.

    A freed name that a wanted import binds anew is dropped where it came from before.
    """
    if module.path.endswith("__init__.py"):
        return ()
    renewed = {needed.bound_name: needed.statement for needed in wanted if needed.bound_name in freed}
    return tuple(_removals(module, freed, renewed))


def is_imported(module: Module, needed: Import) -> bool:
    """Whether the module already binds the import's name to it at its top level."""
    target = needed.module if needed.name is None else f"{needed.module}.{needed.name}"
    if needed.name is None and needed.asname is None:
        target = needed.module.split(".")[0]
    bindings = module.index.module_scope.bindings.get(needed.bound_name, [])
    return any(binding.kind is BindingKind.IMPORT and binding.target == target for binding in bindings)


def _insertion(module: Module, missing: list[Import]) -> Edit:
    offset = import_place(module)
    newline = newline_of(module)
    grouped: dict[str, list[Import]] = {}
    lines: list[str] = []
    for needed in missing:
        if needed.name is None:
            lines.append(needed.statement)
        else:
            grouped.setdefault(needed.module, []).append(needed)
    for origin, names in grouped.items():
        listed = ", ".join(f"{item.name} as {item.asname}" if item.asname else str(item.name) for item in names)
        lines.append(f"from {origin} import {listed}")
    if offset > 0 and module.text[offset - 1] not in "\r\n":
        gap = newline if LEGACY_KERAS in module.text[module.line_start(offset) : offset] else ""
        return Edit(offset, offset, gap + "".join(newline + line for line in lines))
    return Edit(offset, offset, "".join(line + newline for line in lines))


def import_block(module: Module) -> list[cst.SimpleStatementLine]:
    """Return the import statements at the head of the module (docstring and `__future__` imports before it)."""
    block: list[cst.SimpleStatementLine] = []
    for statement in module.tree.body:
        if isinstance(statement, cst.SimpleStatementLine) and _is_import(statement):
            block.append(statement)
        elif isinstance(statement, (cst.FunctionDef, cst.ClassDef)) or (
            block and not isinstance(statement, (cst.Try, cst.If, cst.SimpleStatementLine))
        ):
            break
    return block


def import_place(module: Module) -> int:
    """Return the offset where a new import reads well: at the end of the line of the TensorFlow, else the last, import.

    The end of a line, not the start of the next: in a notebook that may be another cell. Without an import it is below
    the docstring, or above the first statement; what must run before TensorFlow is imported stays before it.
    """
    block = import_block(module)
    tensorflow = [statement for statement in block if _imports_tensorflow(statement)]
    opt_ins = [statement for statement in module.tree.body if is_opt_in(statement)]
    if tensorflow:
        return _end_of_line(module, tensorflow[-1])
    if block or opt_ins:
        return max(_end_of_line(module, statement) for statement in (*block[-1:], *opt_ins[:1]))
    for index, statement in enumerate(module.tree.body):
        if index == 0 and isinstance(statement, cst.SimpleStatementLine) and _is_string(statement):
            return _end_of_line(module, statement)
        return _above(module, statement) if not _has_leading_code(module, statement) else 0
    return len(module.text)


def is_opt_in(statement: cst.CSTNode) -> bool:
    """Whether the statement asks for legacy Keras: `os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")` or so."""
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], (cst.Expr, cst.Assign))
        and any(isinstance(node, cst.SimpleString) and LEGACY_KERAS in node.value for node in walk(statement))
    )


def _above(module: Module, statement: cst.CSTNode) -> int:
    """Return where the line of a statement starts, or the comment that belongs to it; a file's head is above both."""
    offset = start = module.line_start(module.start(statement))
    while start > 0:
        start = module.line_start(start - 1)
        line = module.text[start:offset].split("\n", 1)[0].strip()
        if not line:
            return offset
        offset = start
    return module.line_start(module.start(statement))


def _end_of_line(module: Module, statement: cst.CSTNode) -> int:
    end = module.end(statement)
    line = module.text[end : module.line_end(max(end - 1, 0))]
    return end + len(line.rstrip("\r\n"))


def _has_leading_code(module: Module, statement: cst.CSTNode) -> bool:
    return module.start(statement) != module.line_start(module.start(statement))


def _is_import(statement: cst.SimpleStatementLine) -> bool:
    return isinstance(statement.body[0], (cst.Import, cst.ImportFrom))


def _is_string(statement: cst.SimpleStatementLine) -> bool:
    first = statement.body[0]
    return isinstance(first, cst.Expr) and isinstance(first.value, (cst.SimpleString, cst.ConcatenatedString))


def _imports_tensorflow(statement: cst.SimpleStatementLine) -> bool:
    for part in statement.body:
        if isinstance(part, cst.Import):
            names = [dotted(alias.name) or "" for alias in part.names]
        elif isinstance(part, cst.ImportFrom) and part.module is not None and not part.relative:
            names = [dotted(part.module) or ""]
        else:
            continue
        if any(name.split(".")[0] == "tensorflow" for name in names):
            return True
    return False


def _removals(module: Module, freed: frozenset[str], renewed: dict[str, str]) -> Iterator[Edit]:
    exported = module.text.partition("__all__")[2]
    for statement in _import_statements(module):
        node = statement.body[0]
        if not isinstance(node, (cst.Import, cst.ImportFrom)) or isinstance(node.names, cst.ImportStar):
            continue
        dead = [
            alias
            for alias in node.names
            if bound_name(alias) in freed
            and (
                not _used(module, alias, exported)
                if bound_name(alias) not in renewed
                else _is_elsewhere(node, renewed[bound_name(alias)])
            )
        ]
        if not dead or "noqa" in module.text[module.start(statement) : module.line_end(module.end(statement))]:
            continue
        if len(dead) == len(node.names):
            if len(statement.body) == 1 and not _alone_in_suite(module, statement):
                yield _line_removal(module, statement)
        else:
            yield from removed_aliases(module, node, dead)


def _is_elsewhere(node: cst.Import | cst.ImportFrom, statement: str) -> bool:
    """Whether the import statement takes its names from another module than the wanted one."""
    origin = dotted(node.module) if isinstance(node, cst.ImportFrom) and node.module is not None else None
    return origin is None or f"from {origin} import " not in statement


def _import_statements(module: Module) -> Iterator[cst.SimpleStatementLine]:
    for node in module.nodes:
        if isinstance(node, cst.SimpleStatementLine) and _is_import(node) and module.enclosing(node, cst.Try) is None:
            yield node


def _alone_in_suite(module: Module, statement: cst.SimpleStatementLine) -> bool:
    parent = module.parent(statement)
    return isinstance(parent, cst.IndentedBlock) and len(parent.body) == 1


def _line_removal(module: Module, statement: cst.SimpleStatementLine) -> Edit:
    start = module.line_start(module.start(statement))
    return Edit(start, module.line_end(module.end(statement) - 1), "")


def removed_aliases(module: Module, node: cst.Import | cst.ImportFrom, dead: list[cst.ImportAlias]) -> Iterator[Edit]:
    """Yield the edits that take some, not all, of the names out of an import statement."""
    aliases = list(node.names) if not isinstance(node.names, cst.ImportStar) else []
    keep = [alias for alias in aliases if alias not in dead]
    for index, alias in enumerate(aliases):
        if alias not in dead:
            continue
        if any(aliases.index(kept) > index for kept in keep):
            yield Edit(module.start(alias), module.start(aliases[index + 1]), "")
        else:
            yield Edit(_name_end(module, aliases[index - 1]), _name_end(module, alias), "")


def _name_end(module: Module, alias: cst.ImportAlias) -> int:
    return module.end(alias.asname.name if alias.asname is not None else alias.name)


def _used(module: Module, alias: cst.ImportAlias, exported: str) -> bool:
    bound = bound_name(alias)
    inside = set(walk(alias))
    if any(name not in inside and not _in_import(module, name) for name in module.names.get(bound, [])):
        return True
    return f'"{bound}"' in exported or f"'{bound}'" in exported


def _in_import(module: Module, name: cst.Name) -> bool:
    return module.enclosing(name, (cst.Import, cst.ImportFrom)) is not None

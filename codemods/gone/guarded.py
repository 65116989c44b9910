"""Code that already reckons with a name's absence: version checks, `hasattr`, and what catches the error."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from codemods.gone.after_edits import ImportStatement
from codemods.source.module import Module
from codemods.source.nodes import walk
from codemods.source.version_checks import in_tf1_branch

_CATCHES = {
    True: frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}),
    False: frozenset({"AttributeError", "Exception", "BaseException", "ImportError", "NameError"}),
}


def is_guarded(module: Module, node: cst.CSTNode, fails: Callable[[ImportStatement], bool]) -> bool:
    """Whether the program goes on without the name at a place; `fails` tells which import statements raise."""
    return in_tf1_branch(module, node) or any(_guards(module, node, fails))


def _guards(module: Module, node: cst.CSTNode, fails: Callable[[ImportStatement], bool]) -> Iterator[bool]:
    is_import = isinstance(node, (cst.Import, cst.ImportFrom))
    child: cst.CSTNode = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, cst.Try):
            if child is ancestor.body:
                yield _catches(module, ancestor, is_import)
            elif isinstance(child, cst.ExceptHandler) and _catches(module, ancestor, True):
                # It runs where the first attempt fails, and not where that works.
                tried = [each for each in walk(ancestor.body) if isinstance(each, (cst.Import, cst.ImportFrom))]
                yield bool(tried) and not any(fails(each) for each in tried)
        elif isinstance(ancestor, (cst.If, cst.IfExp)) and child is not ancestor.test:
            yield _asks_hasattr(module, ancestor.test)
        elif isinstance(ancestor, cst.BooleanOperation) and child is ancestor.right:
            yield _asks_hasattr(module, ancestor.left)
        child = ancestor


def _catches(module: Module, attempt: cst.Try, is_import: bool) -> bool:
    for handler in attempt.handlers:
        if handler.type is None:
            return True
        names = {module.code(each) for each in walk(handler.type) if isinstance(each, cst.Name)}
        if names & _CATCHES[is_import]:
            return True
    return False


def _asks_hasattr(module: Module, test: cst.BaseExpression) -> bool:
    return any(
        isinstance(each, cst.Call) and isinstance(each.func, cst.Name) and each.func.value == "hasattr"
        for each in walk(test)
    )

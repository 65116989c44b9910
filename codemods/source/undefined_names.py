"""What a text says that can stop it: it does not parse, uses names that nothing defines, imports from TensorFlow."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass

from pyflakes.checker import Checker
from pyflakes.messages import UndefinedExport, UndefinedLocal, UndefinedName


@dataclass(frozen=True, slots=True, order=True)
class TensorFlowImport:
    """One imported thing: a module, or a name of it."""

    module: str
    name: str | None = None

    def __str__(self) -> str:
        return f"import {self.module}" if self.name is None else f"from {self.module} import {self.name}"


@dataclass(frozen=True, slots=True)
class Facts:
    """The names that nothing defines where they are used, and what comes from TensorFlow for certain."""

    undefined: frozenset[str]
    imports: frozenset[TensorFlowImport]


def facts_of(text: str) -> Facts | None:
    """Return the facts of Python source, None where this Python cannot read it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the user's own escapes and comparisons
            tree = ast.parse(text)
            found = Checker(tree).messages
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    undefined = {
        str(message.message_args[0])
        for message in found
        if isinstance(message, (UndefinedName, UndefinedLocal, UndefinedExport))
    }
    return Facts(frozenset(undefined), frozenset(_imports(tree)))


def _imports(tree: ast.Module) -> set[TensorFlowImport]:
    """Return what is imported from TensorFlow outside of `try`, where nothing stands in for it."""
    found: set[TensorFlowImport] = set()
    queue: list[ast.AST] = [tree]
    while queue:
        node = queue.pop()
        if isinstance(node, ast.Import):
            found.update(TensorFlowImport(alias.name) for alias in node.names if _is_tensorflow(alias.name))
        elif isinstance(node, ast.ImportFrom) and not node.level and _is_tensorflow(node.module or ""):
            names = [alias.name for alias in node.names]
            found.update(TensorFlowImport(node.module or "", None if name == "*" else name) for name in names)
        elif isinstance(node, ast.stmt | ast.Module | ast.ExceptHandler) and not isinstance(node, ast.Try):
            queue.extend(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt))
    return found


def _is_tensorflow(module: str) -> bool:
    return module == "tensorflow" or module.startswith("tensorflow.")

"""Refuses what is nested deeper than Python itself compiles, before a parser dies of it or works for minutes on it.

LibCST's parser overflows its stack on a few thousand brackets, and its time grows with the square of a chain of
operators, calls or attributes.
"""

from __future__ import annotations

import ast
import re
import warnings

from codemods.errors import UnparsableSourceError

_MAX_BRACKETS = 200  # CPython: "too many nested parentheses"
_MAX_DEPTH = 3000  # CPython up to 3.11, so every Python of TensorFlow 1: three times the recursion limit
_TOKEN = re.compile(
    r"""(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<end>[,;])|(?P<line>[\r\n])
    |(?P<link>\*\*|//|<<|>>|[-.+*/%@&|^~<>=]|\b(?:not|lambda|if|await|and|or|in|is)\b)
    |(?P<skip>\#[^\r\n]*|\\\r?\n
        |'''[^\\']*(?:(?:\\.|'(?!''))[^\\']*)*(?:'''|\Z)|'[^\\'\r\n]*(?:\\.[^\\'\r\n]*)*'
        |\"""[^\\"]*(?:(?:\\.|"(?!""))[^\\"]*)*(?:\"""|\Z)|"[^\\"\r\n]*(?:\\.[^\\"\r\n]*)*")""",
    re.VERBOSE | re.DOTALL,
)


def check_depth(text: str) -> None:
    """Do nothing where the text is nested no deeper than Python itself can compile.

    Raises:
        UnparsableSourceError: It is.
    """
    if len(text) < _MAX_BRACKETS:
        return
    suspect = _suspect(text)
    if suspect is not None and _is_deep(text):
        offset, reason = suspect
        reason = f"{reason}; Python itself does not compile it"
        raise UnparsableSourceError(reason, text.count("\n", 0, offset) + 1)


def _suspect(text: str) -> tuple[int, str] | None:
    """Return where brackets or a chain seem too deep: fast, and wrong only about quotes inside of f-strings."""
    outer: list[int] = []
    chain = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "link":
            chain += 1
            if chain > _MAX_DEPTH:
                return match.start(), f"an expression of more than {_MAX_DEPTH:,} operators"
        elif kind == "open":
            outer.append(chain + 1)
            chain = 0
            if len(outer) > _MAX_BRACKETS:
                return match.start(), f"more than {_MAX_BRACKETS} brackets inside each other"
        elif kind == "close":
            chain = outer.pop() if outer else chain
        elif kind == "end" or (kind == "line" and not outer):
            chain = 0
    return None


def _is_deep(text: str) -> bool:
    """Whether Python refuses the text for its depth; what is no Python of this version counts as deep."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    level: list[ast.AST] = [tree]
    for _ in range(_MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True

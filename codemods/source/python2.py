"""Python 2 into Python 3, by fissix: lib2to3 as it is maintained after Python dropped it.

The converter is loaded where a file needs it. Lines that it does not change stay as they are, with their line ends.
"""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from codemods.errors import UnparsableSourceError
from codemods.source.nesting import check_depth

PYTHON2 = "python2"
"""What the site of a conversion is called as a symbol."""
# Matters of taste, and what is no change of syntax: `import sibling` is for a person, `__future__` does no harm.
_LEFT_OUT = frozenset({"buffer", "future", "idioms", "import", "set_literal", "ws_comma"})
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_DIVISION = re.compile(r"^from\s+__future__\s+import\b.*\bdivision\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Conversion:
    """A file of Python 2 as Python 3. `line` (from 1) is one that is no Python 3, `divisions` are those with `/`.

    In a notebook lines count within cells, and `line` is 0.
    """

    before: str
    after: str
    line: int
    divisions: tuple[int, ...] = ()

    def line_before(self, line: int) -> int:
        """Return the line of the Python 2 code that a line of the new code comes from."""
        old, new = _lines(self.before), _lines(self.after)
        if not self.line or len(old) == len(new):
            return line
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        for _, old_start, old_end, new_start, new_end in matcher.get_opcodes():
            if new_start < line <= new_end:
                return min(old_start + line - new_start, max(old_end, 1))
        return line


def converted(text: str, line: int = 1) -> Conversion | None:
    """Return a text as Python 3, None where it is no Python 2 either. `line` is one that is no Python 3."""
    try:
        check_depth(text)
        plain = "".join(each.rstrip("\r\n") + "\n" for each in _lines(text))
        after = str(_tool().refactor_string(plain, "<python2>"))
    except (UnparsableSourceError, RecursionError, OSError, ImportError):
        return None
    except Exception as error:  # fissix raises errors of four modules for what is no Python
        if isinstance(error, MemoryError):
            raise
        return None
    after = after if _compiles(after) else _without_tabs(after)
    if not _compiles(after):
        return None
    after = "".join(_as_before(text, after))
    return None if after == text else Conversion(text, after, line, _divisions(text, after))


@lru_cache(maxsize=1)
def _tool() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fissix import refactor
    found = refactor.get_fixers_from_package("fissix.fixes")
    fixers = [name for name in found if name.rpartition(".fix_")[2] not in _LEFT_OUT]

    class Quiet(refactor.RefactoringTool):  # type: ignore[misc]
        """Says nothing: what it finds is reported as a site."""

        def log_message(self, *args: Any) -> None:
            pass

        def log_debug(self, *args: Any) -> None:
            pass

    return Quiet(fixers)


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def _without_tabs(text: str) -> str:
    """Return a text with the tabs of its indentation as Python 2 read them: up to the next eighth column."""
    from fissix.pgen2 import tokenize

    inside: set[int] = set()
    lines = _lines(text)
    try:
        for kind, _, (start, _), (end, _), _ in tokenize.generate_tokens(iter([*lines, ""]).__next__):
            if kind == tokenize.STRING:
                inside.update(range(start + 1, end + 1))
    except (tokenize.TokenError, IndentationError, StopIteration):
        return text
    return "".join(line if number in inside else _expanded(line) for number, line in enumerate(lines, 1))


def _expanded(line: str) -> str:
    rest = line.lstrip(" \t")
    return line[: len(line) - len(rest)].expandtabs(8) + rest


def _as_before(text: str, after: str) -> Iterator[str]:
    """Yield the lines of the new code; those that did not change as they were, the others with the line ends there."""
    old, new = _lines(text), _lines(after)
    plain = [line.rstrip("\r\n") for line in old]
    ends = [line[len(bare) :] for line, bare in zip(old, plain, strict=True)]
    matcher = difflib.SequenceMatcher(None, plain, [line.rstrip("\n") for line in new], autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            yield from old[start:end]
            continue
        for number in range(new_start, new_end):
            place = min(start + number - new_start, len(old) - 1)
            is_last = number == len(new) - 1
            yield new[number].rstrip("\n") + (ends[place] if is_last or ends[place] else ends[0])


def _lines(text: str) -> list[str]:
    return _LINE.findall(text)


def _divisions(before: str, after: str) -> tuple[int, ...]:
    """Return the lines of the new code with a `/` between what may be whole numbers, which Python 2 rounds down."""
    if _DIVISION.search(before):
        return ()
    found = {
        node.lineno
        for node in ast.walk(ast.parse(after))
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div) and not _has_fraction(node)
    }
    return tuple(sorted(found))


def _has_fraction(node: ast.BinOp | ast.AugAssign) -> bool:
    operands = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.value]
    return any(
        (isinstance(each, ast.Constant) and isinstance(each.value, float))
        or (isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "float")
        for each in operands
    )

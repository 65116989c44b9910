"""Source text into a LibCST tree, with errors that say what the text is instead."""

from __future__ import annotations

import re

import libcst as cst

from codemods.errors import UnparsableSourceError
from codemods.source.nesting import check_depth

_PYTHON2 = re.compile(r"^[ \t]*(print\s+[^=(\s]|exec\s+[\"'\w]|except\s+[\w.]+\s*,\s*\w+\s*:|raise\s+\w+\s*,)", re.M)
_PYTHON2_EXCEPT = re.compile(r"^[ \t]*(except)[ \t]+[\w.]+[ \t]*,[ \t]*\w+[ \t]*:", re.MULTILINE)
_CONVERT = "this is Python 2; convert it to Python 3 first (2to3, futurize)"


def parse(text: str) -> cst.Module:
    """Parse a module.

    Raises:
        UnparsableSourceError: The text is not Python 3.
    """
    # LibCST reads this as Python 3.14's exceptions without parentheses: another meaning.
    old_except = _PYTHON2_EXCEPT.search(text)
    if old_except is not None:
        raise UnparsableSourceError(_CONVERT, text.count("\n", 0, old_except.start(1)) + 1)
    check_depth(text)
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        python2 = _PYTHON2.search(text)
        if python2 is not None:
            raise UnparsableSourceError(_CONVERT, text.count("\n", 0, python2.start(1)) + 1) from None
        raise UnparsableSourceError(f"no valid Python 3: {error.message.splitlines()[0]}", error.raw_line) from None
    except RecursionError:
        raise UnparsableSourceError("nested too deeply to be parsed", 1) from None
    except UnicodeEncodeError as error:
        reason = "it holds half of a character (a lone surrogate), which is no Unicode text"
        raise UnparsableSourceError(reason, text.count("\n", 0, error.start) + 1) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a panic of LibCST's parser is no Exception
            raise
        raise UnparsableSourceError(f"LibCST's parser gives up on it ({error})", 1) from None

"""Text of other people (names in models, file names, messages of TensorFlow) as a terminal may be given it.

A terminal interprets what it shows: escape sequences move the cursor, set the window's title or type into the shell,
direction marks turn lines around. Such characters are spelled out, and names longer than anybody reads are cut.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache, partial

LONGEST_NAME = 200
_LONGEST_PATH = 1000
_LONGEST_LINE = 5000
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# The shortest first, so that none counts the characters of what was cut already.
_LONG = tuple(
    (re.compile(rf"{kind}{{{longest + 1},}}"), longest)
    for kind, longest in ((r"[^\s/]", LONGEST_NAME), (r"\S", _LONGEST_PATH), (r"[^\n]", _LONGEST_LINE))
)


def visible(text: str) -> str:
    """Return the text with what would steer the terminal, or hide in it, spelled out (`\\x1b`, `\\u202e`).

    Newlines and tabs stay: the text is one of this project's, with others' names in it.
    """
    if text.isprintable():
        return text
    return "".join(character if character in "\n\t" else _spelled(character) for character in text)


def shown_name(name: str) -> str:
    """Return a name on one line: newlines and tabs spelled out too, a long one without its middle."""
    short = _cut(name, LONGEST_NAME)
    return short if short.isprintable() else "".join(map(_spelled, short))


def sentence(text: str) -> str:
    """Return a message with the names in it visible and cut; a second line is indented, so that none is made up."""
    for pattern, longest in _LONG:
        text = pattern.sub(partial(_cut_match, longest), text)
    return visible(text).rstrip("\n").replace("\n", "\n    ")


def is_hidden(character: str) -> bool:
    """Tell whether a character steers a terminal, shows nothing, or is no character (a lone surrogate)."""
    return unicodedata.category(character) in _HIDDEN_CATEGORIES


@lru_cache(maxsize=1024)
def _spelled(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode() if is_hidden(character) else character


def _cut_match(longest: int, match: re.Match[str]) -> str:
    return _cut(match.group(), longest)


def _cut(name: str, longest: int) -> str:
    if len(name) <= longest:
        return name
    return f"{name[: longest // 2]}...({len(name):,} characters)...{name[-longest // 4 :]}"

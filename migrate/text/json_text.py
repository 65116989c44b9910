"""Values as JSON text that is safe to show: what would steer a terminal, or is no character at all, stays an escape."""

from __future__ import annotations

import json
import re
from typing import Any

from migrate.text.visible import is_hidden

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_NOT_ASCII = re.compile(r"[^\x20-\x7e\n]")


def json_text(value: Any) -> str:
    """Return `value` as indented JSON that ends with a newline.

    Control characters, invisible ones and lone surrogates (file names that are no UTF-8) are `\\uXXXX`: the values are
    the same, the text can be encoded and printed.
    """
    return _NOT_ASCII.sub(_escaped, json.dumps(value, indent=2, ensure_ascii=False)) + "\n"


def ascii_json(text: str) -> str:
    """Return JSON text with every character that is not ASCII as an escape, for a stream that takes no others."""
    return _BEYOND_ASCII.sub(lambda match: json.dumps(match.group())[1:-1], text)


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    return json.dumps(character)[1:-1] if is_hidden(character) else character

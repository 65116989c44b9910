"""Says paths as the user wrote them, where something had to work with absolute ones."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

Value = TypeVar("Value")


def as_written(value: Value, paths: Iterable[Path]) -> Value:
    """Return a value (a text, or tuples and dataclasses of them) that names `paths` as they are, not made absolute."""
    names = {str(path.absolute()): str(path) for path in paths if not path.is_absolute()}
    if not names:
        return value
    found = re.compile("|".join(rf"{re.escape(name)}(?![\w.-])" for name in sorted(names, key=len, reverse=True)))
    result: Value = _replaced(value, found, names)
    return result


def _replaced(value: Any, found: re.Pattern[str], names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return found.sub(lambda match: names[match[0]], value)
    if isinstance(value, tuple):
        return tuple(_replaced(item, found, names) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **{name: _replaced(item, found, names) for name, item in fields.items()})
    return value

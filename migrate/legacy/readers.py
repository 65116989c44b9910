"""Finds the readers: every module of `migrate.legacy.kinds` has one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from migrate.legacy import kinds
from migrate.legacy.kind import ModelKind
from migrate.legacy.reader import Reader


@cache
def readers() -> tuple[Reader, ...]:
    """Return every reader, in the order of their modules' names."""
    names = (found.name for found in pkgutil.iter_modules(kinds.__path__, f"{kinds.__name__}."))
    return tuple(importlib.import_module(name).READER for name in names)


def reader_of(kind: ModelKind) -> Reader | None:
    """Return the reader of a kind; None where models of it are not read."""
    return next((reader for reader in readers() if kind in reader.kinds), None)

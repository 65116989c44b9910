"""Tables that hold lines for releases of TensorFlow, as `codemods/names/releases/make.py` writes them.

A line that several releases share stands once, in the section of exactly these releases: neighbours have most lines in
common, so that a table of all releases is little larger than that of one.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.resources import files

from codemods.names.target import Target

_FOLDER = files("codemods.names") / "releases"


def rows_of(table: str, release: Target) -> list[str]:
    """Return the lines of a release, in no order."""
    return [line for of, lines in sections(table) if release in of for line in lines]


def releases_of(table: str) -> tuple[Target, ...]:
    """Return the releases that a table has, oldest first."""
    return tuple(sorted({release for of, _ in sections(table) for release in of}))


@lru_cache(maxsize=3)
def sections(table: str) -> tuple[tuple[frozenset[Target], list[str]], ...]:
    """Return the sections of a table: the releases of each, and the lines that exactly these have."""
    text = gzip.decompress((_FOLDER / f"{table}.txt.gz").read_bytes()).decode()
    heads = (section.partition("\n") for section in f"\n{text}".split("\n= ")[1:])
    return tuple((frozenset(map(_release, head.split())), lines.splitlines()) for head, _, lines in heads)


def _release(text: str) -> Target:
    major, minor = map(int, text.split("."))
    return Target(major, minor)

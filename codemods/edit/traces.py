"""By what a file shows that it was rewritten: words of this project's own, which people do not write.

A run may have been interrupted between two files of a program. The next one must know the half that is done, and the
mode for which it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from codemods.source.mode import Mode

SHIM_PACKAGE = "tf1to2"
LEGACY_KERAS_PACKAGE = "tf-keras"


@dataclass(frozen=True, slots=True)
class Trace:
    """Words that a rule writes. They are looked for in a file's bytes, which may be those of a notebook.

    Args:
        token: Bytes that are always there.
        pattern: What must be found too, where the token alone says too little.
        mode: The mode of the program that such code is written for, None where it suits both.
        packages: Distributions that the code needs.
        is_export: Only a file that exports shows it: its program is found from there, as it was when it was begun.
    """

    token: bytes
    pattern: re.Pattern[bytes] | None = None
    mode: Mode | None = None
    packages: frozenset[str] = frozenset()
    is_export: bool = False

    def is_in(self, data: bytes) -> bool:
        """Whether a file's bytes show it."""
        return self.token in data and (self.pattern is None or self.pattern.search(data) is not None)


def shim_trace(
    module: str, names: Iterable[str], mode: Mode | None, *, used: str = "", is_export: bool = False
) -> Trace:
    """Return what shows that a file takes one of these names from a module of the shim, and below uses it so."""
    listed = "|".join(names)
    below = f"(?s:.*){used}" if used else ""
    pattern = rf'(?m)(?:^|")[ \t]*from {re.escape(module)} import \(?[^)\n]*\b(?:{listed})\b{below}'
    packages = frozenset({SHIM_PACKAGE})
    return Trace(f"from {module} import".encode(), re.compile(pattern.encode()), mode, packages, is_export)

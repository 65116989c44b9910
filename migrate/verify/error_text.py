"""One line out of what TensorFlow raises."""

from __future__ import annotations

import re

_LIMIT = 300
_NO_VALUE = re.compile(
    "Attempting to use uninitialized|Error while reading resource variable|Could not find (variable|resource)"
    r"|Resource \S+ does not exist|Invalid variable reference"
)


def first_line(error: BaseException) -> str:
    """Return the class and the first telling line of an exception, at most 300 characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not _is_noise(line)]
    text = lines[0] if lines else ""
    text = re.sub(r"^\{\{function_node \S+\}\}\s*", "", text)
    text = text if len(text) <= _LIMIT else text[: _LIMIT - 3] + "..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def lacks_a_value(error: str) -> bool:
    """Tell whether an error says that a variable without a value was read."""
    return _NO_VALUE.search(error) is not None


def _is_noise(line: str) -> bool:
    stripped = line.strip()
    return stripped.endswith(("error:", "(most recent call last):")) or stripped.startswith(
        ("Detected at node", "Node: '", "<stack traces", "in user code", "File ")
    )

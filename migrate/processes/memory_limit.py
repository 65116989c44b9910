"""How much memory a worker may take: a model that asks for more than the machine has shall not take it down."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_SHARE = 0.9


def limit_memory() -> None:
    """Let this process have most of the machine's (or its container's) memory at most.

    Counted is memory that is written to; files that are mapped are not. Without such limits (Windows) it does nothing.
    """
    try:
        import resource
    except ImportError:
        return
    total = _total_bytes()
    if total is None or not hasattr(resource, "RLIMIT_DATA"):
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = int(total * _SHARE)
    if hard == resource.RLIM_INFINITY or limit < hard:
        # A stricter limit of the user's own stays.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _total_bytes() -> int | None:
    sizes = []
    if "SC_PHYS_PAGES" in os.sysconf_names:
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for name in _CGROUP_LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max" is no number
            sizes.append(int(Path(name).read_text(encoding="ascii")))
    return min(sizes, default=None)

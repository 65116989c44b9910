"""What one file may cost, and what becomes of one that costs more or ends its process."""

from __future__ import annotations

import contextlib
import signal
from dataclasses import dataclass
from pathlib import Path

_MEBIBYTE = 1 << 20
_MEMORY_SIGNALS = ("SIGABRT", "SIGKILL")  # LibCST aborts where it gets no memory; the kernel kills


@dataclass(frozen=True, slots=True)
class Budget:
    """Seconds and mebibytes that the work on one file may take; 0 for no limit."""

    seconds: float = 60.0
    mebibytes: int = 4096

    def took_too_long(self) -> str:
        """Return the reason of a file that was given up for its time."""
        return f"it took longer than {self.seconds:g} s; --file-timeout SECONDS allows more"

    def took_too_much(self) -> str:
        """Return the reason of a file that was given up for its memory."""
        return f"it needs more than {self.mebibytes} MB of memory; --file-memory MB allows more"

    def died(self, exit_code: int | None) -> str:
        """Return the reason of a file whose process ended."""
        if exit_code is None or exit_code >= 0:
            return f"the process that worked on it ended (exit status {exit_code})"
        name = str(-exit_code)
        with contextlib.suppress(ValueError):
            name = signal.Signals(-exit_code).name
        if name in _MEMORY_SIGNALS and self.mebibytes:
            return f"its process was killed by {name}, most likely for want of memory; --file-memory MB allows more"
        return f"the process that worked on it was killed by {name}: the parser does not bear this file"

    def limit_memory(self, stack: int) -> None:
        """Limit what this process may allocate beyond what it holds now and the stack it is about to get."""
        if not self.mebibytes:
            return
        try:
            import resource
        except ImportError:  # Windows
            return
        wanted = self.mebibytes * _MEBIBYTE + stack + _held()
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        with contextlib.suppress(ValueError, OSError):  # a system that has no such limit
            resource.setrlimit(
                resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
            )


def _held() -> int:
    """Return the bytes of data that this process has mapped, 0 where the system does not tell."""
    try:
        import resource

        return int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    except (OSError, IndexError, ValueError, ImportError):
        return 0

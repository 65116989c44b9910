"""The exit statuses that every command shares; 0 is done, and nothing left to do."""

from __future__ import annotations

NEEDS_A_PERSON = 1
"""Done, and something needs a person: a parity failure, a manual site under --check."""

FAILED = 2
"""It could not be done: bad arguments or bad input."""

BROKEN_PIPE = 128 + 13
"""Nobody reads the output any more (`| head`): what a shell gives for a process that SIGPIPE ended."""

INTERRUPTED = 128 + 2
"""Ended by Ctrl-C (SIGINT)."""

TERMINATED = 128 + 15
"""Ended by SIGTERM."""

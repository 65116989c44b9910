"""What becomes of a call in another process: every way in which it can end is a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Finished(Generic[Value]):
    """The call returned `value`."""

    value: Value


@dataclass(frozen=True, slots=True)
class Raised:
    """The call raised `error`; its traceback does not travel between processes but as text."""

    error: Exception
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Died:
    """The process of the call ended: `cause` says how (`killed by SIGSEGV`), `last_words` what it wrote last."""

    cause: str
    last_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The call took longer than `seconds`, and its process was ended."""

    seconds: float


Result: TypeAlias = Finished[Value] | Raised | Died | TimedOut

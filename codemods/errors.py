"""What can go wrong with one source file; nothing here stops a run over many."""

from __future__ import annotations


class CodemodError(Exception):
    """An expected failure of the codemods, told in one or two sentences."""


class UnparsableSourceError(CodemodError):
    """The text is no Python that can be parsed; `line` counts from 1."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"line {line}: {reason}")
        self.reason = reason
        self.line = line


class ConflictingEditsError(CodemodError):
    """Two edits touch the same characters with different texts: the sites cannot be applied together."""


class UnknownRuleError(CodemodError):
    """No rule has this id or name."""


class UnsupportedTargetError(CodemodError):
    """Rewritten code does not run on this TensorFlow."""

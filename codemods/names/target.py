"""The TensorFlow that rewritten code is to run on: decides whether training code may go on using `tf.estimator`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

from codemods.errors import UnsupportedTargetError

_DISTRIBUTIONS = ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tf-nightly", "intel-tensorflow")
_VERSION = re.compile(r"(\d+)\.(\d+)[\w.+-]*")


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A release of TensorFlow by its first two numbers."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def has_estimators(self) -> bool:
        """Whether rewritten code will find `tf.estimator`."""
        return self < _WITHOUT_ESTIMATORS


OLDEST = Target(2, 15)
NEWEST = Target(2, 21)
# The range that this project's own distribution asks for; a test compares them.
SUPPORTED = ">=2.15,<2.22"
# Code that keeps tf.estimator.
WITH_ESTIMATORS = ">=2.15,<2.16"
# tf.estimator left TensorFlow with this release.
_WITHOUT_ESTIMATORS = Target(2, 16)


@lru_cache(maxsize=1)
def installed_target() -> Target:
    """Return the TensorFlow beside this project, without importing it; the newest where none is installed."""
    for name in _DISTRIBUTIONS:
        try:
            return _parsed(version(name)) or NEWEST
        except PackageNotFoundError:
            continue
    return NEWEST


def target_of(text: str) -> Target:
    """Return the target that a version such as `2.15` or `2.15.1` means.

    Raises:
        UnsupportedTargetError: It is no version, or rewritten code does not run on it.
    """
    target = _parsed(text)
    if target is None or target < OLDEST:
        raise UnsupportedTargetError(f"{text!r} is no TensorFlow that rewritten code runs on: {OLDEST} to {NEWEST}")
    return target


def _parsed(text: str) -> Target | None:
    match = _VERSION.fullmatch(text.strip())
    return Target(int(match.group(1)), int(match.group(2))) if match is not None else None

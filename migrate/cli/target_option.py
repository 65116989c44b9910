"""The option `--tensorflow`."""

from __future__ import annotations

from codemods.errors import UnsupportedTargetError
from codemods.target import Target, installed_target, target_of
from migrate.errors import Tf1to2Error


def target_option(version: str | None) -> Target:
    """Return the TensorFlow that the user named, or the installed one.

    Raises:
        Tf1to2Error: Rewritten code does not run on it.
    """
    if version is None:
        return installed_target()
    try:
        return target_of(version)
    except UnsupportedTargetError as error:
        raise Tf1to2Error(f"--tensorflow: {error}.") from error

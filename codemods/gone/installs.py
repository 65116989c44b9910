"""Lines of notebooks that bring another TensorFlow or Keras than rewritten cells run on."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from codemods.names.target import Target

_MAGIC = re.compile(r"\s*%tensorflow_version\s+[\"']?1\b")
_INSTALL = re.compile(
    r"\s*(?:\w[\w., ]*=\s*)?[%!]{1,2}\s*(?:sudo\s+)?(?:\S+\s+-m\s+)?(?:pip|conda|mamba|uv)[\d.]*\b(.*)"
)
_WHEEL = re.compile(r"(?:^|/)((?:tensorflow|tf_nightly)(?:[-_](?:gpu|cpu))?)-(\d+)\.(\d+)[^/]*\.whl")
_CONDA = re.compile(r"([A-Za-z][\w.-]*)=(\d[\w.*]*)(?:=\S*)?")
_TENSORFLOW = frozenset({"tensorflow", "tensorflow-gpu", "tensorflow-cpu", "tf-nightly-gpu", "tensorflow-rocm"})
_FOLLOWERS = frozenset({"tensorflow-estimator", "tf-estimator-nightly", "tensorboard"})


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a line brings, as it is written there, and why that does not fit."""

    code: str
    reason: str


def pinned(line: str, target: Target) -> Iterator[Pinned]:
    """Yield what a line of a notebook asks for that rewritten cells cannot run with."""
    if _MAGIC.match(line):
        yield Pinned(line.strip(), "Colab has no TensorFlow 1 any more, and the rewritten cells run on 2: take it away")
        return
    match = _INSTALL.match(line)
    if match is None:
        return
    words = _words(match.group(1))
    if "install" not in words:
        return
    for word in words[words.index("install") + 1 :]:
        reason = _misfit(word, target)
        if reason is not None:
            yield Pinned(word, reason)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:  # a quote that is never closed
        return text.split()


def _misfit(word: str, target: Target) -> str | None:
    wheel = _WHEEL.search(word)
    if wheel is not None:
        is_other = Target(int(wheel.group(2)), int(wheel.group(3))) < Target(2, 15)
        return _needed(target) if is_other else None
    conda = _CONDA.fullmatch(word)
    try:
        requirement = Requirement(f"{conda.group(1)}=={conda.group(2).rstrip('.*')}.*" if conda is not None else word)
    except InvalidRequirement:
        return None
    name = canonicalize_name(requirement.name)
    if name in _TENSORFLOW or name in _FOLLOWERS:
        if name == "tensorflow-gpu" and not requirement.specifier:
            return f"this package ended with TensorFlow 2.11: {_needed(target)}"
        return None if _admits(requirement, target) else _needed(target)
    if name == "keras":
        return None if _admits_keras(requirement, target) else _keras(target)
    return None


def _admits(requirement: Requirement, target: Target) -> bool:
    """Whether some patch of the target, or any later release, is in the range."""
    candidates = [Version(f"{target}.{patch}") for patch in range(4)]
    return any(requirement.specifier.contains(each, prereleases=True) for each in candidates)


def _admits_keras(requirement: Requirement, target: Target) -> bool:
    if not target.has_estimators:  # since 2.16 TensorFlow comes with Keras 3
        return any(requirement.specifier.contains(f"3.{minor}.{patch}") for minor in range(20) for patch in range(4))
    return any(requirement.specifier.contains(f"2.{target.minor}.{patch}") for patch in range(4))


def _needed(target: Target) -> str:
    upper = Target(target.major, target.minor + 1)
    return f'the rewritten cells run on TensorFlow {target}: `pip install "tensorflow>={target},<{upper}"`'


def _keras(target: Target) -> str:
    if target.has_estimators:
        return f"TensorFlow {target} brings its own Keras: leave it out"
    return f"TensorFlow {target} comes with Keras 3, and the package tf-keras is legacy Keras: leave this one out"

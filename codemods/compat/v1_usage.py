"""How a file uses the v1 API: names that TensorFlow 2 no longer has, and whether its import can switch to compat.v1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from codemods.compat.graph_mode import SWITCHES_TO_GRAPHS
from codemods.names.tf1 import V1_DIFFERS, V1_ONLY, V2_ONLY
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.tensorflow_uses import Use, tensorflow_uses

# In eager mode a file with more v1 names than this switches its import instead of spelling each out. A file that only
# builds for others holds no new code that could mean TensorFlow 2.
_MANY = 8
_SOME = 2
_OTHER_APIS = ("compat", "python", "contrib", "estimator", "_api", "core")
_TF2 = frozenset({"function", "GradientTape", "saved_model.save", "wrap_function"})


class Generation(Enum):
    """Which TensorFlow a file's code is written for."""

    V1 = "v1"
    V2 = "v2"
    EITHER = "either"


def written_for(module: Module) -> Generation:
    """Return V1 where TensorFlow 2 lacks a name or is made to run as 1, else V2 where TensorFlow 1 lacks a name."""
    uses = list(tensorflow_uses(module))
    if any(
        is_v1_only(use) or use.name in SWITCHES_TO_GRAPHS or use.raw.startswith("tensorflow.contrib") for use in uses
    ):
        return Generation.V1
    return Generation.V2 if says_tensorflow2(uses) else Generation.EITHER


def runs_on_tensorflow2(files: Iterable[Generation]) -> bool:
    """Whether files of one program are a program of TensorFlow 2 already: nothing but its exports is to change."""
    found = set(files)
    return Generation.V2 in found and Generation.V1 not in found


def switches_import(module: Module, uses: Sequence[Use], *, is_rewritten: bool = True) -> bool:
    """Whether the file's TensorFlow is v1's: its import changes, not each name.

    In graph mode every file of the program means the v1 API, but for those that hold code for TensorFlow 2.
    """
    plain = [use for use in uses if spelled_plainly(use) is not None]
    if says_tensorflow2(uses) or not (plain or _hands_on_tensorflow(module)):
        return False
    if module.program.mode is Mode.GRAPH:
        return True
    v1 = [use for use in plain if is_v1_only(use)]
    return len(v1) > (_MANY if is_rewritten else _SOME) and not any(use.name.split(".")[0] == "keras" for use in uses)


def says_tensorflow2(uses: Sequence[Use]) -> bool:
    """Whether the file holds code for TensorFlow 2: it keeps its import, and v2 behaviour must stay on for it."""
    return any(use.name in _TF2 and ".v1." not in use.raw for use in uses) or any(map(_is_v2_only, uses))


def _hands_on_tensorflow(module: Module) -> bool:
    """Whether other modules take the name of TensorFlow from this one."""
    names = module.index.module_scope.bindings if "*" in module.program.taken_names else module.program.taken_names
    return any(module.exported(name) == "tensorflow" for name in names)


def is_v1_only(use: Use) -> bool:
    """Whether the use spells a name that `tensorflow` itself no longer has."""
    name = spelled_plainly(use)
    return name is not None and _is_in(name, V1_ONLY)


def differs_in_v2(use: Use) -> bool:
    """Whether the use spells a name that takes other arguments in TensorFlow 2."""
    name = spelled_plainly(use)
    return name is not None and _is_in(name, V1_DIFFERS)


def _is_v2_only(use: Use) -> bool:
    name = spelled_plainly(use)
    return name is not None and _is_in(name, V2_ONLY)


def spelled_plainly(use: Use) -> str | None:
    """Return the name after `tensorflow.` where it is spelled without `compat`, None otherwise."""
    head, _, name = use.raw.partition(".")
    return name if head == "tensorflow" and name.split(".")[0] not in _OTHER_APIS else None


def _is_in(name: str, table: frozenset[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:length]) in table for length in range(1, len(parts) + 1))

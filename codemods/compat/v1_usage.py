"""How a file uses the v1 API: names that TensorFlow 2 no longer has, and whether its import can switch to compat.v1."""

from __future__ import annotations

from collections.abc import Sequence

from codemods.compat.generations import meant_by, says_tensorflow2, spelled_plainly
from codemods.names.generations import Having, packages
from codemods.names.meanings import meaning
from codemods.source.generation import Generation
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.tensorflow_uses import Use

# In eager mode a file with more v1 names than this switches its import instead of spelling each out. A file that only
# builds for others holds no new code that could mean TensorFlow 2.
_MANY = 8
_SOME = 2


def switches_import(module: Module, uses: Sequence[Use], *, is_rewritten: bool = True) -> bool:
    """Whether the file's TensorFlow is v1's: its import changes, not each name.

    In graph mode every file of a TensorFlow 1 program means the v1 API, but for those that hold code for TensorFlow 2.
    Where nothing tells which TensorFlow a program is written for, what its import means stays.
    """
    plain = [use for use in uses if spelled_plainly(use) is not None]
    if says_tensorflow2(module, uses) or not (plain or _hands_on_tensorflow(module)):
        return False
    if meant_by(module) is Generation.V2:
        return False
    if module.program.mode is Mode.GRAPH:
        return meant_by(module) is Generation.V1
    v1 = [use for use in plain if is_v1_only(module, use)]
    return len(v1) > (_MANY if is_rewritten else _SOME) and not any(use.name.split(".")[0] == "keras" for use in uses)


def _hands_on_tensorflow(module: Module) -> bool:
    """Whether other modules take the name of TensorFlow from this one."""
    names = module.index.module_scope.bindings if "*" in module.program.taken_names else module.program.taken_names
    return any(module.exported(name) == "tensorflow" for name in names)


def is_v1_only(module: Module, use: Use) -> bool:
    """Whether the use spells a name that `tensorflow` itself no longer has, and `tensorflow.compat.v1` has."""
    name = spelled_plainly(use)
    return name is not None and packages(module.program.target).having(name) is Having.FIRST


def differs_in_v2(module: Module, use: Use) -> bool:
    """Whether the use spells a name that means another thing in TensorFlow 2, or takes other arguments.

    Estimators have rules of their own, those made of Keras models too.
    """
    name = spelled_plainly(use)
    return (
        name is not None and not name.startswith("keras.estimator") and meaning(module.program.target, name) is not None
    )

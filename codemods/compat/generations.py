"""Which TensorFlow a file is written for, by the names that only one of the two has.

What is spelled `tf.compat.v1.<name>` says nothing of the plain names beside it: programs of TensorFlow 2 have it, and
it is what tf_upgrade_v2 leaves. Nor do switches such as `tf.compat.v1.disable_eager_execution()` make a file one of
TensorFlow 1, which does not need them: they tell that it is run on TensorFlow 2, where no name tells more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.compat.call_meanings import TF1_METHODS, Says, says
from codemods.compat.graph_mode import SWITCHES_TO_GRAPHS
from codemods.compat.legacy_keras import imported_modules
from codemods.names.generations import Having, generations
from codemods.names.target import NEWEST
from codemods.source.generation import Generation
from codemods.source.module import Module
from codemods.source.nodes import dotted
from codemods.source.tensorflow_uses import Use, tensorflow_uses
from codemods.source.version_checks import in_checked_branch

_OTHER_APIS = ("compat", "python", "contrib", "estimator", "_api", "core", "tools", "examples", "compiler")
# TensorFlow 1.15 has them too, for programs that prepare for 2.
_TF2_STYLE = frozenset({"function", "GradientTape", "saved_model.save", "wrap_function"})
# Standalone Keras had sessions as long as it ran on TensorFlow 1.
_TF1_KERAS = ("keras.backend.get_session", "keras.backend.set_session", "keras.backend.tensorflow_backend")
_CATCHING = ("AttributeError", "ImportError", "ModuleNotFoundError")


@dataclass(frozen=True, slots=True)
class Written:
    """Which TensorFlow a file is written for, and whether it says itself that it runs graphs, not eagerly."""

    generation: Generation
    switches_to_graphs: bool


def written(module: Module) -> Written:
    """Return what a file says of the program that it belongs to."""
    return Written(written_for(module), any(use.name in SWITCHES_TO_GRAPHS for use in tensorflow_uses(module)))


def written_for(module: Module) -> Generation:
    """Return which TensorFlow a file is written for: a name that the other lacks tells, else what its calls say."""
    found = module.memo.get("written_for")
    if not isinstance(found, Generation):
        found = module.memo["written_for"] = _written_for(module)
    return found


def meant_by(module: Module) -> Generation:
    """Return which TensorFlow a file is written for: what its program is, where it does not tell itself."""
    own = written_for(module)
    return own if own is not Generation.EITHER else module.program.generation


def is_undecided(module: Module) -> bool:
    """Whether nothing tells which TensorFlow a file means, or some names tell of 1 and others of 2."""
    if meant_by(module) is Generation.EITHER:
        return True
    return written_for(module) is Generation.V1 and any(
        generation_of(use.raw) is Generation.V2 for use in tensorflow_uses(module) if not _is_tried(module, use.node)
    )


def _written_for(module: Module) -> Generation:
    uses = [use for use in tensorflow_uses(module) if not _is_tried(module, use.node)]
    firm = {generation_of(raw) for raw in (*(use.raw for use in uses), *_imported(module))}
    if Generation.V1 in firm:
        return Generation.V1
    if Generation.V2 in firm:
        return Generation.V2
    said = {*_said(module, uses), *_methods_say(module, uses)}
    if len(said & {Says.V1, Says.V2}) == 1:
        return Generation.V1 if Says.V1 in said else Generation.V2
    is_run_on_2 = any(_is_tensorflow2_style(use) or _switches_from_2(module, use) for use in uses)
    return Generation.V2 if is_run_on_2 else Generation.EITHER


def _imported(module: Module) -> Iterator[str]:
    """Yield what import statements name, in full."""
    for node in module.imports_of_modules:
        if not _is_tried(module, node):
            yield from imported_modules(node)


def _said(module: Module, uses: Iterable[Use]) -> Iterator[Says]:
    for use in uses:
        name = spelled_plainly(use)
        if name is not None:
            yield says(module, use, name, NEWEST)


def _methods_say(module: Module, uses: Iterable[Use]) -> Iterator[Says]:
    """Yield V1 where a dataset of the plain `tf.data` is asked for an iterator of TensorFlow 1."""
    if any((spelled_plainly(use) or "").startswith("data.") for use in uses):
        called = (call.func for call in module.calls if not call.args)
        if any(isinstance(func, cst.Attribute) and func.attr.value in TF1_METHODS for func in called):
            yield Says.V1


def generation_of(raw: str) -> Generation:
    """Return the TensorFlow that alone has a name as imported, EITHER where both have it or nothing is known of it."""
    head, _, name = raw.partition(".")
    if head != "tensorflow":
        return Generation.V1 if raw.startswith(_TF1_KERAS) else Generation.EITHER
    if name.split(".")[0] in ("contrib", "examples"):
        return Generation.V1
    if name.split(".")[0] in _OTHER_APIS and not name.startswith("estimator"):
        return Generation.EITHER
    having = generations().having(name)
    return {Having.FIRST: Generation.V1, Having.SECOND: Generation.V2}.get(having, Generation.EITHER)


def says_tensorflow2(module: Module, uses: Sequence[Use]) -> bool:
    """Whether the file holds code for TensorFlow 2: it keeps its import, and v2 behaviour must stay on for it."""
    return any(
        _is_tensorflow2_style(use)
        or (generation_of(use.raw) is Generation.V2 and not in_checked_branch(module, use.node))
        for use in uses
    )


def open_uses(module: Module, uses: Iterable[Use]) -> Iterator[tuple[Use, str]]:
    """Yield the uses of names that mean one thing in TensorFlow 1 and another in 2, with the plain name of each.

    Estimators have rules of their own, those made of Keras models too.
    """
    for use in uses:
        name = spelled_plainly(use)
        if (
            name is not None
            and not name.startswith("keras.estimator")
            and says(module, use, name, module.program.target) is Says.OPEN
        ):
            yield use, name


def spelled_plainly(use: Use) -> str | None:
    """Return the name after `tensorflow.` where it is spelled without `compat`, None otherwise."""
    head, _, name = use.raw.partition(".")
    return name if head == "tensorflow" and name.split(".")[0] not in _OTHER_APIS else None


def _is_tensorflow2_style(use: Use) -> bool:
    return use.name in _TF2_STYLE and ".v1." not in use.raw


def _switches_from_2(module: Module, use: Use) -> bool:
    """Whether a use is `tf.compat.v1.disable_v2_behavior` or its like, with `tf` for TensorFlow itself."""
    root: cst.BaseExpression = use.node
    while isinstance(root, cst.Attribute):
        root = root.value
    return use.name in SWITCHES_TO_GRAPHS and module.raw_name(root) == "tensorflow"


def _is_tried(module: Module, node: cst.CSTNode) -> bool:
    """Whether the program does without the code: a version check decides, or `try` and `except`."""
    if in_checked_branch(module, node):
        return True
    attempt = module.enclosing(node, cst.Try)
    return attempt is not None and any(map(_catches_missing_names, attempt.handlers))


def _catches_missing_names(handler: cst.ExceptHandler) -> bool:
    caught = handler.type
    kinds = [each.value for each in caught.elements] if isinstance(caught, cst.Tuple) else [caught]
    return any(kind is not None and dotted(kind) in _CATCHING for kind in kinds)

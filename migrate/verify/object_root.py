"""Compares what a Python program finds on a rewrapped model that it loaded: variables, trainable ones, `__call__`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from migrate.verify.written_objects import WrittenObjects

_DEFAULT_KEY = "serving_default"


def compare_root(trainable: Collection[str], signatures: Collection[str], objects: WrittenObjects) -> Iterator[str]:
    """Yield what is missing on the root object.

    Args:
        trainable: the names of the original's trainable variables, and of their parts.
        signatures: the original's keys.
        objects: of the new model.
    """
    root = objects.children(0)
    for name in ("variables", "trainable_variables", "regularization_losses"):
        if name not in root:
            yield f"the loaded model has no {name!r} any more"
    named = {objects.variable_name(each) for each in objects.named(0, "variables")}
    lost = sorted(name for _, name in objects.variables() if name not in named)
    if lost and "variables" in root:
        yield f"the list 'variables' of the loaded model lacks {', '.join(map(repr, lost))}"
    found = {objects.variable_name(each) for each in objects.named(0, "trainable_variables")}
    wanted = {name for _, name in objects.variables() if name in trainable}
    wrong = sorted(str(name) for name in found.symmetric_difference(wanted))
    if wrong and "trainable_variables" in root:
        yield f"the list 'trainable_variables' of the loaded model differs by {', '.join(map(repr, wrong))}"
    for name, is_trainable in objects.trainable():
        if is_trainable != (name in trainable):
            yield f"variable {name!r}: trainable is {is_trainable} in place of {not is_trainable}"
    obvious = _DEFAULT_KEY in signatures or len(signatures) == 1
    if obvious and "__call__" not in root:
        yield "the loaded model cannot be called any more: it has no '__call__'"

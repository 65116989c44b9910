"""Exports that are kept or handed on as values instead of being called: `partial(tf.saved_model.simple_save, sess)`.

The shim's class and function take the same calls: where all that becomes of the value is that it is called, the name
alone changes. What derives from it, compares it, or gives it to other code is for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from codemods.edit.edits import Edit
from codemods.edit.shim_names import shim_import
from codemods.exports.value_flow import value_flow
from codemods.rule import Draft
from codemods.site import Guidance, Outcome
from codemods.source.module import Module
from codemods.source.nodes import root_names
from codemods.source.symbols import canonical
from codemods.source.tensorflow_uses import Use, tensorflow_uses

KEPT_AS_VALUES = (
    "Kept as a value (an attribute, a default, a registry), it becomes the shim's where the file only calls it; "
    "derived from, compared, or given to other code, it is reported and left as it is."
)
"""A limit of the rules whose symbols are followed here."""
_REASON = "kept as a value here, and only called: the shim's {} takes the same calls and writes a TF2 SavedModel"
_MODULES = frozenset({"saved_model", "saved_model.builder"})
Obstacle = Callable[[cst.Call], str | None]


def handed_on(module: Module, symbol: str, stand_in: str, obstacle: Obstacle = lambda _: None) -> Iterator[Draft]:
    """Yield a site for every use of a symbol as a value; a plain alias is none: its calls are found by themselves.

    Args:
        module: where to look.
        symbol: its canonical name.
        stand_in: the name in `migrate.shim` that takes the same calls.
        obstacle: returns why a call of it cannot be the shim's, None where it can.
    """
    for use in tensorflow_uses(module):
        if use.name == symbol.partition(".")[2] and _is_value(module, use, symbol):
            yield _draft(module, use, symbol, stand_in, obstacle)
        elif use.name in _MODULES:
            yield from _through_module(module, use, symbol)
    yield from _looked_up(module, symbol)


def _is_value(module: Module, use: Use, symbol: str) -> bool:
    parent = module.parent(use.node)
    if isinstance(parent, cst.Call) and parent.func is use.node:
        return False
    return not _is_alias(module, parent, symbol) and module.enclosing(use.node, cst.Annotation) is None


def _draft(module: Module, use: Use, symbol: str, stand_in: str, obstacle: Obstacle) -> Draft:
    flow = value_flow(module, use.node)
    escape = flow.escape or (flow.members[0] if flow.members else None)
    code = module.code(use.node)
    reason = next(filter(None, map(obstacle, flow.calls)), None)
    if escape is not None and escape is not use.node:
        line = module.line_of(module.start(escape))
        reason = (
            f"`{code}` is kept as a value here, and line {line} does more than call it (`{module.code(escape)}`): "
            "look at what uses it, then take the one of migrate.shim"
        )
    elif escape is not None or not flow.calls:
        reason = (
            f"`{code}` is handed on or derived from here, not called: look at what uses it, "
            "then take the one of migrate.shim"
        )
    if reason is not None:
        return Draft(use.node, symbol, Outcome.MANUAL, reason, guidance=Guidance.REVIEW)
    new = shim_import(module, stand_in)
    return Draft(
        node=use.node,
        symbol=symbol,
        outcome=Outcome.SHIM,
        reason=_REASON.format(stand_in),
        edits=(Edit(module.start(use.node), module.end(use.node), new.bound_name),),
        imports=(new,),
        freed=root_names(use.node),
        packages=frozenset({"tf1to2"}),
        guidance=Guidance.REVIEW,
    )


def _is_alias(module: Module, parent: cst.CSTNode | None, symbol: str) -> bool:
    """Whether the value only gets a name, and the name means nothing else: it is followed to its calls.

    The name of a class body is an attribute, which other names lead to.
    """
    if isinstance(parent, cst.AnnAssign):
        targets = [parent.target]
    elif isinstance(parent, cst.Assign):
        targets = [each.target for each in parent.targets]
    else:
        return False
    return all(
        isinstance(each, cst.Name) and not module.scope(each).is_class and _always_means(module, each, symbol)
        for each in targets
    )


def _always_means(module: Module, name: cst.Name, symbol: str) -> bool:
    for use in module.names.get(name.value, ()):
        if any(each.node is name for each in module.bindings(use)) and module.resolve(use) != symbol:
            return isinstance(module.parent(use), (cst.AssignTarget, cst.AnnAssign))
    return True


def _through_module(module: Module, use: Use, symbol: str) -> Iterator[Draft]:
    """`sm = tf.saved_model.builder` in a class, and `self.sm.SavedModelBuilder(path)`."""
    for member in value_flow(module, use.node).members:
        if module.raw_name(member) is None and canonical(f"tensorflow.{use.name}.{member.attr.value}") == symbol:
            line = module.line_of(module.start(use.node))
            reason = (
                f"`{module.code(member)}` is reached through a value (`{module.code(use.node)}`, line {line}): write "
                "TensorFlow's own name here, then run again"
            )
            yield Draft(member, symbol, Outcome.MANUAL, reason, guidance=Guidance.REVIEW)


def _looked_up(module: Module, symbol: str) -> Iterator[Draft]:
    """`getattr(tf.saved_model.builder, "SavedModelBuilder")`."""
    for call in module.calls:
        is_getattr = isinstance(call.func, cst.Name) and call.func.value == "getattr" and len(call.args) >= 2
        given = call.args[1].value if is_getattr else None
        name = given.evaluated_value if isinstance(given, cst.SimpleString) else None
        owner = module.raw_name(call.args[0].value) if isinstance(name, str) else None
        if owner is not None and canonical(f"{owner}.{name!s}") == symbol:
            reason = f"`{module.code(call)}` looks it up by a string: write its name, then run again"
            yield Draft(call, symbol, Outcome.MANUAL, reason, guidance=Guidance.REVIEW)

"""What a module does with Estimators: the symbols it uses, the objects it exports and where those come from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.estimators.origins import EstimatorOrigin, origin_of
from codemods.names.estimator import EXPORT_METHODS, TRAINING_METHODS, estimator_name, shim_name
from codemods.source.module import Module
from codemods.source.tensorflow_uses import tensorflow_uses

_ESTIMATOR_LIKE = re.compile(r"estimator|classifier|regressor|^est$|^nn$|_est$|^est_", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reference:
    """A use of an Estimator symbol. `node` spells just that symbol; `name` is its name under `tf.estimator`."""

    node: cst.Attribute | cst.Name
    name: str
    call: cst.Call | None
    in_shim: bool


def references(module: Module) -> Iterator[Reference]:
    """Yield the uses of Estimator symbols, imports excluded. What the shim lacks is there too, with `in_shim` False."""
    for use in tensorflow_uses(module):
        if use.name == "estimator":  # the module as a value: `est = tf.estimator`
            yield Reference(use.node, "", None, True)
            continue
        name = estimator_name(f"tensorflow.{use.name}")
        if name is None:
            continue
        known = shim_name(name)
        node: cst.BaseExpression = use.node
        for _ in range(name.count(".") - known.count(".") if known is not None else 0):
            node = node.value if isinstance(node, cst.Attribute) else node
        assert isinstance(node, (cst.Attribute, cst.Name))
        parent = module.parent(node)
        call = parent if isinstance(parent, cst.Call) and parent.func is node else None
        yield Reference(node, known or name, call, known is not None)


@dataclass(frozen=True, slots=True)
class EstimatorExport:
    """A call of `export_savedmodel` or `export_saved_model` on an Estimator.

    `maker` is the class or function that made the Estimator, as the source names it, where one is known.
    """

    call: cst.Call
    method: cst.Name
    receiver: cst.BaseExpression
    origin: EstimatorOrigin
    maker: str = ""


def exports(module: Module, uses: Sequence[Reference]) -> Iterator[EstimatorExport]:
    """Yield the exports of Estimators in source order, not functions and methods that merely share the name."""
    for call in module.calls:
        func = call.func
        if (
            isinstance(func, cst.Attribute)
            and func.attr.value in EXPORT_METHODS
            and not other_export(module, call, uses)
        ):
            origin, maker = origin_of(module, func.value)
            yield EstimatorExport(call, func.attr, func.value, origin, maker)


@dataclass(frozen=True, slots=True)
class HandedOnExport:
    """An Estimator's export method that is taken as a value: `export = classifier.export_savedmodel`."""

    node: cst.BaseExpression
    method: str
    origin: EstimatorOrigin


def handed_on_exports(module: Module, uses: Sequence[Reference]) -> Iterator[HandedOnExport]:
    """Yield the export methods of Estimators that are taken as values, in source order."""
    for node in module.nodes:
        name, receiver = None, None
        if type(node) is cst.Attribute and node.attr.value in EXPORT_METHODS:
            parent = module.parent(node)
            is_called = isinstance(parent, cst.Call) and parent.func is node
            if not is_called and not isinstance(parent, (cst.AssignTarget, cst.Attribute)):
                name, receiver = node.attr.value, node.value
        elif type(node) is cst.Call and isinstance(node.func, cst.Name) and node.func.value == "getattr":
            given = node.args[1].value if len(node.args) > 1 else None
            text = given.evaluated_value if isinstance(given, cst.SimpleString) else None
            name, receiver = (text, node.args[0].value) if isinstance(text, str) else (None, None)
        if name not in EXPORT_METHODS or receiver is None or module.raw_name(receiver) is not None:
            continue
        origin, _ = origin_of(module, receiver)
        is_estimator = origin is not EstimatorOrigin.UNKNOWN or _looks_like_estimator(module, receiver, uses)
        if origin is not EstimatorOrigin.NO_ESTIMATOR and is_estimator:
            assert isinstance(node, cst.BaseExpression) and name is not None
            yield HandedOnExport(node, name, origin)


def other_export(module: Module, call: cst.Call, uses: Sequence[Reference]) -> str | None:
    """Return what a call by the name of an Estimator's export calls instead, None where it is such an export."""
    func = call.func
    if isinstance(func, cst.Name) and func.value in EXPORT_METHODS:
        return f"the function {module.raw_name(func) or func.value}"
    if not isinstance(func, cst.Attribute) or func.attr.value not in EXPORT_METHODS:
        return None
    if _is_imported_function(module, func):
        return f"the function {module.raw_name(func)}"
    origin, maker = origin_of(module, func.value)
    if origin is EstimatorOrigin.NO_ESTIMATOR:
        return f"a method of {maker or module.code(func.value)}, which is no Estimator"
    if origin is EstimatorOrigin.UNKNOWN and not _looks_like_estimator(module, func.value, uses):
        return f"a method of `{module.code(func.value)}`, of which nothing says that it is an Estimator"
    return None


def _is_imported_function(module: Module, func: cst.Attribute) -> bool:
    """Whether a module's function is called: `TFNode.export_saved_model`, `keras.experimental.export_saved_model`."""
    name = module.raw_name(func)
    if name is None:
        return False
    owner = name.split(".")[-2]
    return not _ESTIMATOR_LIKE.search(owner) or name.startswith(("tensorflow.", "keras."))


def _looks_like_estimator(module: Module, receiver: cst.BaseExpression, uses: Sequence[Reference]) -> bool:
    if isinstance(receiver, cst.Name) and receiver.value in ("self", "cls"):
        return False
    if isinstance(receiver, cst.Call) and isinstance(receiver.func, cst.Name) and receiver.func.value == "super":
        return False
    words = module.code(receiver)
    if _ESTIMATOR_LIKE.search(re.split(r"\W+", words.rstrip("()"))[-1]) or _ESTIMATOR_LIKE.search(words):
        return True
    return bool(uses)


def trainings(module: Module) -> list[cst.Call]:
    """Return the calls that train or evaluate an Estimator: by method, or by `train_and_evaluate`."""
    found = []
    for call in module.calls:
        symbol = module.resolve_call(call)
        if symbol is not None and estimator_name(symbol) == "train_and_evaluate":
            found.append(call)
        elif symbol is None and isinstance(call.func, cst.Attribute) and call.func.attr.value in TRAINING_METHODS:
            is_made_here = origin_of(module, call.func.value)[0] in (EstimatorOrigin.SHIMMED, EstimatorOrigin.KERAS)
            if is_made_here or _ESTIMATOR_LIKE.search(module.code(call.func.value)):
                found.append(call)
    return found


def training_before(module: Module, call: cst.Call, calls: Sequence[cst.Call]) -> cst.Call | None:
    """Return the training call that always runs before `call` in the same function, if there is one."""
    function = module.function(call)
    around = {id(node) for node in (call, *module.ancestors(call))}
    for training in calls:
        if module.function(training) is not function or not module.before(training, call):
            continue
        suite = next(
            (node for node in module.ancestors(training) if isinstance(node, (cst.BaseSuite, cst.Module))), None
        )
        if suite is not None and id(suite) in around:
            return training
    return None

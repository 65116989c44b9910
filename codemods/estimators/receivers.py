"""Serving receivers that hand on what they are fed: the keys, dtypes and shapes of their placeholders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.names.estimator import estimator_name
from codemods.source.arguments import argument
from codemods.source.module import Module
from codemods.source.nodes import walk
from codemods.source.scopes import BindingKind, Scope

_PLACEHOLDER = "tensorflow.placeholder"
_RAW = "export.build_raw_serving_input_receiver_fn"
_RECEIVER = "export.ServingInputReceiver"


@dataclass(frozen=True, slots=True)
class Fed:
    """One tensor of a request. `key` names it in the request, `feature` in the model; `shape` and `dtype` are code."""

    key: str
    feature: str
    dtype: str
    shape: str


@dataclass(frozen=True, slots=True)
class PassingReceiver:
    """A receiver whose features are its placeholders. `statements` define it, and nothing else.

    Where the placeholders are copies of a Keras model's inputs, `model` is its name at the receiver; the code of shapes
    and dtypes calls it `model`.
    """

    fed: tuple[Fed, ...]
    statements: tuple[cst.CSTNode, ...]
    model: cst.Name | None = None


def passing_receiver(module: Module, receiver_fn: cst.BaseExpression) -> PassingReceiver | None:
    """Return what a `serving_input_receiver_fn` feeds, None where it computes, or is no function of this module."""
    if isinstance(receiver_fn, cst.Lambda):
        fed = _from_receiver(module, receiver_fn.body)
        return PassingReceiver(fed, tuple(_placeholders_of(module, receiver_fn.body))) if fed else None
    if isinstance(receiver_fn, cst.Call):
        fed = _from_builder(module, receiver_fn)
        statements = tuple(_placeholders_of(module, receiver_fn))
        return PassingReceiver(fed, statements, _model(module, receiver_fn)) if fed else None
    if not isinstance(receiver_fn, cst.Name):
        return None
    bindings = module.bindings(receiver_fn)
    if len(bindings) != 1:
        return None
    binding = bindings[0]
    if binding.kind is BindingKind.ASSIGN and isinstance(binding.value, cst.Call):
        fed = _from_builder(module, binding.value)
        statement = module.statement(binding.node)
        if not fed or statement is None:
            return None
        statements = (*_placeholders_of(module, binding.value), statement)
        return PassingReceiver(fed, statements, _model(module, binding.value))
    if isinstance(binding.node, cst.FunctionDef) and not _parameters(binding.node):
        returned = [node for node in walk(binding.node.body) if isinstance(node, cst.Return)]
        if len(returned) == 1 and returned[0].value is not None and _only_placeholders(module, binding.node):
            fed = _from_receiver(module, returned[0].value)
            return PassingReceiver(fed, (binding.node,)) if fed else None
    return None


def _placeholders_of(module: Module, expression: cst.BaseExpression) -> Iterator[cst.CSTNode]:
    """Yield the statements that assign the dictionaries and placeholders by whose names the expression takes them."""
    for name in walk(expression):
        if not isinstance(name, cst.Name) or name not in module.names.get(name.value, ()):
            continue
        found = module.bindings(name)
        value = found[0].value if len(found) == 1 and found[0].kind is BindingKind.ASSIGN else None
        is_placeholder = isinstance(value, cst.Call) and module.resolve_call(value) == _PLACEHOLDER
        if value is not None and (is_placeholder or isinstance(value, cst.Dict)):
            yield from _placeholders_of(module, value)
            statement = module.statement(found[0].node)
            if statement is not None:
                yield statement


def _parameters(function: cst.FunctionDef) -> bool:
    given = function.params
    return bool(given.params or given.kwonly_params or given.star_kwarg or isinstance(given.star_arg, cst.Param))


def _only_placeholders(module: Module, function: cst.FunctionDef) -> bool:
    """Whether the body does nothing but make placeholders and the receiver."""
    allowed = {_PLACEHOLDER}
    for node in walk(function.body):
        if isinstance(node, (cst.For, cst.While, cst.If, cst.With, cst.Try)):
            return False
        if isinstance(node, cst.Call):
            symbol = module.resolve_call(node) or ""
            name = estimator_name(symbol)
            is_applied = isinstance(node.func, cst.Call)
            if symbol not in allowed and name not in (_RAW, _RECEIVER) and not is_applied:
                return False
    return True


def _from_receiver(module: Module, returned: cst.BaseExpression) -> tuple[Fed, ...]:
    """`ServingInputReceiver(features, receiver_tensors)`, or a raw builder that is called at once."""
    if not isinstance(returned, cst.Call):
        return ()
    if isinstance(returned.func, cst.Call) and not returned.args:
        return _from_builder(module, returned.func)
    if estimator_name(module.resolve_call(returned) or "") != _RECEIVER or len(returned.args) != 2:
        return ()
    features, tensors = argument(returned, "features", 0), argument(returned, "receiver_tensors", 1)
    if features is None or tensors is None:
        return ()
    named, fed = _dictionary(module, features.value), _dictionary(module, tensors.value)
    if not named or not fed or len(named) != len(fed):
        return ()
    found = []
    for key, tensor in fed:
        feature = next((name for name, each in named if _same(module, each, tensor)), None)
        placeholder = _placeholder(module, tensor)
        if feature is None or placeholder is None:
            return ()
        found.append(Fed(key, feature, *placeholder))
    return tuple(found)


def _from_builder(module: Module, call: cst.Call) -> tuple[Fed, ...]:
    if estimator_name(module.resolve_call(call) or "") != _RAW:
        return ()
    features = argument(call, "features", 0)
    entries = _dictionary(module, features.value) if features is not None and len(call.args) == 1 else None
    found = []
    models: set[str] = set()
    for key, tensor in entries or ():
        copied = _model_input(tensor)
        placeholder = copied[1:] if copied is not None else _placeholder(module, tensor)
        if placeholder is None:
            return ()
        models.add(copied[0].value if copied is not None else "")
        found.append(Fed(key, key, *placeholder))
    return tuple(found) if len(models) == 1 else ()


def _model(module: Module, call: cst.Call) -> cst.Name | None:
    """Return the name of the model whose inputs a raw builder copies."""
    features = argument(call, "features", 0)
    entries = _dictionary(module, features.value) if features is not None else None
    copied = [_model_input(tensor) for _, tensor in entries or ()]
    return copied[0][0] if copied and copied[0] is not None else None


def _model_input(tensor: cst.BaseExpression) -> tuple[cst.Name, str, str] | None:
    """Return model, dtype and shape where the tensor is `model.input` or `model.inputs[0]`."""
    index = "0"
    attribute = "input"
    if isinstance(tensor, cst.Subscript) and len(tensor.slice) == 1:
        inner = tensor.slice[0].slice
        if not isinstance(inner, cst.Index) or not isinstance(inner.value, cst.Integer):
            return None
        tensor, index, attribute = tensor.value, inner.value.value, "inputs"
    if isinstance(tensor, cst.Attribute) and tensor.attr.value == attribute and isinstance(tensor.value, cst.Name):
        taken = f"model.inputs[{index}]"
        return tensor.value, f"{taken}.dtype", f"{taken}.shape"
    return None


def _dictionary(module: Module, node: cst.BaseExpression) -> list[tuple[str, cst.BaseExpression]] | None:
    value = module.value(node)
    if not isinstance(value, cst.Dict):
        return None
    entries = []
    for element in value.elements:
        if not isinstance(element, cst.DictElement) or not isinstance(element.key, cst.SimpleString):
            return None
        key = element.key.evaluated_value
        if not isinstance(key, str):
            return None
        entries.append((key, element.value))
    return entries


def _same(module: Module, first: cst.BaseExpression, second: cst.BaseExpression) -> bool:
    return first is second or (module.value(first) is not None and module.value(first) is module.value(second))


def _placeholder(module: Module, node: cst.BaseExpression) -> tuple[str, str] | None:
    """Return dtype and shape as code that is valid at the module's top level."""
    value = module.value(node)
    if not isinstance(value, cst.Call) or module.resolve_call(value) != _PLACEHOLDER:
        return None
    dtype, shape = argument(value, "dtype", 0), argument(value, "shape", 1)
    if (
        dtype is None
        or not _is_global(module, dtype.value)
        or (shape is not None and not _is_global(module, shape.value))
    ):
        return None
    return module.code(dtype.value), _list_code(module, shape.value) if shape is not None else "None"


def _list_code(module: Module, shape: cst.BaseExpression) -> str:
    start, end = module.outer_span(shape)
    return module.text[start:end]


def _is_global(module: Module, node: cst.CSTNode) -> bool:
    return all(scope is None or scope.is_module for scope in _owners(module, node))


def _owners(module: Module, node: cst.CSTNode) -> Iterator[Scope | None]:
    for name in walk(node):
        if isinstance(name, cst.Name) and name in module.names.get(name.value, ()):
            yield module.scope(name).owner(name.value)

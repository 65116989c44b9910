"""Reads which inputs and outputs of a Keras model a signature names, and under which learning phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import libcst as cst

from codemods.exports.signatures import dictionary, unwrapped
from codemods.source.module import Module
from codemods.source.nodes import dotted
from codemods.source.scopes import BindingKind

_ROOTS = ("tensorflow.keras.", "keras.", "tensorflow.contrib.keras.")
_MAKERS = (
    "Sequential",
    "Model",
    "load_model",
    "clone_model",
    "model_from_json",
    "model_from_yaml",
    "model_from_config",
)
_TRAINING = ("fit", "fit_generator", "train_on_batch")


class ModelEnd(Enum):
    """What of a model a tensor is."""

    WHOLE = "model.output"
    LISTED = "model.outputs[i]"
    ITEM = "model.output[i]"
    LAYER = "model.layers[i].output"


@dataclass(frozen=True, slots=True)
class ModelTensor:
    """A tensor of a model under its signature key; `code` is the expression as written."""

    key: cst.BaseExpression
    model: cst.BaseExpression
    part: ModelEnd
    index: int
    code: cst.BaseExpression


def keras_name(module: Module, node: cst.CSTNode) -> str | None:
    """Return the name after `keras.` of a Keras symbol, whichever Keras it is imported from."""
    name = module.resolve(node)
    for root in _ROOTS:
        if name is not None and name.startswith(root):
            return name[len(root) :]
    return None


def model_tensors(module: Module, node: cst.BaseExpression, ends: tuple[str, str]) -> list[ModelTensor] | None:
    """Return the tensors of a dict, None where one is no end of a model.

    `ends` are ("input", "inputs") or ("output", "outputs").
    """
    entries = dictionary(module, node)
    if not entries:
        return None
    found = [_model_tensor(module, key, value, ends) for key, value in entries]
    read = [tensor for tensor in found if tensor is not None]
    return read if len(read) == len(found) else None


def _model_tensor(
    module: Module, key: cst.BaseExpression, node: cst.BaseExpression, ends: tuple[str, str]
) -> ModelTensor | None:
    value = module.value(unwrapped(module, node))
    if value is None:
        return None
    value = module.value(unwrapped(module, value)) or value
    if isinstance(value, cst.Attribute) and value.attr.value == ends[0]:
        if ends[0] == "output" and _is_layer(value.value):
            model = _model_of_layer(value.value)
            return ModelTensor(key, model, ModelEnd.LAYER, 0, value) if model is not None else None
        return ModelTensor(key, value.value, ModelEnd.WHOLE, 0, value) if dotted(value.value) else None
    if isinstance(value, cst.Subscript) and isinstance(value.value, cst.Attribute) and dotted(value.value):
        index = _index(value)
        part = {ends[0]: ModelEnd.ITEM, ends[1]: ModelEnd.LISTED}.get(value.value.attr.value)
        if index is not None and part is not None:
            return ModelTensor(key, value.value.value, part, index, value)
    model = _first_output(module, value) if ends[0] == "output" else None
    return ModelTensor(key, model, ModelEnd.LAYER, 0, value) if model is not None else None


def _first_output(module: Module, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """Return the model of `layer.get_output_at(0)`."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute) or len(node.args) != 1:
        return None
    is_first = node.func.attr.value == "get_output_at" and module.code(node.args[0].value) == "0"
    return _model_of_layer(node.func.value) if is_first else None


def _is_layer(node: cst.BaseExpression) -> bool:
    return _model_of_layer(node) is not None


def _model_of_layer(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """Return the model of `model.layers[i]` or `model.get_layer(...)`."""
    if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Attribute) and node.value.attr.value == "layers":
        return node.value.value if dotted(node.value) else None
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "get_layer":
        return node.func.value if dotted(node.func) else None
    return None


def _index(node: cst.Subscript) -> int | None:
    if len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Index):
        return None
    value = node.slice[0].slice.value
    return int(value.value) if isinstance(value, cst.Integer) else None


def named_outputs(module: Module, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """Return the model of `{t.name: t for t in model.outputs}`."""
    value = module.value(node)
    if not isinstance(value, cst.DictComp) or value.for_in.ifs or value.for_in.inner_for_in is not None:
        return None
    target, source = value.for_in.target, value.for_in.iter
    if not isinstance(target, cst.Name) or not isinstance(value.value, cst.Name) or value.value.value != target.value:
        return None
    if dotted(value.key) != f"{target.value}.name":
        return None
    if isinstance(source, cst.Attribute) and source.attr.value == "outputs" and dotted(source):
        return source.value
    return None


def is_only_model(module: Module, model: cst.BaseExpression) -> bool:
    """Whether the program makes this one model of tf.keras: then its tensors have the names of a fresh graph."""
    made = [call for call in module.calls if _makes_model(module, call)]
    if len(made) != 1 or (module.resolve_call(made[0]) or "").split(".")[0] != "tensorflow":
        return False
    return module.value(model) is made[0]


def _makes_model(module: Module, call: cst.Call) -> bool:
    name = keras_name(module, call.func)
    if name is None:
        return isinstance(call.func, cst.Attribute) and call.func.attr.value == "from_config"
    return name.split(".")[-1] in _MAKERS or name.startswith("applications.")


def phase_calls(module: Module) -> list[cst.Call]:
    """Return the calls of `set_learning_phase`."""
    return [call for call in module.calls if keras_name(module, call.func) == "backend.set_learning_phase"]


def predicts(module: Module, model: cst.BaseExpression, site: cst.CSTNode) -> bool:
    """Whether the model was built for inference: the learning phase is unset, or set to 0 since the last 1."""
    calls = phase_calls(module)
    if any(_phase(call) is None for call in calls):
        return False
    trainings = [
        call for call in module.calls if isinstance(call.func, cst.Attribute) and call.func.attr.value in _TRAINING
    ]
    if any(_phase(call) == 0 and module.before(call, training) for call in calls for training in trainings):
        return False  # without dropout while it trained: TensorFlow 2 would train with it
    if all(_phase(call) == 0 for call in calls):
        return True
    return all(_last_phase(module, calls, made) == 0 for made in _makings(module, model, site))


def _phase(call: cst.Call) -> int | None:
    if len(call.args) != 1:
        return None
    value = call.args[0].value
    code = value.value if isinstance(value, (cst.Name, cst.Integer)) else None
    return {"0": 0, "False": 0, "1": 1, "True": 1}.get(code or "")


def _makings(module: Module, model: cst.BaseExpression, site: cst.CSTNode) -> Sequence[cst.CSTNode]:
    """Return where the model was made: its assignment, or for a parameter what the callers in this module give."""
    if not isinstance(model, cst.Name):
        return [site]
    found = module.bindings(model)
    if len(found) != 1:
        return [site]
    if found[0].kind is BindingKind.ASSIGN:
        return [found[0].node]
    function = module.function(model)
    if found[0].kind is not BindingKind.PARAM or function is None:
        return [site]
    position = [parameter.name.value for parameter in function.params.params].index(model.value)
    calls = [call for call in module.calls if dotted(call.func) == function.name.value]
    if not calls:
        return [site]
    makings: list[cst.CSTNode] = []
    for call in calls:
        given = call.args[position].value if position < len(call.args) else call
        bound = module.bindings(given) if isinstance(given, cst.Name) else []
        made = bound[0] if len(bound) == 1 and bound[0].kind is BindingKind.ASSIGN else None
        loads = made is not None and isinstance(made.value, cst.Call) and _makes_model(module, made.value)
        makings.append(made.node if made is not None and loads else site)
    return makings


def _last_phase(module: Module, calls: list[cst.Call], made: cst.CSTNode) -> int | None:
    """Return the phase set last before a place in the same function."""
    function = module.function(made)
    before = [call for call in calls if module.function(call) is function and module.before(call, made)]
    return _phase(before[-1]) if before else None

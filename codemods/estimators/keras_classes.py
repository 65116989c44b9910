"""The Keras model that `--keras` writes next to a custom model_fn: it starts from the checkpoint and trains on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from codemods.edit.edits import Edit, Import
from codemods.edit.layout import free_name, indent_unit, newline_of
from codemods.edit.traces import shim_trace
from codemods.estimators.uses import Reference
from codemods.source.arguments import argument
from codemods.source.module import Module
from codemods.source.nodes import walk

BASE = Import("migrate.shim.estimator.keras_model", "ModelFnModel")
BASE_TRACE = shim_trace("migrate.shim.estimator.keras_model", ("ModelFnModel",), None)


@dataclass(frozen=True, slots=True)
class KerasClass:
    """A class to write for a model_fn."""

    function: cst.FunctionDef
    name: str
    edit: Edit


def keras_classes(module: Module, uses: Sequence[Reference]) -> Iterator[KerasClass]:
    """Yield a class for every model_fn at the top level of the module that returns an EstimatorSpec."""
    taken: set[str] = set()
    for function in module.tree.body:
        if not isinstance(function, cst.FunctionDef) or not _is_model_fn(module, function, uses):
            continue
        if f"staticmethod({function.name.value})" in module.text:
            continue
        name = free_name(module, _class_name(function.name.value))
        while name in taken:
            name += "_"
        taken.add(name)
        yield KerasClass(function, name, _edit(module, function, name, _params(module, function, uses)))


def without_class(module: Module, uses: Sequence[Reference]) -> Iterator[cst.FunctionDef]:
    """Yield every model_fn that gets none: it is made by another function, a method, or decorated."""
    makers = dict.fromkeys(module.function(use.node) for use in _specs(uses))
    for function in makers:
        if not isinstance(function, cst.FunctionDef) or "mode" not in _parameter_names(function):
            continue
        if function not in module.tree.body or not _is_model_fn(module, function, uses):
            yield function


def _is_model_fn(module: Module, function: cst.FunctionDef, uses: Sequence[Reference]) -> bool:
    names = _parameter_names(function)
    if "mode" not in names or names[0] == "mode" or function.decorators:
        return False
    return any(module.function(use.node) is function for use in _specs(uses))


def _specs(uses: Sequence[Reference]) -> Iterator[Reference]:
    return (use for use in uses if use.name == "EstimatorSpec")


def _parameter_names(function: cst.FunctionDef) -> list[str]:
    return [parameter.name.value for parameter in function.params.params]


def _class_name(function: str) -> str:
    stem = re.sub(r"_?(model_)?fn$", "", function.strip("_"))
    return "".join(part[:1].upper() + part[1:] for part in stem.split("_")) + "Model" if stem else "KerasModel"


def _params(module: Module, function: cst.FunctionDef, uses: Sequence[Reference]) -> str | None:
    """Return the code of what the Estimator of this file passes as `params`, where the class body can say it."""
    if not any(parameter.name.value == "params" for parameter in function.params.params):
        return None
    for use in uses:
        if use.name != "Estimator" or use.call is None:
            continue
        model_fn, given = argument(use.call, "model_fn", 0), argument(use.call, "params", 3)
        is_this = model_fn is not None and isinstance(model_fn.value, cst.Name)
        if (
            is_this
            and model_fn is not None
            and module.code(model_fn.value) == function.name.value
            and given is not None
        ):
            start, end = module.outer_span(given.value)
            if _is_constant(given.value) and "\n" not in module.text[start:end]:
                return module.text[start:end]
    return ""


def _is_constant(node: cst.BaseExpression) -> bool:
    return not any(isinstance(each, (cst.Name, cst.Call)) for each in walk(node))


def _edit(module: Module, function: cst.FunctionDef, name: str, params: str | None) -> Edit:
    newline, unit, wanted = newline_of(module), indent_unit(module), function.name.value
    lines = [
        "",
        "",
        f"class {name}(ModelFnModel):",
        f'{unit}"""`{wanted}` as a Keras model, which can train on from a TF1 checkpoint."""',
        "",
        f"{unit}model_fn = staticmethod({wanted})",
    ]
    if params:
        lines.append(f"{unit}params = {params}")
    elif params is not None:
        lines.append(f"{unit}params = {{}}  # what the Estimator gets as `params`")
    place = _end_of_code(module, function)
    return Edit(place, place, "".join(newline + line for line in lines))


def _end_of_code(module: Module, function: cst.FunctionDef) -> int:
    """The end of the function's last line, before its newline."""
    end = module.end(function)
    while end > 0 and module.text[end - 1] in "\r\n \t":
        end -= 1
    line = module.text[end : module.line_end(max(end - 1, 0))]
    return end + len(line.rstrip("\r\n"))

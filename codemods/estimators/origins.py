"""Where an Estimator comes from: followed through names, attributes, factories, classes and modules."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import libcst as cst

from codemods.names.estimator import CONSTRUCTORS, EXPORT_METHODS, MODEL_TO_ESTIMATOR, WRAPPERS, estimator_name
from codemods.source.arguments import argument
from codemods.source.module import Module
from codemods.source.nodes import walk
from codemods.source.scopes import Binding, BindingKind

_MAX_DEPTH = 6
# What an Estimator's subclass overrides to change training and export: the methods of TensorFlow 1.15 and of the shim.
# Helpers with other names are its own.
_INSIDE = frozenset(
    {
        "_actual_eval",
        "_actual_train_model_distributed",
        "_add_meta_graph_for_mode",
        "_augment_model_fn",
        "_call_input_fn",
        "_call_model_fn",
        "_call_model_fn_eval",
        "_call_model_fn_eval_distributed",
        "_call_model_fn_for_inference",
        "_convert_eval_steps_to_hooks",
        "_convert_train_steps_to_hooks",
        "_create_and_assert_global_step",
        "_create_global_step",
        "_evaluate_build_graph",
        "_evaluate_run",
        "_export",
        "_export_all_saved_models",
        "_extract_batch_length",
        "_extract_keys",
        "_get_features_and_labels_from_input_fn",
        "_get_features_from_input_fn",
        "_get_iterator_from_input_fn",
        "_maybe_warm_start",
        "_params_with",
        "_train_model",
        "_train_model_default",
        "_train_model_distributed",
        "_train_with_estimator_spec",
        "_train_with_estimator_spec_distributed",
        "_validate_features_in_predict_input",
        "evaluate",
        "experimental_export_all_saved_models",
        "export_saved_model",
        "export_savedmodel",
        "model_fn",
        "predict",
        "train",
    }
)


class EstimatorOrigin(Enum):
    """Where an exported Estimator comes from."""

    SHIMMED = "made by a constructor that the shim has"
    KERAS = "made by model_to_estimator"
    FOREIGN = "made by another class"
    UNKNOWN = "comes from elsewhere"
    NO_ESTIMATOR = "no Estimator"


def origin_of(module: Module, value: cst.BaseExpression, depth: int = 0) -> tuple[EstimatorOrigin, str]:
    """Return where an expression's Estimator comes from; of several origins the one that allows least."""
    if depth > _MAX_DEPTH:
        return EstimatorOrigin.UNKNOWN, ""
    if isinstance(value, cst.Name):
        if value.value in ("self", "cls"):
            return _origin_of_self(module, value)
        return _worst(_origin_of_binding(module, binding, depth) for binding in module.bindings(value))
    if isinstance(value, cst.Call):
        return _origin_of_call(module, value, depth)
    if isinstance(value, cst.IfExp):
        return _worst(origin_of(module, part, depth + 1) for part in (value.body, value.orelse))
    if isinstance(value, cst.Attribute) and isinstance(value.value, cst.Name) and value.value.value == "self":
        return _origin_of_attribute(module, value, depth)
    return EstimatorOrigin.UNKNOWN, ""


_LEAST = (
    EstimatorOrigin.NO_ESTIMATOR,
    EstimatorOrigin.FOREIGN,
    EstimatorOrigin.KERAS,
    EstimatorOrigin.UNKNOWN,
    EstimatorOrigin.SHIMMED,
)


def _worst(origins: Iterator[tuple[EstimatorOrigin, str]]) -> tuple[EstimatorOrigin, str]:
    found = [origin for origin in origins if origin[0] is not EstimatorOrigin.UNKNOWN or origin[1] != "None"]
    return min(found, key=lambda origin: _LEAST.index(origin[0]), default=(EstimatorOrigin.UNKNOWN, ""))


def _origin_of_binding(module: Module, binding: Binding, depth: int) -> tuple[EstimatorOrigin, str]:
    if binding.kind is BindingKind.ASSIGN and binding.value is not None:
        if isinstance(binding.value, cst.Name) and binding.value.value == "None":
            return EstimatorOrigin.UNKNOWN, "None"
        return origin_of(module, binding.value, depth + 1)
    if binding.kind in (BindingKind.CLASS, BindingKind.FUNCTION):
        return EstimatorOrigin.NO_ESTIMATOR, ""
    return EstimatorOrigin.UNKNOWN, ""


def _origin_of_call(module: Module, call: cst.Call, depth: int) -> tuple[EstimatorOrigin, str]:
    symbol = module.resolve_call(call)
    if symbol is not None:
        if symbol == MODEL_TO_ESTIMATOR or symbol == "tensorflow.estimator.model_to_estimator":
            return EstimatorOrigin.KERAS, symbol
        name = estimator_name(symbol)
        given = argument(call, "estimator", 0) if name in WRAPPERS else None
        if given is not None:
            return origin_of(module, given.value, depth + 1)
        if name is not None:
            return (EstimatorOrigin.SHIMMED if name in CONSTRUCTORS else EstimatorOrigin.FOREIGN), name
        return _origin_of_import(module, symbol, depth)
    if isinstance(call.func, cst.Name):
        return _worst(_origin_of_definition(module, binding, depth) for binding in module.bindings(call.func))
    return EstimatorOrigin.UNKNOWN, ""


_FOREIGN_PACKAGES = (
    "adanet.",
    "tensorflow_lattice.",
    "tensorflow_ranking.",
    "tensorflow.",
    "tensorflow_model_analysis.",
)


def _origin_of_import(module: Module, symbol: str, depth: int) -> tuple[EstimatorOrigin, str]:
    """A factory or class of another module of the repository is followed; one of another package is what it is."""
    if symbol.startswith("migrate.shim."):
        return EstimatorOrigin.NO_ESTIMATOR, symbol  # migrated already: nothing to do
    if symbol.startswith(_FOREIGN_PACKAGES):
        return EstimatorOrigin.FOREIGN, symbol
    head, _, name = symbol.rpartition(".")
    if module.project is not None and head:
        other = module.project.find(head, module.path)
        if other is not None and other is not module:
            bindings = other.index.module_scope.bindings.get(name, [])
            origin, maker = _worst(_origin_of_definition(other, binding, depth + 1) for binding in bindings)
            return (
                (EstimatorOrigin.UNKNOWN, symbol)
                if origin in (EstimatorOrigin.SHIMMED, EstimatorOrigin.NO_ESTIMATOR)
                else (origin, maker)
            )
    return EstimatorOrigin.UNKNOWN, symbol


def _origin_of_definition(module: Module, binding: Binding, depth: int) -> tuple[EstimatorOrigin, str]:
    """A local factory function, or a subclass."""
    if isinstance(binding.node, cst.FunctionDef):
        returned = [
            node.value
            for node in walk(binding.node.body)
            if isinstance(node, cst.Return) and node.value is not None and module.function(node) is binding.node
        ]
        return _worst(origin_of(module, _first(value), depth + 1) for value in returned)
    if isinstance(binding.node, cst.ClassDef):
        return _origin_of_class(module, binding.node)
    if binding.kind is BindingKind.ASSIGN and binding.value is not None and isinstance(binding.value, cst.Attribute):
        name = estimator_name(module.resolve(binding.value) or "")
        return (
            (EstimatorOrigin.SHIMMED, name)
            if name in CONSTRUCTORS and name is not None
            else (EstimatorOrigin.UNKNOWN, "")
        )
    return EstimatorOrigin.UNKNOWN, ""


def _first(value: cst.BaseExpression) -> cst.BaseExpression:
    return value.elements[0].value if isinstance(value, cst.Tuple) and value.elements else value


def _origin_of_class(module: Module, node: cst.ClassDef) -> tuple[EstimatorOrigin, str]:
    for base in node.bases:
        name = estimator_name(module.resolve(base.value) or "")
        if name in CONSTRUCTORS:
            return (
                EstimatorOrigin.FOREIGN if changed_inside(module, node) else EstimatorOrigin.SHIMMED
            ), node.name.value
    return EstimatorOrigin.NO_ESTIMATOR, node.name.value


def changed_inside(module: Module, node: cst.ClassDef) -> str | None:
    """Return the method by which a class changes how `tf.estimator` works inside; None for other classes."""
    if not any(estimator_name(module.resolve(base.value) or "") in CONSTRUCTORS for base in node.bases):
        return None
    for each in node.body.body:
        name = each.name.value if isinstance(each, cst.FunctionDef) else ""
        if name in _INSIDE:
            return name
    return None


def _origin_of_self(module: Module, name: cst.Name) -> tuple[EstimatorOrigin, str]:
    owner = module.enclosing(name, cst.ClassDef)
    if owner is None:
        return EstimatorOrigin.NO_ESTIMATOR, ""
    origin, maker = _origin_of_class(module, owner)
    defines = any(isinstance(node, cst.FunctionDef) and node.name.value in EXPORT_METHODS for node in owner.body.body)
    return (
        (EstimatorOrigin.NO_ESTIMATOR, maker) if defines or origin is not EstimatorOrigin.SHIMMED else (origin, maker)
    )


def _origin_of_attribute(module: Module, value: cst.Attribute, depth: int) -> tuple[EstimatorOrigin, str]:
    owner = module.enclosing(value, cst.ClassDef)
    if owner is None:
        return EstimatorOrigin.UNKNOWN, ""
    assigned = []
    for node in walk(owner.body):
        if isinstance(node, cst.Assign):
            for target in node.targets:
                if isinstance(target.target, cst.Attribute) and module.code(target.target) == module.code(value):
                    assigned.append(node.value)
    return _worst(origin_of(module, each, depth + 1) for each in assigned)

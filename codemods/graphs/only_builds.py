"""Whether code only builds a graph: no sessions, no state beside `get_variable`, nothing that cannot be looked into."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

import libcst as cst

from codemods.compat.dimensions import is_dimension_value
from codemods.source.module import Module
from codemods.source.nodes import walk
from codemods.source.scopes import BindingKind

_DEPTH = 6
# Of TensorFlow's functions these do more than build, or build what a wrapped function does not keep.
_IMPURE = (
    "add_check_numerics_ops",
    "all_variables",
    "app",
    "assign",
    "compat",
    "contrib",
    "count_up_to",
    "data",
    "device",
    "enable_",
    "estimator",
    "flags",
    "get_collection",
    "get_default",
    "get_local_variable",
    "global_variables",
    "import_graph_def",
    "initialize",
    "keras",
    "layers",
    "local_variables",
    "losses",
    "lookup",
    "make_template",
    "metrics",
    "nn.bidirectional_dynamic_rnn",
    "nn.dynamic_rnn",
    "nn.moments",
    "nn.raw_rnn",
    "nn.rnn_cell",
    "nn.static",
    "placeholder",
    "python",
    "py_func",
    "python_io",
    "report_uninitialized",
    "reset_default_graph",
    "scatter_",
    "Session",
    "InteractiveSession",
    "Graph",
    "set_random_seed",
    "summary",
    "tables_initializer",
    "trainable_variables",
    "train",
    "Variable",
    "variables_initializer",
    "gfile",
    "io.gfile",
    "io.read",
    "read_file",
    "logging",
    "FIFOQueue",
    "Print",
)
_EXACT = frozenset(
    {"Variable", "Graph", "Session", "train", "data", "io", "device", "compat", "layers", "metrics", "flags"}
)
_BENIGN = (
    "tensorflow.app.",
    "tensorflow.compat.as_",
    "tensorflow.flags.",
    "tensorflow.gfile.",
    "tensorflow.io.gfile.",
    "tensorflow.logging.",
    "tensorflow.train.latest_checkpoint",
    "tensorflow.train.get_checkpoint_state",
    "tensorflow.disable_",
)
# A number of a shape, as SM901 spells it: the file may be rewritten already, and this one not yet.
_READS_SHAPES = frozenset({"compat", "compat.dimension_value"})
_BUILTINS = frozenset(
    [
        "abs",
        "bool",
        "dict",
        "enumerate",
        "float",
        "int",
        "isinstance",
        "len",
        "list",
        "max",
        "min",
        "range",
        "reversed",
        "round",
        "set",
        "sorted",
        "str",
        "sum",
        "tuple",
        "zip",
    ]
)
_METHODS = frozenset(
    [
        "append",
        "as_list",
        "copy",
        "extend",
        "format",
        "get",
        "get_shape",
        "index",
        "insert",
        "items",
        "join",
        "keys",
        "lower",
        "merge_with",
        "pop",
        "set_shape",
        "split",
        "upper",
        "values",
        "with_rank",
    ]
)


def touches_graph(module: Module, node: cst.CSTNode, depth: int = 0) -> bool:
    """Whether the node calls into TensorFlow for more than files, flags and logs, also through the repository."""
    for call in _calls(node):
        name = module.resolve_call(call)
        if name is not None and name.startswith("tensorflow."):
            if name.startswith(_BENIGN):
                continue
            return True
        found = definition(module, call.func)
        if found is not None and depth < _DEPTH and touches_graph(found[0], found[1].body, depth + 1):
            return True
    return False


def only_builds(module: Module, node: cst.CSTNode, depth: int = 0) -> bool:
    """Whether it is certain that the node only builds a graph whose only state is that of `get_variable`."""
    if depth > _DEPTH:
        return False
    for child in walk(node):
        if isinstance(
            child, (cst.Global, cst.Nonlocal, cst.Await, cst.Yield, cst.Import, cst.ImportFrom, cst.ClassDef)
        ):
            return False
        if isinstance(child, cst.Attribute) and not _keeps_its_meaning(module, child, depth):
            return False
        if isinstance(child, (cst.Attribute, cst.Name)) and not _is_builder(module, child):
            return False
        if isinstance(child, cst.Call) and not _is_pure_call(module, child, depth):
            return False
    return True


def _keeps_its_meaning(module: Module, node: cst.Attribute, depth: int) -> bool:
    """Whether the attribute is none of a Dimension: with v2 behaviour on, shapes hold numbers.

    SM901 mends those in code that stays in its place.
    """
    return node.attr.value != "value" or (depth > 0 and is_dimension_value(module, node))


def _is_builder(module: Module, node: cst.Attribute | cst.Name) -> bool:
    name = module.resolve(node)
    if name is None or not name.startswith("tensorflow."):
        return True
    rest = name.partition(".")[2]
    if rest in _READS_SHAPES:
        return True
    return not any(
        rest == entry or rest.startswith(entry + ".") or (entry not in _EXACT and rest.startswith(entry))
        for entry in _IMPURE
    )


def _is_pure_call(module: Module, call: cst.Call, depth: int) -> bool:
    name = module.resolve_call(call)
    if name is not None and name.split(".")[0] in ("tensorflow", "numpy", "math"):
        return True  # which functions of TensorFlow, the names in it tell
    found = definition(module, call.func)
    if found is not None:
        where, function = found
        return only_builds(where, function.body, depth + 1) and _has_plain_defaults(where, function)
    if isinstance(call.func, cst.Name):
        bindings = module.bindings(call.func)
        if not bindings:
            return call.func.value in _BUILTINS and hasattr(builtins, call.func.value)
        return all(binding.kind is BindingKind.PARAM for binding in bindings)  # an activation that is handed in
    return isinstance(call.func, cst.Attribute) and name is None and call.func.attr.value in _METHODS


def _has_plain_defaults(module: Module, function: cst.FunctionDef) -> bool:
    parameters = (*function.params.params, *function.params.kwonly_params, *function.params.posonly_params)
    return not function.decorators and all(
        parameter.default is None or only_builds(module, parameter.default, _DEPTH) for parameter in parameters
    )


def definition(module: Module, function: cst.BaseExpression) -> tuple[Module, cst.FunctionDef] | None:
    """Return the definition of a function of this module, or of another module of the repository, with its module."""
    if isinstance(function, cst.Name):
        bindings = module.bindings(function)
        if len(bindings) == 1 and isinstance(bindings[0].node, cst.FunctionDef):
            return module, bindings[0].node
    target = module.raw_name(function)
    if target is None or module.project is None or "." not in target:
        return None
    head, _, name = target.rpartition(".")
    other = module.project.find(head or ".", module.path)
    if other is None or other is module:
        return None
    found = other.index.module_scope.bindings.get(name, [])
    if len(found) == 1 and isinstance(found[0].node, cst.FunctionDef):
        return other, found[0].node
    return None


def _calls(node: cst.CSTNode) -> Iterator[cst.Call]:
    return (child for child in walk(node) if isinstance(child, cst.Call))

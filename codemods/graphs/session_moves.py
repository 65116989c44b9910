"""Whether what an export is written with may move to the place where it takes the session's state.

The constructor, the signatures and the call that saves stand before and behind that place. They may move where nothing
in between can tell: no block that changes what an expression builds, no use of the folder that the constructor made,
no work that would be lost where the constructor refuses a folder, no look into a tensor info.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import libcst as cst

from codemods.exports.session_exports import SessionExport, same_value
from codemods.exports.signatures import TENSOR_INFO
from codemods.graphs.code_around import builds
from codemods.graphs.imported_graphs import is_logging
from codemods.source.module import Module
from codemods.source.nodes import walk

_PLAIN = (
    "items",
    "keys",
    "values",
    "append",
    "get_tensor_by_name",
    "zip",
    "enumerate",
    "range",
    "sorted",
    "len",
    "str",
)
_WORK = ("fit", "fit_generator", "train_on_batch", "train", "train_and_evaluate", "run_loop")


def may_move(module: Module, export: SessionExport, kept: Sequence[cst.BaseExpression]) -> bool:
    """Whether the expressions mean the same where the state is taken, and the folder is nobody else's until then."""
    return (
        all(same_value(module, node, export.taking) for node in kept)
        and not _changes_blocks(module, export, kept)
        and not _meets_work(module, export)
        and not _meets_folder(module, export)
    )


def are_only_exported(module: Module, function: cst.FunctionDef | None, gone: Iterable[cst.CSTNode]) -> bool:
    """Whether the tensor infos of a function are but handed to signatures: a tensor has other attributes."""
    going = {id(node) for statement in gone for node in walk(statement)}
    for call in module.calls:
        if module.resolve_call(call) != TENSOR_INFO or module.function(call) is not function:
            continue
        assign = module.parent(call)
        target = assign.targets[0].target if isinstance(assign, cst.Assign) and len(assign.targets) == 1 else None
        if isinstance(assign, cst.Attribute) or not all(
            id(name) in going or _only_stores(module, name)
            for name in (module.names[target.value] if isinstance(target, cst.Name) else ())
            if name is not target and module.scope(name).owner(name.value) is module.scope(call).owner(name.value)
        ):
            return False
    return True


def _only_stores(module: Module, name: cst.Name) -> bool:
    parent = module.parent(name)
    if isinstance(parent, (cst.DictElement, cst.AssignTarget, cst.Assign)):
        return True
    statement = module.statement(name)
    return statement is not None and is_logging(module, statement) and not isinstance(parent, cst.Attribute)


def _changes_blocks(module: Module, export: SessionExport, kept: Sequence[cst.BaseExpression]) -> bool:
    """Whether an expression that adds to a graph would move into, or out of, a `with` block."""
    blocks = _blocks(module, export.taking)
    return any(
        isinstance(node, cst.Call) and builds(module, node) and _blocks(module, node) != blocks
        for expression in kept
        for node in walk(expression)
    )


def _blocks(module: Module, node: cst.CSTNode) -> list[cst.CSTNode]:
    function = module.function(node)
    around = module.ancestors(node)
    return [block for block in around if isinstance(block, cst.With) and module.function(block) is function]


def _between(module: Module, node: cst.CSTNode, export: SessionExport) -> bool:
    return module.before(export.node, node) and module.before(node, export.taking)


def _meets_work(module: Module, export: SessionExport) -> bool:
    """Whether a loop or a training stands between the constructor, which refuses a full folder, and the state."""
    if export.node is export.taking:
        return False
    loops = (node for node in module.nodes if isinstance(node, (cst.For, cst.While)))
    if any(_between(module, loop, export) and not _only_fills(module, loop) for loop in loops):
        return True
    calls = (call for call in module.calls if _between(module, call, export))
    return any(isinstance(call.func, cst.Attribute) and call.func.attr.value in _WORK for call in calls)


def _only_fills(module: Module, loop: cst.CSTNode) -> bool:
    """Whether a loop does no work of its own: it names tensors and puts them together."""
    calls = (node for node in walk(loop) if isinstance(node, cst.Call))
    return all(
        module.resolve_call(call) is not None
        or (isinstance(call.func, cst.Name) and call.func.value in _PLAIN and not module.bindings(call.func))
        or (isinstance(call.func, cst.Attribute) and call.func.attr.value in _PLAIN)
        for call in calls
    )


def _meets_folder(module: Module, export: SessionExport) -> bool:
    """Whether something between the constructor, which makes the folder, and the state names the folder."""
    if export.node is export.taking:
        return False
    names = {node.value for node in walk(export.path) if isinstance(node, cst.Name) and not _is_callee(module, node)}
    for name in (node for value in names for node in module.names.get(value, ())):
        if not _between(module, name, export) or id(name) in {id(node) for node in walk(export.path)}:
            continue
        statement = module.statement(name)
        if module.resolve(name) is None and not (statement is not None and is_logging(module, statement)):
            return True
    return False


def _is_callee(module: Module, name: cst.Name) -> bool:
    """Whether a name is but the head of what is called: `os` of `os.path.join(...)`."""
    node: cst.CSTNode = name
    parent = module.parent(node)
    while isinstance(parent, cst.Attribute) and parent.value is node:
        node, parent = parent, module.parent(parent)
    return isinstance(parent, cst.Call) and parent.func is node

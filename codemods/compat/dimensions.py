"""`x.shape[i].value`: with v2 behaviour on, a shape holds numbers, not Dimensions with a value."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.edit.edits import Edit, Import
from codemods.edit.tensorflow_names import Api, NoSpelling, spelling
from codemods.source.module import Module

_DIMENSION_VALUE = "compat.dimension_value"


def dimension_values(module: Module) -> Iterator[cst.Attribute]:
    """Yield every `.value` of a shape's entry."""
    for node in module.nodes:
        if type(node) is cst.Attribute and is_dimension_value(module, node):
            yield node


def is_dimension_value(module: Module, node: cst.Attribute) -> bool:
    """Whether the node is `.value` of an entry of what is surely a static shape."""
    if node.attr.value != "value" or not isinstance(node.value, cst.Subscript):
        return False
    shape = module.value(node.value.value)
    if isinstance(shape, cst.Call) and isinstance(shape.func, cst.Attribute) and not shape.args:
        return shape.func.attr.value == "get_shape"
    return isinstance(shape, cst.Attribute) and shape.attr.value == "shape"


def dimension_edits(module: Module) -> tuple[tuple[Edit, ...], tuple[Import, ...]]:
    """Return the edits that ask `dimension_value`, right for Dimensions and numbers, and the import they need."""
    found = [node for node in dimension_values(module) if not _is_stored(module, node)]
    if not found:
        return (), ()
    edits: list[Edit] = []
    imports: set[Import] = set()
    for node in found:
        tf = spelling(module, node, _DIMENSION_VALUE, api=Api.V2)
        if isinstance(tf, NoSpelling):
            continue
        imports.update(tf.imports)
        edits.append(Edit(module.start(node), module.start(node), f"{tf.of(_DIMENSION_VALUE)}("))
        edits.append(Edit(module.end(node.value), module.end(node), ")"))
    return tuple(edits), tuple(sorted(imports))


def _is_stored(module: Module, node: cst.Attribute) -> bool:
    return isinstance(module.parent(node), cst.AssignTarget)

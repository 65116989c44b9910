"""`parse_example` of a placeholder without a shape.

TensorFlow 1 took a vector only, and so knew the shape of the features. TensorFlow 2 takes a scalar too: the features of
a placeholder of unknown rank have an unknown shape, and with them what the exported model promises. `ensure_shape` says
again what TensorFlow 1 demanded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from codemods.edit.edits import Edit
from codemods.source.arguments import argument
from codemods.source.module import Module
from codemods.source.nodes import dotted
from codemods.source.tensorflow_uses import Use

_PARSERS = ("parse_example", "io.parse_example")


def vector_examples(module: Module, uses: Sequence[Use]) -> Iterator[Edit]:
    """Yield the edits that make the serialized examples a vector where nothing says so."""
    for use in uses:
        call = module.parent(use.node)
        if use.name not in _PARSERS or not isinstance(call, cst.Call) or call.func is not use.node:
            continue
        serialized = argument(call, "serialized", 0)
        root = (dotted(use.node) or "").split(".")[0]
        if serialized is None or serialized.star or module.resolve(_root(use.node)) != "tensorflow":
            continue
        if _is_unshaped_placeholder(module, serialized.value):
            start, end = module.outer_span(serialized.value)
            yield Edit(start, start, f"{root}.ensure_shape(")
            yield Edit(end, end, ", [None])")


def _root(node: cst.BaseExpression) -> cst.BaseExpression:
    while isinstance(node, cst.Attribute):
        node = node.value
    return node


def _is_unshaped_placeholder(module: Module, expression: cst.BaseExpression) -> bool:
    value = module.value(expression)
    if not isinstance(value, cst.Call) or module.resolve_call(value) != "tensorflow.placeholder":
        return False
    shape = argument(value, "shape", 1)
    return shape is None or (isinstance(shape.value, cst.Name) and shape.value.value == "None")

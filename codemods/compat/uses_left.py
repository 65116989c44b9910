"""Which uses of TensorFlow a set of sites leaves as they are."""

from __future__ import annotations

import bisect
import itertools
import sys
from collections.abc import Iterable, Iterator

import libcst as cst

from codemods.site import Site
from codemods.source.module import Module
from codemods.source.scopes import BindingKind
from codemods.source.tensorflow_uses import Use, tensorflow_uses


def uses_left(module: Module, sites: Iterable[Site]) -> Iterator[Use]:
    """Yield the uses of TensorFlow symbols that the sites' edits leave in place, imports excluded.

    A name that was assigned a symbol is left where the edits leave that symbol.
    """
    edited = sorted({(edit.start, edit.end) for site in sites for edit in site.edits if edit.end > edit.start})
    reach = list(itertools.accumulate((end for _, end in edited), max))

    def is_edited(node: cst.CSTNode) -> bool:
        if not edited:  # offsets are found where one is asked for
            return False
        offset = module.start(node)
        before = bisect.bisect_right(edited, (offset, sys.maxsize))
        return bool(before) and reach[before - 1] > offset

    for use in tensorflow_uses(module):
        values = _assigned(module, use.node)
        if not is_edited(use.node) and not (values and all(map(is_edited, values))):
            yield use


def _assigned(module: Module, node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """Return what the name that a use hangs on was assigned, nothing where that is not all it may be."""
    while isinstance(node, cst.Attribute):
        node = node.value
    bindings = module.bindings(node) if isinstance(node, cst.Name) else []
    values = [each.value for each in bindings if each.kind is BindingKind.ASSIGN and each.value is not None]
    return values if len(values) == len(bindings) else []

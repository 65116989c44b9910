"""Which uses of TensorFlow a set of sites leaves as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from codemods.site import Site
from codemods.source.module import Module
from codemods.source.tensorflow_uses import Use, tensorflow_uses


def uses_left(module: Module, sites: Iterable[Site]) -> Iterator[Use]:
    """Yield the uses of TensorFlow symbols that the sites' edits leave in place, imports excluded."""
    edited = [(edit.start, edit.end) for site in sites for edit in site.edits if edit.end > edit.start]
    for use in tensorflow_uses(module):
        if not edited or not any(begin <= module.start(use.node) < end for begin, end in edited):
            yield use

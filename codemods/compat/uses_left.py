"""Which uses of TensorFlow a set of sites leaves as they are."""

from __future__ import annotations

import bisect
import itertools
import sys
from collections.abc import Iterable, Iterator

from codemods.site import Site
from codemods.source.module import Module
from codemods.source.tensorflow_uses import Use, tensorflow_uses


def uses_left(module: Module, sites: Iterable[Site]) -> Iterator[Use]:
    """Yield the uses of TensorFlow symbols that the sites' edits leave in place, imports excluded."""
    edited = sorted({(edit.start, edit.end) for site in sites for edit in site.edits if edit.end > edit.start})
    reach = list(itertools.accumulate((end for _, end in edited), max))
    for use in tensorflow_uses(module):
        before = bisect.bisect_right(edited, (use.start, sys.maxsize))
        if not before or reach[before - 1] <= use.start:
            yield use

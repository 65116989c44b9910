"""Names of the v1 API in a file that keeps its import: each is spelled with `compat.v1`."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.compat.generations import is_undecided, meant_by
from codemods.compat.v1_usage import differs_in_v2, is_v1_only
from codemods.edit.edits import Edit
from codemods.source.generation import Generation
from codemods.source.module import Module
from codemods.source.tensorflow_uses import Use


def spelled_out(module: Module, uses: list[Use]) -> Iterator[Edit]:
    """Yield the edits that write `tf.compat.v1.<name>` for names that mean another thing, or none, in TensorFlow 2."""
    # Told by the file as it was: the sites may have taken its last v1-only name away, not what the others mean.
    is_tf1 = meant_by(module) is Generation.V1 and not is_undecided(module)
    for use in uses:
        if not isinstance(use.node, cst.Attribute):
            continue
        if is_v1_only(module, use) or (is_tf1 and differs_in_v2(module, use)):
            root: cst.BaseExpression = use.node  # `tf`, or `module.tf` of another module of the repository
            while isinstance(root, cst.Attribute) and module.resolve(root) != "tensorflow":
                root = root.value
            if module.resolve(root) == "tensorflow":
                end = module.end(root)
                yield Edit(end, end, ".compat.v1")

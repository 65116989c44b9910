"""Names by which a file of TensorFlow 1 takes what TensorFlow 2 has too, as another thing, where its imports stay."""

from __future__ import annotations

import libcst as cst

from codemods.compat.call_meanings import Says, says
from codemods.compat.generations import is_undecided, meant_by, spelled_plainly
from codemods.compat.keras_homes import keras_home
from codemods.names.meanings import meaning
from codemods.source.generation import Generation
from codemods.source.module import Module
from codemods.source.nodes import bound_name, dotted
from codemods.source.tensorflow_uses import Use, tensorflow_uses


def brings_v1_meaning(module: Module, node: cst.Import | cst.ImportFrom) -> bool:
    """Whether an import must be one of `compat.v1` for what it brings to mean what it meant."""
    if isinstance(node.names, cst.ImportStar):
        return isinstance(node, cst.ImportFrom) and _star_brings_v1_meaning(module, node)
    return any(bound_name(alias) in names_meaning_v1(module) for alias in node.names)


def names_meaning_v1(module: Module) -> frozenset[str]:
    """Return the imported names that must come from `compat.v1` to mean what they meant, that of TensorFlow apart.

    An LSTM of `tensorflow.keras` has other activations in TensorFlow 2, and takes the same weights without a word.
    """
    found = module.program_memo.get("names_meaning_v1")
    if not isinstance(found, frozenset):
        found = module.program_memo["names_meaning_v1"] = frozenset(_names_meaning_v1(module))
    return found


def _names_meaning_v1(module: Module) -> set[str]:
    found: set[str] = set()
    if not _is_tf1(module):
        return found
    for use in tensorflow_uses(module):
        root: cst.BaseExpression = use.node
        while isinstance(root, cst.Attribute):
            root = root.value
        name = _public_name(use)
        if name is None or not isinstance(root, cst.Name) or module.raw_name(root) == "tensorflow":
            continue
        if says(module, use, name, module.program.target) in (Says.OPEN, Says.V1):
            found.add(root.value)
    return found


def _is_tf1(module: Module) -> bool:
    return meant_by(module) is Generation.V1 and not is_undecided(module)


def _public_name(use: Use) -> str | None:
    """Return the name after `tensorflow.`, that of private and of standalone Keras by its public home."""
    if use.raw.startswith("tensorflow.compat."):
        return None
    if (name := spelled_plainly(use)) is not None:
        return name
    place, _, last = use.raw.rpartition(".")
    home = keras_home(place, "tensorflow")
    return f"{home}.{last}".removeprefix("tensorflow.") if home is not None else None


def _star_brings_v1_meaning(module: Module, node: cst.ImportFrom) -> bool:
    home = keras_home((dotted(node.module) or "") if node.module is not None else "", "tensorflow")
    if home is None or not _is_tf1(module):
        return False
    place = home.removeprefix("tensorflow.")
    unbound = (name for name in module.names if name not in module.index.module_scope.bindings)
    return any(meaning(module.program.target, f"{place}.{name}") is not None for name in unbound)

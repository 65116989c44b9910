"""Names of the v1 API in new code, in a file whose import of TensorFlow becomes that of `tensorflow.compat.v1`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import libcst as cst

from codemods.compat.uses_left import uses_left
from codemods.compat.v1_imports import changeable_imports
from codemods.compat.v1_usage import switches_import
from codemods.edit.tensorflow_names import Api, NoSpelling, Spelling, spelling
from codemods.site import Site
from codemods.source.module import Module
from codemods.source.nodes import dotted

_SPELLED_OUT = ".compat.v1"


def import_switches(module: Module, sites: Iterable[Site] = (), *, is_rewritten: bool = True) -> bool:
    """Whether SM901 switches the file's import to `tensorflow.compat.v1`, with the sites that are known by now."""
    changing = [site for site in sites if site.changes]
    if any(site.wants_v1 for site in changing):
        return True
    uses = list(uses_left(module, changing))
    return switches_import(module, uses, is_rewritten=is_rewritten) and not any(site.wants_v2 for site in changing)


def v1_spelling(module: Module, near: cst.CSTNode, name: str, *, switches: bool) -> tuple[Spelling | NoSpelling, bool]:
    """Return code for a name of the v1 API, and whether it counts on the switch (`Draft.wants_v1`).

    Args:
        near: A node where the code will stand.
        switches: Whether the file's import is switched: then its name for TensorFlow is one for compat.v1.
    """
    found = spelling(module, near, name, api=Api.V1)
    if switches and isinstance(found, Spelling) and found.code.endswith(_SPELLED_OUT):
        name = found.code.removesuffix(_SPELLED_OUT)
        if _is_switched(module, name):
            return replace(found, code=name), True
    return found, False


def _is_switched(module: Module, name: str) -> bool:
    """Whether every binding of a name is an import that changes: not one that a `try` guards."""
    changing = {
        id(alias) for node in changeable_imports(module) if isinstance(node, cst.Import) for alias in node.names
    }
    bound = [
        alias
        for node in module.imports_of_modules
        if isinstance(node, cst.Import)
        for alias in node.names
        if (dotted(alias.asname.name) if alias.asname is not None else (dotted(alias.name) or "").split(".")[0]) == name
    ]
    return bool(bound) and all(id(alias) in changing and dotted(alias.name) == "tensorflow" for alias in bound)

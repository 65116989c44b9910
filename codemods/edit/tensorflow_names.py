"""The one door to TensorFlow's names: asked for an API at a place, it gives the code to write there, and its imports.

It looks at what a module has imported and what hides it there, and never at what a rule means to do. The code stays
right where SM901 switches the file's import from `tensorflow` to `tensorflow.compat.v1`: a name that the two do not
share is spelled so that the switch does not touch it, or the answer says that the code means TensorFlow 2
(`Spelling.api`), and a draft hands that on (`Draft.wants_v2`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import libcst as cst

from codemods.edit.edits import Import
from codemods.edit.imports import import_place
from codemods.edit.layout import free_name
from codemods.names.tf1 import V1_DIFFERS, V1_ONLY, V2_ONLY
from codemods.source.module import Module
from codemods.source.scopes import BindingKind, Scope


class Api(Enum):
    """Which of TensorFlow's APIs code means; the value is the package that holds it."""

    V1 = "tensorflow.compat.v1"
    V2 = "tensorflow"


@dataclass(frozen=True, slots=True)
class Spelling:
    """How code can spell the package that has the names it was asked for.

    `api` is the one whose names they are, None where both packages mean the same by them.
    """

    code: str
    imports: tuple[Import, ...]
    api: Api | None

    def of(self, name: str) -> str:
        """Return the code of one of the names."""
        return f"{self.code}.{name}"


@dataclass(frozen=True, slots=True)
class NoSpelling:
    """Why there is no code for the names at this place, for the report."""

    reason: str


# They differ in what the codemods never pass.
_EQUAL = frozenset({"size"})
# Only the v1 API of the releases with Estimators has it.
_WITH_ESTIMATORS = frozenset({"estimator.tpu"})
# `compat.v1.keras` has it in legacy Keras only.
_ONLY_IN_V2 = V2_ONLY | {"keras.export"}
_ALIASES = {Api.V1: "tf1", Api.V2: "tf2"}


def spelling(module: Module, near: cst.CSTNode, *names: str, api: Api) -> Spelling | NoSpelling:
    """Return code for the package that has all the names (`nn.rnn_cell.GRUCell`) of an API, usable at a place.

    `near` is a node there; the module's tree stands for the top level below its imports.
    """
    wanted = api if any(_differs(name, api) for name in names) else None
    found = _alias(module, near, Api.V2)
    if found is not None:
        return Spelling(f"{found}.compat.v1" if wanted is Api.V1 else found, (), wanted)
    found = _alias(module, near, Api.V1)
    if found is not None and wanted is not Api.V2:
        return Spelling(found, (), wanted)
    if _runs_above_imports(module, near):
        line = module.line_of(module.start(near))
        return NoSpelling(f"line {line} runs before TensorFlow is imported: import {api.value} above it first")
    needed = new_import(module, api)
    return Spelling(needed.bound_name, (needed,), wanted)


def new_import(module: Module, api: Api) -> Import:
    """Return an import of the API's package under a name that the module does not use."""
    name = "tf" if "tf" not in module.names else free_name(module, _ALIASES[api])
    return Import(api.value, None, name)


def has_only_v1(module: Module) -> bool:
    """Whether the TensorFlow that the module imports as a whole is compat.v1."""
    return _alias(module, module.tree, Api.V2) is None and _alias(module, module.tree, Api.V1) is not None


def is_in_both(name: str) -> bool:
    """Whether `tf` and `tf.compat.v1` mean the same by a name."""
    return not _differs(name, Api.V1) and not _differs(name, Api.V2)


def _differs(name: str, api: Api) -> bool:
    """Whether the other package lacks the API's name, or means another thing by it."""
    if name in _EQUAL:
        return False
    parts = name.split(".")
    heads = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    return bool(heads & (V1_DIFFERS | (V1_ONLY | _WITH_ESTIMATORS if api is Api.V1 else _ONLY_IN_V2)))


def _alias(module: Module, near: cst.CSTNode, api: Api) -> str | None:
    """Return a name that certainly stands for the package at a place."""
    start = module.index.module_scope if near is module.tree else module.scope(near)
    for scope in _outwards(start):
        for name, bindings in scope.bindings.items():
            if (
                all(each.kind is BindingKind.IMPORT and each.target == api.value for each in bindings)
                and start.owner(name) is scope
                and (scope is not start or near is module.tree or module.before(bindings[0].node, near))
            ):
                return name
    return None


def _outwards(scope: Scope | None) -> Iterator[Scope]:
    while scope is not None:
        yield scope
        scope = scope.parent


def _runs_above_imports(module: Module, near: cst.CSTNode) -> bool:
    """Whether a place is code of the top level that runs before what a new import would stand behind."""
    if near is module.tree or module.function(near) is not None:
        return False
    return module.start(near) < import_place(module)

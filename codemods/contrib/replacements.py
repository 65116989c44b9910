"""Symbols of `tf.contrib` in a file, and what each is replaced by where something does exactly the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from codemods.compat.new_v1_names import v1_spelling
from codemods.compat.uses_left import uses_left
from codemods.contrib.calls import RECIPES, NewCode, NotExactError, rewritten
from codemods.edit.edits import Edit, Import
from codemods.edit.imports import is_imported
from codemods.edit.layout import free_name
from codemods.edit.small_edits import rename_function, rename_keyword
from codemods.edit.tensorflow_names import NoSpelling, Spelling
from codemods.names.contrib import EXACT, SAME, SHIM, public_name
from codemods.names.estimator import estimator_name
from codemods.names.tf1 import NEEDS_LEGACY_KERAS
from codemods.rule import Draft
from codemods.site import Outcome, Site
from codemods.source.arguments import bound_arguments
from codemods.source.module import Module
from codemods.source.nodes import root_names
from codemods.source.tensorflow_uses import Use

CONTRIB = "tensorflow.contrib"
_INITIALIZED = ("lookup.HashTable", "lookup.index_", "lookup.string_to_index_table")


@dataclass(frozen=True, slots=True)
class ContribSymbol:
    """A use of a contrib symbol. `node` spells just the symbol; `name` is without `tensorflow.contrib.`."""

    node: cst.Attribute | cst.Name
    name: str
    call: cst.Call | None


def contrib_symbols(module: Module, sites: Sequence[Site]) -> Iterator[ContribSymbol]:
    """Yield the contrib symbols that a file still uses once the sites are applied."""
    for use in uses_left(module, sites):
        name = f"tensorflow.{use.name}"
        if name.startswith(CONTRIB + "."):
            yield _symbol(module, use, public_name(name[len(CONTRIB) + 1 :]))


def _symbol(module: Module, use: Use, name: str) -> ContribSymbol:
    """Cut members off: of `rnn.GRUCell.call` the symbol is `rnn.GRUCell`."""
    node: cst.BaseExpression = use.node
    while (
        isinstance(node, cst.Attribute) and "." in name and not _is_known(name) and _is_known(name.rpartition(".")[0])
    ):
        node, name = node.value, name.rpartition(".")[0]
    assert isinstance(node, (cst.Attribute, cst.Name))
    parent = module.parent(node)
    return ContribSymbol(node, name, parent if isinstance(parent, cst.Call) and parent.func is node else None)


def _is_known(name: str) -> bool:
    return name in SAME or name in EXACT or name in RECIPES or name in SHIM


def replaced_symbol(module: Module, symbol: ContribSymbol, switches: bool) -> Draft:
    """Return the draft of an exact replacement.

    Raises:
        NotExactError: There is none for this use.
    """
    name, call = symbol.name, symbol.call
    same = SAME.get(name) or _kept_estimator(module, name)
    if same is not None:
        found, wants_v1 = _spelled(module, symbol, same, switches)
        reason = f"in TensorFlow 1.15 this is the same object as {same} of the v1 API"
        edit = Edit(module.start(symbol.node), module.end(symbol.node), found.of(same))
        edits = tuple(rename_function(module, call, found.of(same))) if call is not None else (edit,)
        return _draft(symbol, reason, NewCode(edits, found.imports, wants_v1), same)
    if call is None:
        raise NotExactError("used as a value, not called" if _is_known(name) else "")
    if name in EXACT:
        return _renamed(module, symbol, call, switches)
    try:
        return _written(module, symbol, call, switches)
    except NotExactError:
        if name not in SHIM:
            raise
    return _of_shim(module, symbol, call)


def _written(module: Module, symbol: ContribSymbol, call: cst.Call, switches: bool) -> Draft:
    """Return the draft of other code that does the same.

    Raises:
        NotExactError: There is none for this call.
    """
    if symbol.name not in RECIPES:
        raise NotExactError("")
    new = rewritten(module, call, symbol.name, switches=switches)
    new = replace(new, edits=(*new.edits, *_initializer_edits(module, symbol)))
    return _draft(symbol, "written with what TensorFlow 2 has: same result", new, *RECIPES[symbol.name].targets)


def _of_shim(module: Module, symbol: ContribSymbol, call: cst.Call) -> Draft:
    """Return the draft of the shim's function of the same arguments.

    Raises:
        NotExactError: The code may not depend on the shim.
    """
    home, function = SHIM[symbol.name]
    if module.program.self_contained:
        raise NotExactError(f"--self-contained rules out migrate.shim.{home}.{function}, which does the same")
    needed = Import("migrate.shim", home, f"tf_{home}")
    if not is_imported(module, needed) and needed.bound_name in module.names:
        needed = replace(needed, asname=free_name(module, f"tf2_{home}"))
    edits = tuple(rename_function(module, call, f"{needed.bound_name}.{function}"))
    reason = f"{function} of migrate.shim.{home} does the same: the same variables, names and numbers"
    draft = _draft(symbol, reason, NewCode(edits, (needed,), wants_v1=False))
    return replace(draft, outcome=Outcome.SHIM, packages=frozenset({"tf1to2"}))


def _spelled(module: Module, symbol: ContribSymbol, name: str, switches: bool) -> tuple[Spelling, bool]:
    """Return how a name of the v1 API is spelled, and whether that counts on the switch of the file's import.

    Raises:
        NotExactError: It cannot be spelled there.
    """
    found, wants_v1 = v1_spelling(module, symbol.node, name, switches=switches)
    if isinstance(found, NoSpelling):
        raise NotExactError(found.reason)
    return found, wants_v1


def _kept_estimator(module: Module, name: str) -> str | None:
    """Return the home of an Estimator's name in a TensorFlow that has Estimators; elsewhere SM111 moves it."""
    kept = estimator_name(f"{CONTRIB}.{name}") if module.program.target.has_estimators else None
    is_kept = kept is not None and (kept.startswith("tpu.") or kept == "add_metrics")
    return f"estimator.{kept}" if is_kept else None


def _renamed(module: Module, symbol: ContribSymbol, call: cst.Call, switches: bool) -> Draft:
    entry = EXACT[symbol.name]
    given = bound_arguments(call, entry.parameters)
    if given is None:
        raise NotExactError("its arguments cannot be told apart here")
    lost = sorted(entry.lost & given.keys())
    if lost:
        raise NotExactError(f"`{lost[0]}` has no counterpart")
    found, wants_v1 = _spelled(module, symbol, entry.name, switches)
    edits = [*rename_function(module, call, found.of(entry.name)), *_initializer_edits(module, symbol)]
    for parameter, argument in given.items():
        if argument.keyword is not None and parameter in entry.renamed:
            edits.append(rename_keyword(module, argument, entry.renamed[parameter]))
        elif (
            argument.keyword is None and parameter in entry.renamed and _moves(entry.parameters, parameter, entry.lost)
        ):
            raise NotExactError(f"`{parameter}` is given by position")
    new = NewCode(tuple(edits), found.imports, wants_v1)
    return _draft(symbol, f"{entry.name} of the v1 API takes the same arguments", new, entry.name)


def _moves(parameters: tuple[str, ...], parameter: str, lost: frozenset[str]) -> bool:
    return bool(lost & set(parameters[: parameters.index(parameter)]))


def _initializer_edits(module: Module, symbol: ContribSymbol) -> Iterator[Edit]:
    """Yield the edits that read `table.initializer`, since the `tf.lookup` tables have no `table.init`."""
    target = _assigned_name(module, symbol.call)
    if target is None or not symbol.name.startswith(_INITIALIZED):
        return
    for name in module.names.get(target.value, ()):
        parent = module.parent(name)
        if not isinstance(parent, cst.Attribute) or parent.attr.value != "init":
            continue
        if parent.value is name and module.value(name) is symbol.call:
            yield Edit(module.start(parent.attr), module.end(parent.attr), "initializer")


def _assigned_name(module: Module, call: cst.Call | None) -> cst.Name | None:
    statement = module.parent(call) if call is not None else None
    if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
        target = statement.targets[0].target
        return target if isinstance(target, cst.Name) else None
    return None


def _draft(symbol: ContribSymbol, reason: str, new: NewCode, *targets: str) -> Draft:
    return Draft(
        node=symbol.call or symbol.node,
        symbol=f"{CONTRIB}.{symbol.name}",
        outcome=Outcome.NATIVE,
        reason=reason,
        edits=new.edits,
        imports=new.imports,
        freed=root_names(symbol.node),
        wants_v1=new.wants_v1,
        packages=frozenset({"tf-keras"} if any(map(_needs_legacy_keras, targets)) else ()),
    )


def _needs_legacy_keras(name: str) -> bool:
    return any(name == head or name.startswith(head + ".") for head in NEEDS_LEGACY_KERAS)

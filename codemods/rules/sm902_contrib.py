"""`tf.contrib` symbols with a known home, in files of a migrated program.

`tf.contrib` left TensorFlow with 2.0. Where a symbol is the same object in `tf.compat.v1`, or another function does
exactly the same with the arguments given, it is replaced; vocabulary tables become `tf.lookup` tables with the same
content. A few functions that nothing in TensorFlow 2 equals are in `migrate.shim.contrib` (`layer_norm`).
Everything else is reported with the package it moved to, one report a package and file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from codemods.compat.new_v1_names import import_switches, v1_spelling
from codemods.compat.uses_left import uses_left
from codemods.contrib.calls import RECIPES, NewCode, NotExactError, rewritten
from codemods.edit.edits import Edit, Import
from codemods.edit.imports import is_imported
from codemods.edit.layout import free_name
from codemods.edit.small_edits import remove_statement, rename_function, rename_keyword
from codemods.edit.tensorflow_names import NoSpelling, Spelling
from codemods.engine.runnable import RunnableRule
from codemods.names.contrib import EXACT, SAME, SHIM, home_of, public_name
from codemods.names.estimator import estimator_name
from codemods.names.tf1 import NEEDS_LEGACY_KERAS
from codemods.rule import Draft, Example
from codemods.site import Guidance, Outcome, Site
from codemods.source.arguments import bound_arguments
from codemods.source.module import Module
from codemods.source.nodes import root_names
from codemods.source.scopes import BindingKind
from codemods.source.tensorflow_uses import Use

_CONTRIB = "tensorflow.contrib"
_INITIALIZED = ("lookup.HashTable", "lookup.index_", "lookup.string_to_index_table")


class Contrib(RunnableRule):
    """Symbols of `tf.contrib`."""

    id = "SM902"
    name = "contrib"
    summary = "tf.contrib symbols move to their homes in TensorFlow 2"
    why = "tf.contrib was removed in TensorFlow 2.0: a file that touches it does not run."
    link = "https://www.tensorflow.org/guide/migrate/upgrade"
    guidance = Guidance.GLANCE
    keeps_session = False  # its shim builds graphs where the code around it does
    examples = (
        Example(
            before="import tensorflow as tf\n\ncell = tf.contrib.rnn.GRUCell(64)\n"
            "table = tf.contrib.lookup.index_to_string_table_from_tensor(LABELS)\n",
            after="import tensorflow as tf\n\ncell = tf.compat.v1.nn.rnn_cell.GRUCell(64)\n"
            "table = tf.compat.v1.lookup.StaticHashTable(\n"
            "    tf.lookup.KeyValueTensorInitializer(\n"
            "        tf.range(tf.size(LABELS, out_type=tf.int64), dtype=tf.int64),\n"
            "        LABELS,\n        value_dtype=tf.string),\n"
            '    default_value="UNK")\n',
        ),
    )
    limits = (
        "Layers of tf.contrib.layers and slim name their variables otherwise (`weights`): they are reported.",
        "tf_slim, the home of the layers, runs on TensorFlow 2.21 but for `batch_norm` and a few others, which stop "
        "there: these are reported with another home.",
        "tensorflow-addons, the home of many symbols, works up to TensorFlow 2.15 only.",
    )

    def follow(self, module: Module, sites: Sequence[Site]) -> Iterator[Draft]:
        """Yield a draft for every symbol that is replaced, and one for each home of those that are not."""
        if not module.program.migrates and not any(site.changes for site in sites):
            return
        switches = import_switches(module, sites)
        left: list[tuple[_Symbol, str]] = []
        replaced: list[tuple[_Symbol, Draft]] = []
        for symbol in _symbols(module, sites):
            try:
                replaced.append((symbol, _replaced(module, symbol, switches)))
            except NotExactError as error:
                left.append((symbol, str(error)))
        yield from (draft for _, draft in replaced)
        homes: dict[str, list[_Symbol]] = {}
        for symbol, cause in left:
            alias = _unused_alias(module, symbol, replaced)
            if alias is not None:
                yield alias
                continue
            home = home_of(symbol.name)
            homes.setdefault(f"{home} ({cause})" if cause else home, []).append(symbol)
        yield from (_reported(home, symbols) for home, symbols in homes.items())
        yield from _unused_imports(module, sites)


@dataclass(frozen=True, slots=True)
class _Symbol:
    """A use of a contrib symbol. `node` spells just the symbol; `name` is without `tensorflow.contrib.`."""

    node: cst.Attribute | cst.Name
    name: str
    call: cst.Call | None


def _symbols(module: Module, sites: Sequence[Site]) -> Iterator[_Symbol]:
    for use in uses_left(module, sites):
        name = f"tensorflow.{use.name}"
        if name.startswith(_CONTRIB + "."):
            yield _symbol(module, use, public_name(name[len(_CONTRIB) + 1 :]))


def _symbol(module: Module, use: Use, name: str) -> _Symbol:
    """Cut members off: of `rnn.GRUCell.call` the symbol is `rnn.GRUCell`."""
    node: cst.BaseExpression = use.node
    while (
        isinstance(node, cst.Attribute) and "." in name and not _is_known(name) and _is_known(name.rpartition(".")[0])
    ):
        node, name = node.value, name.rpartition(".")[0]
    assert isinstance(node, (cst.Attribute, cst.Name))
    parent = module.parent(node)
    return _Symbol(node, name, parent if isinstance(parent, cst.Call) and parent.func is node else None)


def _is_known(name: str) -> bool:
    return name in SAME or name in EXACT or name in RECIPES or name in SHIM


def _replaced(module: Module, symbol: _Symbol, switches: bool) -> Draft:
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


def _written(module: Module, symbol: _Symbol, call: cst.Call, switches: bool) -> Draft:
    """Return the draft of other code that does the same.

    Raises:
        NotExactError: There is none for this call.
    """
    if symbol.name not in RECIPES:
        raise NotExactError("")
    new = rewritten(module, call, symbol.name, switches=switches)
    new = replace(new, edits=(*new.edits, *_initializer_edits(module, symbol)))
    return _draft(symbol, "written with what TensorFlow 2 has: same result", new, *RECIPES[symbol.name].targets)


def _of_shim(module: Module, symbol: _Symbol, call: cst.Call) -> Draft:
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


def _spelled(module: Module, symbol: _Symbol, name: str, switches: bool) -> tuple[Spelling, bool]:
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
    kept = estimator_name(f"{_CONTRIB}.{name}") if module.program.target.has_estimators else None
    is_kept = kept is not None and (kept.startswith("tpu.") or kept == "add_metrics")
    return f"estimator.{kept}" if is_kept else None


def _renamed(module: Module, symbol: _Symbol, call: cst.Call, switches: bool) -> Draft:
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


def _initializer_edits(module: Module, symbol: _Symbol) -> Iterator[Edit]:
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


def _draft(symbol: _Symbol, reason: str, new: NewCode, *targets: str) -> Draft:
    return Draft(
        node=symbol.call or symbol.node,
        symbol=f"{_CONTRIB}.{symbol.name}",
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


def _unused_alias(module: Module, symbol: _Symbol, replaced: list[tuple[_Symbol, Draft]]) -> Draft | None:
    """Return the removal of `lookup = tf.contrib.lookup` where every use of the name is replaced."""
    assignment = module.parent(symbol.node)
    statement = module.statement(symbol.node)
    if not isinstance(assignment, cst.Assign) or len(assignment.targets) != 1:
        return None
    target = assignment.targets[0].target
    if (
        not isinstance(target, cst.Name)
        or not isinstance(statement, cst.SimpleStatementLine)
        or len(statement.body) != 1
    ):
        return None
    roots = {_root(each.node): draft for each, draft in replaced}
    uses = [name for name in module.names.get(target.value, ()) if name is not target]
    if not uses or any(name not in roots for name in uses):
        return None
    return Draft(
        node=assignment,
        symbol=f"{_CONTRIB}.{symbol.name}",
        outcome=Outcome.NATIVE,
        reason="nothing uses this name any more",
        edits=(remove_statement(module, statement),),
        freed=root_names(symbol.node),
        needs=tuple(roots[name].node for name in uses),
    )


def _root(node: cst.BaseExpression) -> cst.BaseExpression:
    while isinstance(node, cst.Attribute):
        node = node.value
    return node


def _reported(home: str, symbols: list[_Symbol]) -> Draft:
    first = symbols[0]
    names = list(dict.fromkeys(symbol.name for symbol in symbols))
    listed = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return Draft(
        node=first.call or first.node,
        symbol=f"{_CONTRIB}.{first.name}",
        outcome=Outcome.MANUAL,
        reason=f"tf.contrib.{listed} left TensorFlow; known home: {home}",
        guidance=Guidance.REVIEW,
    )


def _unused_imports(module: Module, sites: Sequence[Site]) -> Iterator[Draft]:
    """Yield the removal of imports of `tf.contrib` that nothing uses: TensorFlow 2 stops at them."""
    if module.path.endswith("__init__.py"):
        return
    edited = [(edit.start, edit.end) for site in sites for edit in site.edits if edit.end > edit.start]
    for bindings in module.index.module_scope.bindings.values():
        binding = bindings[0]
        if len(bindings) != 1 or binding.kind is not BindingKind.IMPORT:
            continue
        if not (binding.target or "").startswith(_CONTRIB) or not isinstance(binding.node, cst.ImportAlias):
            continue
        statement = module.statement(binding.node)
        line = statement if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1 else None
        if line is None or len(_aliases(line.body[0])) != 1 or "noqa" in _line(module, line):
            continue
        is_used = any(not _within(module, name, line) for name in module.names.get(binding.name, ()))
        is_edited = any(begin < module.end(line) and module.start(line) < end for begin, end in edited)
        if not is_used and not is_edited and module.enclosing(line, cst.Try) is None:
            yield Draft(
                node=line.body[0],
                symbol=binding.target or _CONTRIB,
                outcome=Outcome.NATIVE,
                reason="nothing uses this import, and TensorFlow 2 has no tf.contrib",
                edits=(remove_statement(module, line),),
            )


def _aliases(node: cst.CSTNode) -> Sequence[cst.ImportAlias]:
    if isinstance(node, (cst.Import, cst.ImportFrom)) and not isinstance(node.names, cst.ImportStar):
        return node.names
    return ()


def _line(module: Module, node: cst.CSTNode) -> str:
    return module.text[module.start(node) : module.line_end(module.end(node) - 1)]


def _within(module: Module, node: cst.CSTNode, ancestor: cst.CSTNode) -> bool:
    return any(parent is ancestor for parent in module.ancestors(node))

"""`tf.contrib` symbols with a known home, in files of a migrated program.

`tf.contrib` left TensorFlow with 2.0. Where a symbol is the same object in `tf.compat.v1`, or another function does
exactly the same with the arguments given, it is replaced; vocabulary tables become `tf.lookup` tables with the same
content. A few functions that nothing in TensorFlow 2 equals are in `migrate.shim.contrib` (`layer_norm`).
Everything else is reported with the package it moved to, one report a package and file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from codemods.compat.new_v1_names import import_switches
from codemods.contrib.calls import NotExactError
from codemods.contrib.replacements import CONTRIB, ContribSymbol, contrib_symbols, replaced_symbol
from codemods.edit.small_edits import remove_statement
from codemods.engine.runnable import RunnableRule
from codemods.names.contrib import home_of
from codemods.rule import Draft, Example
from codemods.site import Guidance, Outcome, Site
from codemods.source.module import Module
from codemods.source.nodes import root_names
from codemods.source.scopes import BindingKind


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
        left: list[tuple[ContribSymbol, str]] = []
        replaced: list[tuple[ContribSymbol, Draft]] = []
        for symbol in contrib_symbols(module, sites):
            try:
                replaced.append((symbol, replaced_symbol(module, symbol, switches)))
            except NotExactError as error:
                left.append((symbol, str(error)))
        yield from (draft for _, draft in replaced)
        homes: dict[str, list[ContribSymbol]] = {}
        for symbol, cause in left:
            alias = _unused_alias(module, symbol, replaced)
            if alias is not None:
                yield alias
                continue
            home = home_of(symbol.name)
            homes.setdefault(f"{home} ({cause})" if cause else home, []).append(symbol)
        yield from (_reported(home, symbols) for home, symbols in homes.items())
        yield from _unused_imports(module, sites)


def _unused_alias(module: Module, symbol: ContribSymbol, replaced: list[tuple[ContribSymbol, Draft]]) -> Draft | None:
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
        symbol=f"{CONTRIB}.{symbol.name}",
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


def _reported(home: str, symbols: list[ContribSymbol]) -> Draft:
    first = symbols[0]
    names = list(dict.fromkeys(symbol.name for symbol in symbols))
    listed = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return Draft(
        node=first.call or first.node,
        symbol=f"{CONTRIB}.{first.name}",
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
        if not (binding.target or "").startswith(CONTRIB) or not isinstance(binding.node, cst.ImportAlias):
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
                symbol=binding.target or CONTRIB,
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

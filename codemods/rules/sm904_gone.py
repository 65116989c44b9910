"""Names that the target TensorFlow does not have, in files of a migrated program.

Whatever the other rules leave is looked up in what the target has: its public API, `tensorflow.compat.v1`, and the
private modules that TensorFlow 1 had. A private name whose object is public in `tensorflow.compat.v1` is taken from
there. Everything else is reported with what stands in for it, one report for all names of a file with one answer.
Private names that are still there stay, and so does what the program can do without: a name under a version check, a
`hasattr`, or a `try` that catches its absence. Of notebooks the lines that bring TensorFlow 1, or a Keras of its time,
are reported too (`%tensorflow_version 1.x`, `!pip install tensorflow==1.15`).
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence

import libcst as cst

from codemods.edit.edits import Edit, Import
from codemods.edit.imports import removed_aliases
from codemods.edit.layout import indent_at, newline_of
from codemods.edit.small_edits import remove_statement, rename_function
from codemods.edit.tensorflow_names import Api, NoSpelling, spelling
from codemods.engine.runnable import RunnableRule
from codemods.gone.after_edits import Imported
from codemods.gone.installs import pinned
from codemods.gone.lookup import private_name
from codemods.gone.missing import Missing, MissingImport, MissingUse
from codemods.names.keras_backend import behind_backend
from codemods.names.stand_ins import stand_in
from codemods.names.tf1 import NEEDS_LEGACY_KERAS
from codemods.rule import Draft, Example
from codemods.site import Guidance, Outcome, Site
from codemods.source.module import Module
from codemods.source.nodes import dotted, root_names
from codemods.source.scopes import BindingKind
from codemods.source.symbols import canonical

_V1 = "tensorflow.compat.v1"
_SAME = "in TensorFlow 1.15 this is the same object as tf.compat.v1.{}, which TensorFlow {} has"
_LISTED = 6


class Gone(RunnableRule):
    """Names that the target does not have."""

    id = "SM904"
    name = "gone"
    summary = "Names that the target TensorFlow lacks move to their home, or are reported with what stands in"
    why = "A rewritten program would stop at the first such name: at its import, or where it is used."
    link = "https://www.tensorflow.org/guide/migrate/upgrade"
    guidance = Guidance.GLANCE
    follows_last = True
    examples = (
        Example(
            before="import tensorflow.compat.v1 as tf\nfrom tensorflow.python import pywrap_tensorflow\n\n"
            "reader = pywrap_tensorflow.NewCheckpointReader(CHECKPOINT)\n",
            after="import tensorflow.compat.v1 as tf\n\nreader = tf.train.NewCheckpointReader(CHECKPOINT)\n",
        ),
        Example(
            before="from tensorflow.python.ops.control_flow_ops import cond, group\n\n"
            "train = group(cond(ready, step, wait))\n",
            after="from tensorflow.compat.v1 import cond\nfrom tensorflow.python.ops.control_flow_ops import group\n\n"
            "train = group(cond(ready, step, wait))\n",
        ),
    )
    limits = (
        "Names of tf.contrib are SM902's.",
        "What other packages lack is not looked up, but for tensorflow_hub and the Keras that TensorFlow brings.",
        "A member of an object is not looked up: only modules, and what is in them.",
    )

    def follow(self, module: Module, sites: Sequence[Site]) -> Iterator[Draft]:
        """Yield a draft for every name that moves, and one for the others that share an answer."""
        if not (module.program.migrates or any(site.changes for site in sites)):
            return
        file = _File(module, sites)
        moved = list(file.moved_uses())
        yield from moved
        yield from file.moved_imports()
        yield from file.unused_imports()
        yield from file.reports(moved)
        yield from _installs(module)


class _File:
    """A module, what is missing in it, and what becomes of that."""

    def __init__(self, module: Module, sites: Sequence[Site]) -> None:
        self._module = module
        self._sites = sites
        self._missing = Missing(module, sites)
        self._target = module.program.target
        self._told: dict[str, list[tuple[cst.CSTNode, str]]] = {}

    def moved_uses(self) -> Iterator[Draft]:
        """Yield the uses whose name has a home."""
        for use in self._missing.uses:
            home = use.home
            if home is None:
                self._tell(use.node, use.name, self._unbound(use.name))
                continue
            written = self._spelled(use, home)
            if isinstance(written, str):
                self._tell(use.node, use.name, written)
                continue
            code, imports = written
            yield Draft(
                node=use.node,
                symbol=private_name(use.name),
                outcome=Outcome.NATIVE,
                reason=_SAME.format(home, self._target),
                edits=tuple(_renamed(self._module, use.node, code)),
                imports=imports,
                freed=root_names(use.node),
            )

    def _unbound(self, name: str) -> str | None:
        """Say of a private module that is still there, but no attribute of `tensorflow` any more, how to get it."""
        behind = behind_backend(name)
        private = behind or private_name(name)
        if behind is not None and behind.startswith(f"{_V1}."):
            return f"it is {_spoken(behind)}, for Keras bound TensorFlow in its backend"
        head, _, last = private.rpartition(".")
        if not private.startswith("tensorflow.python.") or self._missing.lookup.lacks_import(
            Imported(last, head, last)
        ):
            return None
        return f"TensorFlow 2 binds its private packages to no name: write `from {head} import {last}`, and use that"

    def _spelled(self, use: MissingUse, home: str) -> tuple[str, tuple[Import, ...]] | str:
        """Return the code of a home and its imports, or why it cannot be written."""
        if self._needs_keras(home):
            return f"tf.compat.v1.{home} with legacy Keras (tf-keras) is the same object"
        found = spelling(self._module, use.node, home, api=Api.V1)
        if isinstance(found, NoSpelling):
            return f"tf.compat.v1.{home} is the same object; {found.reason}"
        alias = found.code.removesuffix(".compat.v1")
        if alias != found.code and self._is_v1(alias):
            return f"{alias}.{home}", ()
        return found.of(home), found.imports

    def _is_v1(self, alias: str) -> bool:
        """Whether the file's name for TensorFlow is compat.v1's in the end."""
        bindings = self._module.index.module_scope.bindings.get(alias, [])
        targets = {
            each.target
            for binding in bindings
            if isinstance(statement := self._module.parent(binding.node), cst.Import | cst.ImportFrom)
            for each in self._missing.after.imports(statement)
            if each.bound == alias
        }
        return targets == {_V1} and all(binding.kind is BindingKind.IMPORT for binding in bindings)

    def _needs_keras(self, home: str) -> bool:
        is_legacy = any(home == head or home.startswith(head + ".") for head in NEEDS_LEGACY_KERAS)
        return is_legacy and not self._missing.lookup.legacy_keras

    def moved_imports(self) -> Iterator[Draft]:
        """Yield the import statements of which names have homes."""
        by_statement: dict[cst.CSTNode, list[MissingImport]] = {}
        for each in self._missing.imports:
            if self._moves(each):
                by_statement.setdefault(each.statement, []).append(each)
        for statement, found in by_statement.items():
            assert isinstance(statement, cst.ImportFrom)
            homes = {each.alias: each.home for each in found if each.alias is not None and each.home is not None}
            yield Draft(
                node=statement,
                symbol=found[0].name,
                outcome=Outcome.NATIVE,
                reason=_SAME.format(", ".join(homes.values()), self._target),
                edits=tuple(_moved(self._module, statement, homes)),
            )

    def _moves(self, each: MissingImport) -> bool:
        if each.home is None or each.alias is None or not isinstance(each.statement, cst.ImportFrom):
            return False
        package = f"{_V1}.{each.home}".rpartition(".")[0]
        return not self._needs_keras(each.home) and self._missing.lookup.is_there(package)

    def unused_imports(self) -> Iterator[Draft]:
        """Yield the removal of imports that nothing uses: TensorFlow 2 stops at them."""
        for each in self._missing.imports:
            if self._moves(each) or each.alias is None or not self._is_unused(each):
                continue
            line = self._module.parent(each.statement)
            names = each.statement.names
            if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
                continue
            if isinstance(names, cst.ImportStar) or len(names) != 1 or "noqa" in _line(self._module, line):
                continue
            yield Draft(
                node=each.statement,
                symbol=each.name,
                outcome=Outcome.NATIVE,
                reason=f"nothing uses this import, and TensorFlow {self._target} has no {each.name}",
                edits=(remove_statement(self._module, each.statement),),
            )

    def _is_unused(self, each: MissingImport) -> bool:
        taken = self._module.program.taken_names
        if self._module.path.endswith("__init__.py") or "*" in taken or each.imported.bound in taken:
            return False
        names = self._module.names.get(each.imported.bound, ())
        return all(any(parent is each.statement for parent in self._module.ancestors(name)) for name in names)

    def reports(self, moved: Iterable[Draft]) -> Iterator[Draft]:
        """Yield what a person must see to."""
        rewritten = [(edit.start, edit.end) for each in moved for edit in each.edits]
        for each in self._missing.imports:
            is_dropped = each.alias is not None and (self._is_unused(each) or self._is_freed(each, rewritten))
            if not self._moves(each) and not is_dropped:
                self._tell(each.statement, each.name, f"tf.compat.v1.{each.home}" if each.home else None, each.name)
        said = {(site.anchor, site.rule) for site in self._sites if site.outcome is Outcome.MANUAL}
        anchors = {anchor for anchor, rule in said if rule.startswith("SM11")}
        for answer, found in self._told.items():
            left = [(node, name) for node, name in found if self._module.start(node) not in anchors]
            if left:
                yield _reported(self._module, answer, left)

    def _is_freed(self, each: MissingImport, rewritten: Sequence[tuple[int, int]]) -> bool:
        """Whether edits replace every use of what an import brings, so that the import is dropped."""
        names = [
            name
            for name in self._module.names.get(each.imported.bound, ())
            if not any(parent is each.statement for parent in self._module.ancestors(name))
        ]
        freed = frozenset[str]().union(*(site.freed for site in self._sites))
        taken = self._module.program.taken_names
        if each.imported.bound in taken or "*" in taken or self._module.path.endswith("__init__.py"):
            return False
        mine = [any(start <= self._module.start(name) < end for start, end in rewritten) for name in names]
        others = [self._missing.after.replaces(name) for name in names]
        is_freed = each.imported.bound in freed or any(mine)
        return is_freed and all(one or other for one, other in zip(mine, others, strict=True))

    def _tell(self, node: cst.CSTNode, name: str, answer: str | None = None, spoken: str | None = None) -> None:
        answer = answer or stand_in(canonical(name)) or stand_in(name) or ""
        self._told.setdefault(answer, []).append((node, spoken or _spoken(name)))


def _line(module: Module, node: cst.CSTNode) -> str:
    return module.text[module.start(node) : module.line_end(module.end(node) - 1)]


def _spoken(name: str) -> str:
    """Return a name as people write it."""
    if name.startswith(("tensorflow.python", "tensorflow.core", "tensorflow.tools")):
        return name
    plain = name.replace(f"{_V1}.", "tensorflow.", 1)
    return f"tf.{plain.partition('.')[2]}" if plain.startswith("tensorflow.") else plain


def _renamed(module: Module, node: cst.Attribute | cst.Name, code: str) -> Iterator[Edit]:
    parent = module.parent(node)
    if isinstance(parent, cst.Call) and parent.func is node:
        yield from rename_function(module, parent, code)
    else:
        yield Edit(module.start(node), module.end(node), code)


def _moved(module: Module, node: cst.ImportFrom, homes: dict[cst.ImportAlias, str]) -> Iterator[Edit]:
    """Yield the edits by which names of an import come from their homes, each from the package that has it."""
    if isinstance(node.names, cst.ImportStar) or node.module is None:
        return
    packages: dict[str, list[str]] = {}
    for alias, home in homes.items():
        package, _, last = f"{_V1}.{home}".rpartition(".")
        name = dotted(alias.name) or ""
        bound = alias.evaluated_alias or name
        packages.setdefault(package, []).append(last if bound == last else f"{last} as {bound}")
    line = module.parent(node)
    is_alone = isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1
    apart = newline_of(module) + indent_at(module, node) if is_alone else "; "
    code = apart.join(f"from {package} import {', '.join(names)}" for package, names in packages.items())
    start = module.start(node)
    if len(homes) < len(node.names):
        yield Edit(start, module.end(node.module), f"{code}{apart}from {dotted(node.module)}")
        yield from removed_aliases(module, node, list(homes))
    elif len(packages) == 1 and all(home.rpartition(".")[2] == dotted(alias.name) for alias, home in homes.items()):
        yield Edit(module.start(node.module), module.end(node.module), next(iter(packages)))
    else:
        yield Edit(start, module.end(node), code)


def _reported(module: Module, answer: str, found: Sequence[tuple[cst.CSTNode, str]]) -> Draft:
    names = list(dict.fromkeys(name for _, name in found))
    listed = ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
    told = answer or "no other name for it is known: write what the program gets from it"
    first = min((node for node, _ in found), key=module.start)
    return Draft(
        node=first,
        symbol=next(name for node, name in found if node is first),
        outcome=Outcome.MANUAL,
        reason=f"TensorFlow {module.program.target} has no {listed}: {told}",
        guidance=Guidance.REVIEW,
    )


def _installs(module: Module) -> Iterator[Draft]:
    """Yield a report for each place of a notebook where lines bring TensorFlow 1, or a Keras of its time."""
    if module.unmasked == module.text:
        return
    found: dict[cst.CSTNode, list[str]] = {}
    statements = [node for node in module.nodes if isinstance(node, cst.SimpleStatementLine)]
    starts = [module.start(node) for node in statements]
    offset = 0
    for line in module.unmasked.split("\n"):
        masked = module.text[offset : offset + len(line)]
        if statements and masked != line:
            near = statements[min(bisect.bisect_left(starts, offset), len(statements) - 1)]
            is_shell = masked.startswith("#")  # a cell of another language
            for each in pinned(f"!{line}" if is_shell else line, module.program.target):
                found.setdefault(near, []).append(f"`{each.code}`: {each.reason}")
        offset += len(line) + 1
    for node, reasons in found.items():
        yield Draft(node, "tensorflow", Outcome.MANUAL, "; ".join(reasons), guidance=Guidance.REVIEW)

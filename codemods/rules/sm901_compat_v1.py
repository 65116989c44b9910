"""TF1 symbols of a migrated program: through `tensorflow.compat.v1`, in graph mode with v2 behaviour off.

A program whose exports go through the shim keeps its graphs and sessions: `import tensorflow as tf` becomes
`import tensorflow.compat.v1 as tf`, v2 behaviour is switched off where the program starts, and Keras is legacy Keras.
In a program with native exports only, single v1 names are spelled `tf.compat.v1.<name>`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from codemods.compat.dimensions import dimension_edits
from codemods.compat.generations import is_undecided, open_uses
from codemods.compat.legacy_keras import LEGACY_KERAS_TRACE, needs_keras2, needs_legacy_keras, opt_in_edits
from codemods.compat.new_v1_names import import_switches
from codemods.compat.parse_example import vector_examples
from codemods.compat.uses_left import uses_left
from codemods.compat.v1_imports import V1, public_imports, switched_imports
from codemods.compat.v1_names import moved_names, switched_names
from codemods.compat.v1_spelling import spelled_out
from codemods.compat.v1_usage import differs_in_v2, is_v1_only
from codemods.compat.v2_behavior import disable_edit, starts_graph_mode
from codemods.edit.edits import Edit, Import
from codemods.engine.runnable import RunnableRule
from codemods.rule import Draft, Example
from codemods.site import Guidance, Outcome, Site
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.nodes import bound_name
from codemods.source.symbols import is_tensorflow
from codemods.source.tensorflow_uses import Use
from codemods.source.version_checks import refusals_of_tf2

_LEGACY_KERAS = "Keras is legacy Keras (tf-keras), unless TF_USE_LEGACY_KERAS says otherwise"
_UNDECIDED = (
    "{code} means one thing in TensorFlow 1 and another in TensorFlow 2, and nothing tells which of them this code is "
    "written for; it has the meaning of 2 now: where that of 1 is meant, write tf.compat.v1.{name}"
)


class CompatV1(RunnableRule):
    """TF1 symbols in a touched file."""

    id = "SM901"
    name = "compat-v1"
    summary = "TF1 symbols of a migrated program come from tensorflow.compat.v1"
    why = "TensorFlow 2 keeps the v1 API under tensorflow.compat.v1, and runs its graphs with v2 behaviour off."
    link = "https://www.tensorflow.org/guide/migrate/upgrade"
    guidance = Guidance.GLANCE
    traces = (LEGACY_KERAS_TRACE,)
    follows_last = True
    is_foundation = True
    examples = (
        Example(
            before="import tensorflow as tf\n\nx = tf.placeholder(tf.float32)\nsess = tf.Session()\n",
            after="import tensorflow.compat.v1 as tf\n\ntf.disable_v2_behavior()\n\n"
            "x = tf.placeholder(tf.float32)\nsess = tf.Session()\n",
        ),
    )
    limits = (
        "Names under tf.contrib and tf.estimator have no place in compat.v1: SM902 and SM111 deal with those.",
        "A program is one of TensorFlow 1 where it uses names that only 1.15 has, else one of 2 where it uses names "
        "that only TensorFlow 2 has. What is spelled tf.compat.v1, which tf_upgrade_v2 leaves, says nothing.",
        "A program of TensorFlow 2, one with eager execution off included, keeps its names, its mode and its Keras; "
        "one that runs Keras in graphs, which is Keras 2, asks for legacy Keras.",
        "A file that also uses names of TensorFlow 2 keeps its import; its v1 names are spelled out.",
        "Where no name and no argument tells the TensorFlow, imports stay, and names of which the two mean different "
        "things (tf.image.resize, tf.keras.layers.GRU) are reported.",
    )

    def follow(self, module: Module, sites: Sequence[Site]) -> Iterator[Draft]:
        """Yield one site for the file, where it is migrated and something in it needs this."""
        if not (module.program.migrates or any(site.changes for site in sites)):
            return
        uses = list(uses_left(module, sites))
        if module.program.runs_on_tensorflow2:
            yield from _keras_of_tensorflow2(module, uses)
            return
        is_rewritten = any(site.changes for site in sites)
        is_v1 = import_switches(module, sites, is_rewritten=is_rewritten)
        names = list(_without(sites, self._edits(module, uses, is_v1)))
        homes = list(_without(sites, public_imports(module)))
        named = _of_names(module, is_v1, sites, names, homes) if names or homes else None
        edits = [*names, *homes]
        if module.program.mode is Mode.GRAPH:
            edits.extend(_without(sites, vector_examples(module, uses)))
        others = [edit for site in sites for edit in site.edits]
        disable = disable_edit(module, uses, others) if starts_graph_mode(module, uses) else None
        legacy = needs_legacy_keras(module, uses)
        if legacy:
            edits.extend(opt_in_edits(module))
        imports: tuple[Import, ...] = ()
        if disable is not None:
            edits.append(disable)
        if module.program.mode is Mode.EAGER:
            dimensions, imports = dimension_edits(module)
            edits.extend(_without(sites, iter(dimensions)))
        yield from _refusals(module)
        yield from _undecided(module, uses)
        if not edits:
            return
        anchor = _anchor(module, edits)
        yield Draft(
            node=anchor,
            symbol="tensorflow",
            outcome=Outcome.NATIVE,
            reason=_reason(named, legacy, disable is not None),
            edits=tuple(_unique(edits)),
            imports=imports,
            packages=frozenset({"tf-keras"}) if legacy else frozenset(),
        )

    def _edits(self, module: Module, uses: list[Use], is_v1: bool) -> Iterator[Edit]:
        if is_v1:
            yield from switched_imports(module)
            yield from switched_names(module)
            yield from spelled_out(module, [use for use in uses if _is_through_module(module, use)])
        else:
            yield from spelled_out(module, uses)
            yield from moved_names(module, has_v1=any(is_v1_only(module, use) for use in uses))


def _refusals(module: Module) -> Iterator[Draft]:
    target = module.program.target
    for node in refusals_of_tf2(module):
        reason = f"this check ends the program on TensorFlow {target}: take it away once the rest is tried there"
        yield Draft(node=node, symbol="tensorflow.__version__", outcome=Outcome.MANUAL, reason=reason)


def _undecided(module: Module, uses: Sequence[Use]) -> Iterator[Draft]:
    """Yield a draft for each name that means one thing in TensorFlow 1 and another in 2, where nothing tells which."""
    if not is_undecided(module):
        return
    seen: set[str] = set()
    for use, name in open_uses(module, uses):
        if name not in seen:
            seen.add(name)
            reason = _UNDECIDED.format(code=module.code(use.node), name=name)
            yield Draft(node=use.node, symbol=f"tensorflow.{name}", outcome=Outcome.MANUAL, reason=reason)


def _keras_of_tensorflow2(module: Module, uses: Sequence[Use]) -> Iterator[Draft]:
    """Yield the one thing that a program of TensorFlow 2 may need: legacy Keras, where it runs graphs with Keras 2."""
    if not needs_keras2(module, uses) or not (edits := tuple(opt_in_edits(module))):
        return
    yield Draft(
        node=_anchor(module, list(edits)),
        symbol="tensorflow",
        outcome=Outcome.NATIVE,
        reason=_LEGACY_KERAS,
        edits=edits,
        packages=frozenset({"tf-keras"}),
    )


def _is_through_module(module: Module, use: Use) -> bool:
    """Whether TensorFlow is reached as an attribute of a module of the repository, whose import may stay."""
    root: cst.BaseExpression = use.node
    while isinstance(root, cst.Attribute):
        root = root.value
    return not is_tensorflow(module.resolve(root))


def _without(sites: Sequence[Site], edits: Iterator[Edit]) -> Iterator[Edit]:
    """Leave out what lies in code that a site rewrites."""
    spans = [(edit.start, edit.end) for site in sites for edit in site.edits if edit.end > edit.start]
    for edit in edits:
        if not any(begin < max(edit.end, edit.start + 1) and edit.start < end for begin, end in spans):
            yield edit


def _unique(edits: list[Edit]) -> list[Edit]:
    return sorted(dict.fromkeys(edits), key=lambda edit: (edit.start, edit.end))


def _anchor(module: Module, edits: list[Edit]) -> cst.CSTNode:
    """Return the statement of the first edit that changes something there, else the module's first statement."""
    first = min((edit for edit in edits), key=lambda edit: (edit.start == edit.end, edit.start))
    best: cst.CSTNode = module.tree.body[0]
    for node in module.nodes:
        if isinstance(node, cst.BaseSmallStatement) and module.start(node) <= first.start <= module.end(node):
            best = node
    return best


def _of_names(module: Module, is_v1: bool, sites: Sequence[Site], names: Sequence[Edit], homes: Sequence[Edit]) -> str:
    """Return what the edits of names and imports do, in words; an import that switches need not bring names of v1."""
    brings_v1 = any(V1 in edit.text and _is_needed(module, edit, sites) for edit in homes)
    brings_v1 = brings_v1 or any(site.wants_v1 for site in sites if site.changes)
    uses = uses_left(module, sites)
    if brings_v1 or (names and not is_v1) or any(is_v1_only(module, u) or differs_in_v2(module, u) for u in uses):
        return "TF1 names come from tensorflow.compat.v1"
    return "its TensorFlow is compat.v1, as in the whole program" if names else "private modules have public homes"


def _is_needed(module: Module, edit: Edit, sites: Sequence[Site]) -> bool:
    """Whether the sites leave a use of what the import statement at an edit brings; otherwise it is dropped."""
    replaced = [(each.start, each.end) for site in sites for each in site.edits]
    for node in module.nodes:
        if not isinstance(node, (cst.Import, cst.ImportFrom)) or isinstance(node.names, cst.ImportStar):
            continue
        start, end = module.start(node), module.end(node)
        if start <= edit.start < end:
            bound = [bound_name(alias) for alias in node.names]
            uses = [module.start(name) for each in bound for name in module.names.get(each, ())]
            spans = [(start, end), *replaced]
            return any(not any(first <= use < last for first, last in spans) for use in uses)
    return True


def _reason(named: str | None, legacy: bool, disables: bool) -> str:
    parts = [named] if named is not None else []
    if disables:
        parts.append("v2 behaviour is off: the program runs in graph mode")
    if legacy:
        parts.append(_LEGACY_KERAS)
    return "; ".join(parts) or "sizes of shapes are read by dimension_value, which numbers and Dimensions both suit"

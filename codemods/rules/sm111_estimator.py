"""Estimators that export become those of `migrate.shim.estimator`, which need no `tf.estimator`.

TensorFlow removed `tf.estimator` in 2.16. The shim has its names for what an export needs: Estimators (custom, canned
and TPU), specs, export outputs and serving receivers. A rewritten program exports native TF2 SavedModels from the
checkpoints that it has. For a TensorFlow that still has `tf.estimator` (`--tensorflow 2.15`) the Estimators stay, so
that they can be trained, and `export_estimator` exports them natively.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import libcst as cst

from codemods.contrib.learn import old_receivers
from codemods.edit.edits import Edit, Import
from codemods.engine.runnable import RunnableRule
from codemods.estimators.export_calls import export_edits, export_obstacle, export_reason
from codemods.estimators.keras_classes import BASE as KERAS_BASE
from codemods.estimators.keras_classes import BASE_TRACE, keras_classes, without_class
from codemods.estimators.keras_estimators import keras_estimators, removed_receivers
from codemods.estimators.origins import EstimatorOrigin, changed_inside
from codemods.estimators.shim_symbols import EXPORT_TRACE, SHIM_TRACE, ShimSymbols
from codemods.estimators.uses import (
    EstimatorExport,
    HandedOnExport,
    Reference,
    exports,
    handed_on_exports,
    references,
    training_before,
    trainings,
)
from codemods.names.estimator import CONSTRUCTORS, EXPORTERS, RECEIVER_NAMES, SPECS, is_for_training
from codemods.rule import Draft, Example
from codemods.site import Guidance, Outcome
from codemods.source.module import Module

_SHIM = Import("migrate.shim", "estimator", "tf_estimator")
_ONLY_TRAINS = "nothing in this program exports the model: code that only trains stays as it is (TensorFlow <= 2.15)"
_EXPORTED_BY_TRAINING = (
    "an exporter of train_and_evaluate exports this model, and training needs TensorFlow <= 2.15: the code stays; to "
    "export its checkpoints on a later one, use the same names of migrate.shim.estimator"
)
_KEPT = "the TensorFlow it is to run on has tf.estimator: the model stays, and export_estimator exports it"
_GONE = (
    "tf.estimator.{} left TensorFlow after 2.15 and has no counterpart in migrate.shim.estimator: write what the model "
    "gets from it into the model_fn"
)
_NO_EXPORT_FOUND = (
    "no export with this receiver was found in this program; where another program exports with it, use the same "
    "name of migrate.shim.estimator in both"
)
_HANDED_ON = (
    "`{}` is handed on, not called: see to it that it is of an Estimator of migrate.shim.estimator, which has the same "
    "method, or call export_estimator of migrate.shim.estimator where it is called"
)
_HANDED_ON_IN_SHIM = (
    "handed on as it is: the Estimator becomes one of migrate.shim.estimator, which has the same method"
)


class Estimator(RunnableRule):
    """Exports of Estimators."""

    id = "SM111"
    name = "estimator"
    summary = "Estimator exports, model_fn specs and serving receivers use migrate.shim.estimator"
    why = "TensorFlow 2.16 and later have no tf.estimator, and the old package does not import there."
    link = "https://www.tensorflow.org/guide/migrate/migrating_estimator"
    guidance = Guidance.REVIEW
    keeps_estimators = True
    tokens = (
        b"export_savedmodel",
        b"export_saved_model",
        b"EstimatorSpec",
        b"ServingInputReceiver",
        b"serving_input_receiver_fn",
        b"InputFnOps",
    )
    traces = (EXPORT_TRACE, SHIM_TRACE, BASE_TRACE)
    examples = (
        Example(
            before="import tensorflow as tf\n\n\ndef export(model_fn, model_dir, receiver_fn):\n"
            "    classifier = tf.estimator.Estimator(model_fn=model_fn, model_dir=model_dir)\n"
            '    classifier.export_savedmodel("export", receiver_fn, strip_default_attrs=True)\n',
            after="from migrate.shim import estimator as tf_estimator\n\n\n"
            "def export(model_fn, model_dir, receiver_fn):\n"
            "    classifier = tf_estimator.Estimator(model_fn=model_fn, model_dir=model_dir)\n"
            '    classifier.export_saved_model("export", receiver_fn)\n',
        ),
    )
    limits = (
        "Estimators that the shim lacks are reported: `tf1to2 rewrap` converts their exports, but for BoostedTrees.",
        "tf.contrib.learn Estimators are reported: they have another signature of export_savedmodel.",
        "experimental_mode other than PREDICT has no counterpart in a TF2 SavedModel.",
    )

    def plan(self, module: Module) -> Iterator[Draft]:
        """Yield a draft for every export, spec and receiver; constructors where the file exports nothing itself."""
        gone = removed_receivers(module)
        uses = [use for use in references(module) if not gone & set(module.ancestors(use.node))]
        stays = module.program.target.has_estimators  # else what model_to_estimator made is SM112's
        found = [each for each in exports(module, uses) if stays or each.origin is not EstimatorOrigin.KERAS]
        keras = None if stays else keras_estimators(module)
        handed_on = tuple(handed_on_exports(module, uses))
        file = _File(module, tuple(uses), tuple(found), keras.obstacle() if keras is not None else None, handed_on)
        drafts = [*file.export_drafts(), *file.part_drafts(), *file.keras_drafts(), *old_receivers(module)]
        yield from file.as_one_unit(drafts)
        yield from file.handed_on_drafts()


@dataclass(frozen=True)
class _File:
    """A module with its Estimator symbols and exports, and why its Keras Estimators, if any, stay what they are."""

    module: Module
    uses: tuple[Reference, ...]
    exports: tuple[EstimatorExport, ...]
    keras_obstacle: str | None
    handed_on: tuple[HandedOnExport, ...]

    @property
    def symbols(self) -> ShimSymbols:
        """What becomes of the Estimator symbols where they move to the shim."""
        return ShimSymbols(self.module, self.uses, self.exports)

    @cached_property
    def subclass(self) -> str | None:
        """A class of this file that changes an Estimator's inside, in words; the shim has another inside."""
        for node in self.module.nodes:
            method = changed_inside(self.module, node) if type(node) is cst.ClassDef else None
            if method is not None and type(node) is cst.ClassDef:
                return (
                    f"{node.name.value} extends an Estimator and overrides its {method}, which the Estimators of "
                    "migrate.shim.estimator do not have: export with export_estimator on TensorFlow <= 2.15, or "
                    "convert what it exported with `tf1to2 rewrap`"
                )
        return None

    @property
    def converts(self) -> bool:
        """Whether this file's Estimator symbols move to the shim: it exports, or belongs to a program that does."""
        if self.subclass is not None or self.module.program.target.has_estimators or self.only_keras:
            return False
        if self.module.program.migrates:
            return any(use.in_shim for use in self.uses) or bool(self.exports)
        if any(each.origin is EstimatorOrigin.SHIMMED for each in self.handed_on):
            return True
        return any(export_obstacle(self.module, each) is None for each in self.exports)

    @property
    def only_keras(self) -> bool:
        """Whether Keras models that must wait for a person are all that this file makes Estimators of."""
        is_made_here = bool(self.exports) or any(use.name in CONSTRUCTORS for use in self.uses)
        return self.keras_obstacle is not None and not is_made_here

    def export_drafts(self) -> Iterator[Draft]:
        training = trainings(self.module) if self.exports else []
        for each in self.exports:
            obstacle = self.subclass or export_obstacle(self.module, each)
            if obstacle is not None:
                yield _manual(each.call, f"tensorflow.estimator.Estimator.{each.method.value}", obstacle)
                continue
            before = training_before(self.module, each.call, training)
            yield Draft(
                node=each.call,
                symbol=f"tensorflow.estimator.Estimator.{each.method.value}",
                outcome=Outcome.SHIM,
                reason=export_reason(self.module, each, before),
                edits=(*export_edits(self.module, each, self.symbols.shim.bound_name), *self._constructor_edits()),
                imports=(self.symbols.shim,),
                packages=frozenset({"tf1to2"}),
                claims=tuple(self._constructors()) if each is self.exports[0] else (),
            )

    def _constructors(self) -> Iterator[cst.Call]:
        return (use.call for use in self.uses if use.name in CONSTRUCTORS and use.call is not None)

    def _constructor_edits(self) -> Iterator[Edit]:
        for use in self.uses if self.converts else ():
            if use.name in CONSTRUCTORS and not self.symbols.is_rebound(use):
                yield self.symbols.renamed(use)

    def handed_on_drafts(self) -> Iterator[Draft]:
        """Yield a draft for every export method that is taken as a value: the shim's Estimators have the same."""
        for each in self.handed_on:
            symbol, code = f"tensorflow.estimator.Estimator.{each.method}", self.module.code(each.node)
            if self.converts and each.origin is EstimatorOrigin.SHIMMED:
                yield Draft(each.node, symbol, Outcome.SHIM, _HANDED_ON_IN_SHIM)
            else:
                yield _manual(each.node, symbol, _HANDED_ON.format(code))

    def part_drafts(self) -> Iterator[Draft]:
        """Yield specs and receivers, and constructors where no export claims them."""
        for use in self.uses:
            if use.call is None:
                continue
            symbol = f"tensorflow.estimator.{use.name}"
            if use.name in SPECS or use.name in RECEIVER_NAMES:
                if self.converts:
                    yield self._part(use, use.call, symbol)
                elif self.module.program.target.has_estimators:
                    yield Draft(use.call, symbol, Outcome.SKIP, _KEPT)
                elif self.only_keras:
                    yield _manual(
                        use.call, symbol, f"the export of this Keras model stays as it is: {self.keras_obstacle}"
                    )
                elif self.exports or self.subclass:
                    obstacle = self.subclass or export_obstacle(self.module, self.exports[0])
                    reason = f"the export of this model stays as it is: {obstacle}"
                    yield _manual(use.call, symbol, reason)
                elif any(each.name in EXPORTERS and each.call is not None for each in self.uses):
                    yield _manual(use.call, symbol, _EXPORTED_BY_TRAINING)
                elif use.name in SPECS:
                    yield Draft(use.call, symbol, Outcome.SKIP, _ONLY_TRAINS)
                else:
                    yield _manual(use.call, symbol, _NO_EXPORT_FOUND)
            elif use.name in CONSTRUCTORS and not self.exports and self.converts:
                yield self._part(use, use.call, symbol)
            elif self.converts and not use.in_shim and not is_for_training(use.name):
                yield _manual(use.call, symbol, _GONE.format(use.name))

    def keras_drafts(self) -> Iterator[Draft]:
        """Yield a Keras class for every model_fn, where `--keras` asks for it."""
        for each in keras_classes(self.module, self.uses) if self.module.program.keras and self.converts else ():
            yield Draft(
                node=each.function,
                symbol="tensorflow.estimator.Estimator",
                outcome=Outcome.SHIM,
                reason=f"--keras: {each.name} runs the same model_fn, loads a TF1 checkpoint, trains on and exports",
                edits=(each.edit,),
                imports=(KERAS_BASE,),
                packages=frozenset({"tf1to2", "tf-keras"}),
            )

        for function in without_class(self.module, self.uses) if self.module.program.keras and self.converts else ():
            name = function.name.value
            reason = (
                f"--keras: {name} is no plain function of the module: write a class of migrate.shim.estimator."
                f"keras_model.ModelFnModel whose model_fn is staticmethod(<the {name} that the Estimator gets>)"
            )
            yield _manual(function, "tensorflow.estimator.Estimator", reason)

    def _part(self, use: Reference, call: cst.Call, symbol: str) -> Draft:
        return Draft(
            node=call,
            symbol=symbol,
            outcome=Outcome.SHIM,
            reason="the same class or function of migrate.shim.estimator, which needs no tf.estimator",
            edits=(self.symbols.renamed(use),),
            imports=(self.symbols.shim,),
            packages=frozenset({"tf1to2"}),
            guidance=Guidance.GLANCE,
        )

    def as_one_unit(self, drafts: list[Draft]) -> Iterator[Draft]:
        """The first shim draft carries every other change of the file, and the others need it."""
        shims = [draft for draft in drafts if draft.outcome is Outcome.SHIM]
        carriers = [draft for draft in shims if isinstance(draft.node, cst.Call)]
        if not carriers:
            if self.converts and self.uses and self.module.program.migrates:
                yield from self._leftover()
            yield from drafts
            return
        first = min(carriers, key=lambda draft: self.module.start(draft.node))
        edits = {edit for each in shims for edit in each.edits}
        needed = {name for each in shims for name in each.imports}
        if self.converts:
            edits.update(self.symbols.shared_edits())
        for draft in drafts:
            if draft is first:
                yield replace(
                    draft,
                    edits=tuple(sorted({*edits, *self.symbols.aligned(edits)})),
                    imports=tuple(sorted({*needed, *(self.symbols.imports() if self.converts else ())})),
                    freed=self.symbols.freed() if self.converts else frozenset(),
                    wants_v1=self.converts and self.symbols.wants_v1,
                )
            elif draft.outcome is Outcome.SHIM:
                yield replace(draft, needs=(*draft.needs, first.node))
            else:
                yield draft

    def _leftover(self) -> Iterator[Draft]:
        """A file of a migrated program that only names modes, outputs or configurations."""
        use = next((use for use in self.uses if use.in_shim and use.name), None)
        renamed = set(self.symbols.shared_edits())
        edits = tuple(sorted({*renamed, *self.symbols.aligned(renamed)}))
        if use is not None and edits:
            yield Draft(
                node=use.call or use.node,
                symbol=f"tensorflow.estimator.{use.name}",
                outcome=Outcome.SHIM,
                reason="the program's Estimators are those of migrate.shim.estimator",
                edits=edits,
                imports=(self.symbols.shim, *self.symbols.imports()),
                freed=self.symbols.freed(),
                wants_v1=self.symbols.wants_v1,
                packages=frozenset({"tf1to2"}),
                guidance=Guidance.GLANCE,
            )


def _manual(node: cst.CSTNode, symbol: str, reason: str) -> Draft:
    return Draft(node, symbol, Outcome.MANUAL, reason)

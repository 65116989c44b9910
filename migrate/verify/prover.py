"""Proves a new model against the old one: loads both every way, runs every signature, compares.

Every side is loaded fresh and gets the same requests in the same order, so that models that change on every call agree.
"""

from __future__ import annotations

import functools
import gc
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tensorflow as tf

from migrate.errors import Tf1to2Error
from migrate.files.disk import full_disk
from migrate.files.scratch import temporary_folder
from migrate.legacy.loadable import loadable
from migrate.legacy.saved_model import read_saved_model
from migrate.legacy.tags import listed, no_such_tags, several_tags
from migrate.preflight.ops import load_op_libraries
from migrate.preflight.problems import refuse_unsafe
from migrate.verify.contract import compare_assets, compare_signatures, path_left_behind
from migrate.verify.error_text import first_line
from migrate.verify.judge import Judge
from migrate.verify.moved_copy import moved_copy
from migrate.verify.native_model import NativeModel
from migrate.verify.original import parts_apart
from migrate.verify.proof import Loading, Proof, ProofOptions
from migrate.verify.reference import run_reference
from migrate.verify.session_model import SessionModel
from migrate.verify.signature_tensors import client_signatures
from migrate.verify.structure import compare_structure


def prove_here(old: Path, new: Path, options: ProofOptions) -> Proof:
    """Compare two models in this process, which must run TensorFlow eagerly.

    Raises:
        Tf1to2Error: the old model cannot serve as the reference: it is unreadable, does not load, has several
            MetaGraphDefs and no tags were given; or this process has eager execution off.
        RefusedModelError: one of the two would do something outside of the process that `options` does not allow.
    """
    if not tf.executing_eagerly():
        raise Tf1to2Error("verification needs eager execution, which is off here; run it in a fresh process.")
    started = time.perf_counter()
    load_op_libraries(options.model.op_libraries)
    with loadable(old, options.model.asked) as place:
        tags, old_graph, new_graph, failures = _matching_meta_graphs(old, place, new, options.model.tags)
        for model, meta_graph in ((old, old_graph), (new, new_graph)):
            if meta_graph is not None:
                refuse_unsafe(meta_graph, model, options.model.allowed)
        proof = Proof(str(old), str(new), tuple(sorted(tags)), failures=failures)
        if new_graph is not None:
            proof = _Prover(place, new, tags, options).prove(proof, old_graph, new_graph)
    return replace(proof, seconds=time.perf_counter() - started)


def _matching_meta_graphs(
    old: Path, place: Path, new: Path, old_tags: frozenset[str] | None
) -> tuple[frozenset[str], Any, Any | None, tuple[str, ...]]:
    """Find the MetaGraphDef of `old`, loadable at `place`, to compare and the one of `new` with the same tags."""
    by_tags = _meta_graphs(place)
    new_by_tags = _meta_graphs(new)
    if old_tags is None:
        common = [tags for tags in by_tags if tags in new_by_tags]
        candidates = list(by_tags) if len(by_tags) == 1 else common
        if len(candidates) != 1:
            raise several_tags(old, by_tags)
        old_tags = candidates[0]
    if old_tags not in by_tags:
        raise no_such_tags(old, old_tags, by_tags)
    if old_tags not in new_by_tags:
        reason = f"the tags are {listed(new_by_tags)} in place of {listed([old_tags])}"
        return old_tags, by_tags[old_tags], None, (reason,)
    return old_tags, by_tags[old_tags], new_by_tags[old_tags], ()


def _meta_graphs(model: Path) -> dict[frozenset[str], Any]:
    return {frozenset(graph.meta_info_def.tags): graph for graph in read_saved_model(model).meta_graphs}


@dataclass(frozen=True, slots=True)
class _Prover:
    old: Path
    new: Path
    tags: frozenset[str]
    options: ProofOptions

    def prove(self, proof: Proof, old_graph: Any, new_graph: Any) -> Proof:
        reference = run_reference(self.old, self.tags, old_graph, self.options)
        signatures = compare_signatures(old_graph, new_graph, reference.graph)
        assets = compare_assets(self.old, self.new, old_graph, new_graph)
        structure = compare_structure(
            self.old, old_graph, self.new, new_graph, is_only=len(_meta_graphs(self.new)) == 1
        )
        proof = replace(
            proof,
            contract=(*signatures.contract, *assets.contract, *path_left_behind(self.old, self.new)),
            structure=structure.differences,
            notes=(*reference.notes, *signatures.notes, *assets.notes, *structure.notes),
        )
        missing = frozenset(reference.runs.keys() - client_signatures(new_graph).keys())
        apart = functools.partial(parts_apart, self.old, self.tags)
        judge = Judge(reference, self.options, missing, structure, apart)
        with moved_copy(self.new) as copy:
            proof = self._in_session(proof, judge, copy, new_graph)
            return self._natively(proof, judge, copy, new_graph)

    def _in_session(self, proof: Proof, judge: Judge, copy: Path, new_graph: Any) -> Proof:
        try:
            model = SessionModel(copy, self.tags, self.options.seconds_per_request)
        except Exception as error:  # TensorFlow raises errors of many classes here.
            return _added(proof, [], (f"the TF1 loader cannot load the new model: {first_line(error)}",))
        with model:
            proof = replace(proof, structure=(*proof.structure, *judge.session_tables(model)))
            signatures = client_signatures(new_graph)
            return _added(proof, judge.checks(Loading.TF1_SESSION, lambda k, _, r: model.run(signatures[k], r)), ())

    def _natively(self, proof: Proof, judge: Judge, copy: Path, new_graph: Any) -> Proof:
        try:
            model = self._native(copy, self.tags, new_graph)
        except Exception as error:  # as above
            return _added(proof, [], (f"tf.saved_model.load cannot load the new model: {first_line(error)}",))
        weights = judge.weights(model)
        tables = judge.native_tables(model)
        proof = replace(
            proof,
            notes=(*proof.notes, *judge.renamed_inputs(model)),
            structure=(*proof.structure, *tables),
        )
        with tempfile.TemporaryDirectory(prefix="tf1to2-second-") as folder:
            saved = Path(folder) / "saved"
            # Saved before anything runs, so that a counter starts where the original's did.
            unsavable: frozenset[str] = frozenset()
            cause = _cause(functools.partial(model.save, saved, unsavable))
            if cause and model.unsavable_signatures():
                unsavable = model.unsavable_signatures()
                shutil.rmtree(saved, ignore_errors=True)
                cause = _cause(functools.partial(model.save, saved, unsavable))
                proof = replace(proof, notes=(*proof.notes, _unsavable_note(unsavable)))
            proof = _added(replace(proof, weights=weights), judge.checks(Loading.TF2, model.run), ())
            # Two copies of a large model need not be in memory at once; the objects of a loaded model refer in circles.
            del model
            gc.collect()
            return self._second_save(proof, judge, saved, cause, unsavable, new_graph)

    def _native(self, folder: Path, tags: frozenset[str], new_graph: Any) -> NativeModel:
        signatures = client_signatures(new_graph)
        return NativeModel(folder, tags, signatures, seconds_per_request=self.options.seconds_per_request)

    def _second_save(
        self, proof: Proof, judge: Judge, saved: Path, cause: str, unsavable: frozenset[str], new_graph: Any
    ) -> Proof:
        if cause:
            return _added(proof, [], (f"a second save of the loaded model fails: {cause}",))
        with moved_copy(saved) as second:
            try:
                # Plain TensorFlow always saves under the tag `serve`.
                model = self._native(second, frozenset({"serve"}), new_graph)
            except Exception as error:  # as above
                return _added(proof, [], (f"a second save does not load: {first_line(error)}",))
            return _added(proof, judge.checks(Loading.SECOND_SAVE, model.run, unsavable), ())


def _unsavable_note(keys: frozenset[str]) -> str:
    listed = ", ".join(map(repr, sorted(keys)))
    return f"plain TensorFlow refuses to save the input names of {listed} again; the second save was compared without"


def _cause(action: Callable[[], None]) -> str:
    try:
        action()
    except Exception as error:  # as above
        if full_disk(error, temporary_folder()):  # that is no fault of the model
            raise
        return first_line(error)
    return ""


def _added(proof: Proof, checks: Any, failures: tuple[str, ...]) -> Proof:
    return replace(proof, checks=(*proof.checks, *checks), failures=(*proof.failures, *failures))

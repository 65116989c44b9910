"""Proves that a new model gives what the old one gave."""

from __future__ import annotations

from pathlib import Path

from migrate.verify.fresh_process import ProofTask, ProofWorker, prove_in_fresh_process
from migrate.verify.proof import Loading, Outcome, Proof, ProofOptions, SignatureCheck, WeightCheck

__all__ = [
    "Loading",
    "Outcome",
    "Proof",
    "ProofOptions",
    "ProofTask",
    "ProofWorker",
    "SignatureCheck",
    "WeightCheck",
    "prove",
    "prove_in_fresh_process",
]


def prove(old: Path, new: Path, *, options: ProofOptions | None = None) -> Proof:
    """Compare two models in this process; imports TensorFlow, which must run eagerly. May be called many times.

    Args:
        old: a model that the TF1 loader of this TensorFlow can load: the reference.
        new: a SavedModel; a moved copy of it is loaded.
        options: tolerances and inputs, tags and allowed ops.

    Raises:
        Tf1to2Error: the old model cannot serve as the reference.
    """
    from migrate.verify.prover import prove_here

    return prove_here(old, new, options or ProofOptions())
